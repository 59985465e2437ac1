//! The actions of RAM that change policies and their versions.

use cloud::error::Error;
use cloud::ram::{PolicyDocument, PolicyId, RoleArn};

use super::super::cases::Service;
use super::super::stage::Clients;
use super::{Action, Kind, Look, Run};
use crate::scene::{new_policy, policy};

pub fn actions() -> Vec<Action> {
    let write = |name, run: Run, look: Look| Action::new(Service::Ram, name, Kind::Write(look), run);
    let of_policy = |name, run: Run, look: Look| {
        write(name, run, look).after(|on| Box::pin(async { create(on).await.unwrap() }))
    };
    vec![
        write(
            "CreatePolicy",
            |on| Box::pin(create(on)),
            |on| Box::pin(async { on.ram.get_policy(&on.context, &made()).await.is_ok() }),
        ),
        of_policy(
            "DeletePolicy",
            |on| Box::pin(async { on.ram.delete_policy(&on.context, &made().policy_name).await }),
            |on| Box::pin(async { on.ram.get_policy(&on.context, &made()).await.is_err() }),
        ),
        of_policy(
            "CreatePolicyVersion",
            |on| Box::pin(add_version(on)),
            |on| {
                Box::pin(async {
                    let found = on.ram.get_policy(&on.context, &made()).await.unwrap();
                    found.default_policy_version.version_id == "v2"
                })
            },
        ),
    ]
}

fn made() -> PolicyId {
    PolicyId::custom(policy("made"))
}

fn arn() -> RoleArn {
    RoleArn::parse("acs:ram::1234567890123456:role/idle").unwrap()
}

async fn create(on: &Clients) -> Result<(), Error> {
    on.ram.create_policy(&on.context, &new_policy("made", &arn())).await.map(drop)
}

async fn add_version(on: &Clients) -> Result<(), Error> {
    let document = PolicyDocument::pass_role(&arn()).to_string();
    on.ram.create_policy_version(&on.context, &made().policy_name, &document).await.map(drop)
}
