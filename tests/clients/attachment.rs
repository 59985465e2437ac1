//! Attaching policies to roles, users and groups, and who holds what.

use cloud::error::ErrorKind;
use cloud::ram::{
    AttachedPolicy, BYOK_SYSTEM_POLICIES, PolicyEntities, PolicyId, is_already_attached, is_not_attached,
};

use crate::scene::{each, group, policy, refused, role, user};

fn names(policies: &[AttachedPolicy]) -> Vec<String> {
    let mut names: Vec<String> = policies.iter().map(|policy| policy.id.to_string()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn the_policies_of_byok_are_attached_to_a_role_once() {
    each(async |scene| {
        let (ram, context) = (&scene.ram, &scene.context);
        scene.create_role("demo").await;
        for name in BYOK_SYSTEM_POLICIES {
            ram.attach_policy_to_role(context, &PolicyId::system(policy(name)), &role("demo")).await.unwrap();
        }
        let held = ram.list_policies_for_role(context, &role("demo")).await.unwrap();
        assert_eq!(names(&held), ["System/AliyunKMSCryptoUserAccess", "System/AliyunKMSReadOnlyAccess"]);

        // RAM matches names without regard to letter case and answers its own spelling.
        let spelt = PolicyId::system(policy("aliyunkmsreadonlyaccess"));
        let again = ram.attach_policy_to_role(context, &spelt, &role("DEMO")).await;
        assert!(is_already_attached(again.as_ref().unwrap_err()));
        refused(again, ErrorKind::AlreadyExists, "EntityAlreadyExists.Role.Policy");
        assert!(held.iter().any(|policy| policy.id.is_same(&spelt)));

        for name in BYOK_SYSTEM_POLICIES {
            ram.detach_policy_from_role(context, &PolicyId::system(policy(name)), &role("demo"))
                .await
                .unwrap();
        }
        let again = ram.detach_policy_from_role(context, &spelt, &role("demo")).await;
        assert!(is_not_attached(again.as_ref().unwrap_err()));
        refused(again, ErrorKind::NotFound, "EntityNotExist.Role.Policy");
        assert_eq!(ram.list_policies_for_role(context, &role("demo")).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn users_and_groups_hold_policies_and_a_policy_knows_its_holders() {
    each(async |scene| {
        let (ram, context) = (&scene.ram, &scene.context);
        let arn = scene.create_role("Demo").await.arn;
        let id = scene.create_policy("pass", &arn).await;
        ram.attach_policy_to_role(context, &id, &role("demo")).await.unwrap();
        ram.attach_policy_to_user(context, &id, &user("bob")).await.unwrap();
        ram.attach_policy_to_group(context, &id, &group("readers")).await.unwrap();
        let again = ram.attach_policy_to_user(context, &id, &user("bob")).await.unwrap_err();
        assert!(is_already_attached(&again), "{again}");
        let again = ram.attach_policy_to_group(context, &id, &group("readers")).await.unwrap_err();
        assert!(is_already_attached(&again), "{again}");

        assert_eq!(names(&ram.list_policies_for_user(context, &user("bob")).await.unwrap()), ["Custom/pass"]);
        let of_group = ram.list_policies_for_group(context, &group("readers")).await.unwrap();
        assert_eq!(names(&of_group), ["Custom/pass"]);
        let holders = ram.list_entities_for_policy(context, &id).await.unwrap();
        assert_eq!((holders.users.len(), holders.groups.len(), holders.roles.len()), (1, 1, 1));
        let (held_by, arn_of) = (&holders.roles[0].role_name, &holders.roles[0].arn);
        assert_eq!((held_by.as_str(), arn_of), ("Demo", &arn));
        assert_eq!(holders.users[0].user_name, user("bob"));
        assert_eq!(holders.groups[0].group_name, group("readers"));
        let held = ram.delete_policy(context, &id.policy_name).await;
        refused(held, ErrorKind::Conflict, "DeleteConflict.Policy.User");

        ram.detach_policy_from_role(context, &id, &role("demo")).await.unwrap();
        ram.detach_policy_from_user(context, &id, &user("bob")).await.unwrap();
        ram.detach_policy_from_group(context, &id, &group("readers")).await.unwrap();
        for again in [
            ram.detach_policy_from_user(context, &id, &user("bob")).await,
            ram.detach_policy_from_group(context, &id, &group("readers")).await,
        ] {
            assert!(is_not_attached(&again.unwrap_err()));
        }
        assert_eq!(ram.list_entities_for_policy(context, &id).await.unwrap(), PolicyEntities::default());
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_attached_is_told_from_what_is_not_attached() {
    each(async |scene| {
        let (ram, context) = (&scene.ram, &scene.context);
        scene.create_role("demo").await;
        let gone = PolicyId::custom(policy("gone"));
        let system = PolicyId::system(policy(BYOK_SYSTEM_POLICIES[0]));
        for result in [
            ram.attach_policy_to_role(context, &gone, &role("demo")).await,
            ram.detach_policy_from_role(context, &gone, &role("demo")).await,
        ] {
            assert!(!is_not_attached(result.as_ref().unwrap_err()));
            refused(result, ErrorKind::NotFound, "EntityNotExist.Policy");
        }
        let attach = ram.attach_policy_to_role(context, &system, &role("gone")).await;
        refused(attach, ErrorKind::NotFound, "EntityNotExist.Role");
        let attach = ram.attach_policy_to_user(context, &system, &user("gone")).await;
        refused(attach, ErrorKind::NotFound, "EntityNotExist.User");
        let attach = ram.attach_policy_to_group(context, &system, &group("gone")).await;
        refused(attach, ErrorKind::NotFound, "EntityNotExist.Group");
        refused(
            ram.list_policies_for_role(context, &role("gone")).await,
            ErrorKind::NotFound,
            "EntityNotExist.Role",
        );
        refused(
            ram.list_policies_for_user(context, &user("gone")).await,
            ErrorKind::NotFound,
            "EntityNotExist.User",
        );
        refused(
            ram.list_policies_for_group(context, &group("gone")).await,
            ErrorKind::NotFound,
            "EntityNotExist.Group",
        );
        refused(
            ram.list_entities_for_policy(context, &gone).await,
            ErrorKind::NotFound,
            "EntityNotExist.Policy",
        );
    })
    .await;
}

#[tokio::test]
async fn users_and_their_groups_are_known() {
    each(async |scene| {
        let (ram, context) = (&scene.ram, &scene.context);
        let bob = ram.get_user(context, &user("Bob")).await.unwrap();
        assert_eq!(bob.user_name, user("bob"));
        let groups = ram.list_groups_for_user(context, &bob.user_name).await.unwrap();
        assert_eq!(groups.iter().map(|group| group.group_name.as_str()).collect::<Vec<_>>(), ["readers"]);
        assert_eq!(ram.list_groups_for_user(context, &user("alice")).await.unwrap(), []);
        let gone = user("gone");
        refused(ram.get_user(context, &gone).await, ErrorKind::NotFound, "EntityNotExist.User");
        refused(ram.list_groups_for_user(context, &gone).await, ErrorKind::NotFound, "EntityNotExist.User");
    })
    .await;
}
