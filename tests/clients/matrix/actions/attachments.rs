//! The actions of RAM that attach and detach policies.

use cloud::ram::PolicyId;

use super::super::cases::Service;
use super::super::stage::Clients;
use super::{Action, Kind, Look, Run};
use crate::scene::{group, policy, role, user};

pub fn actions() -> Vec<Action> {
    let write = |name, run: Run, look: Look| Action::new(Service::Ram, name, Kind::Write(look), run);
    vec![
        write(
            "AttachPolicyToRole",
            |on| Box::pin(async { on.ram.attach_policy_to_role(&on.context, &held(), &role("idle")).await }),
            |on| Box::pin(async { holders(on).await == "alice bob readers idle Sls-Byok" }),
        ),
        write(
            "AttachPolicyToUser",
            |on| Box::pin(async { on.ram.attach_policy_to_user(&on.context, &held(), &user("carol")).await }),
            |on| Box::pin(async { holders(on).await == "alice bob carol readers Sls-Byok" }),
        ),
        write(
            "AttachPolicyToGroup",
            |on| {
                Box::pin(async {
                    on.ram.attach_policy_to_group(&on.context, &held(), &group("writers")).await
                })
            },
            |on| Box::pin(async { holders(on).await == "alice bob readers writers Sls-Byok" }),
        ),
        write(
            "DetachPolicyFromRole",
            |on| {
                Box::pin(async {
                    on.ram.detach_policy_from_role(&on.context, &held(), &role("sls-byok")).await
                })
            },
            |on| Box::pin(async { holders(on).await == "alice bob readers" }),
        ),
        write(
            "DetachPolicyFromUser",
            |on| Box::pin(async { on.ram.detach_policy_from_user(&on.context, &held(), &user("bob")).await }),
            |on| Box::pin(async { holders(on).await == "alice readers Sls-Byok" }),
        ),
        write(
            "DetachPolicyFromGroup",
            |on| {
                Box::pin(async {
                    on.ram.detach_policy_from_group(&on.context, &held(), &group("readers")).await
                })
            },
            |on| Box::pin(async { holders(on).await == "alice bob Sls-Byok" }),
        ),
    ]
}

fn held() -> PolicyId {
    PolicyId::custom(policy("held"))
}

/// Everybody who holds the policy.
async fn holders(on: &Clients) -> String {
    let found = on.ram.list_entities_for_policy(&on.context, &held()).await.unwrap();
    let users = found.users.iter().map(|user| user.user_name.as_str());
    let groups = found.groups.iter().map(|group| group.group_name.as_str());
    let roles = found.roles.iter().map(|role| role.role_name.as_str());
    users.chain(groups).chain(roles).collect::<Vec<&str>>().join(" ")
}
