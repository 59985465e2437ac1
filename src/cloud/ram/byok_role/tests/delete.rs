//! Removing the role.

use super::super::DeleteRoleError;
use super::*;
use crate::error::ErrorKind;

async fn remove(harness: &Harness, policy: Option<&str>, force: bool) -> Result<(), DeleteRoleError> {
    let left = BTreeSet::new();
    harness.run(harness.role().delete(policy, &left, force)).await
}

fn in_the_way() -> Reply {
    refused(409, "DeleteConflict.Role.Policy")
}

fn theirs() -> Reply {
    attached(&[("Custom", "theirs")])
}

#[tokio::test]
async fn what_is_gone_already_is_removed() {
    let absent = || refused(404, "EntityNotExist.Role");
    let harness = Harness::new([absent(), absent(), absent()]);
    remove(&harness, None, false).await.unwrap();
    assert_eq!(harness.sent(), ["ListPoliciesForRole", "GetRole", "DeleteRole"]);
}

/// Policies of others may be attached to a role that a server does not know yet.
#[tokio::test]
async fn a_list_that_does_not_know_a_role_that_is_there_is_read_again() {
    let absent = || refused(404, "EntityNotExist.Role");
    let harness = Harness::new([absent(), role(), theirs()]);
    let error = remove(&harness, Some("pass"), false).await.unwrap_err();
    assert!(matches!(error, DeleteRoleError::ForeignPolicies(_)));
    let harness = Harness::new((0..6).flat_map(|_| [absent(), role()]));
    let DeleteRoleError::Call(error) = remove(&harness, Some("pass"), false).await.unwrap_err() else {
        panic!()
    };
    assert_eq!(error.kind(), ErrorKind::Unexpected);
}

#[tokio::test]
async fn the_policy_goes_before_the_role() {
    let ours = policy(&right_document(), &our_description());
    let harness = Harness::new([both_attached(), ours, held_by(&["alice"]), ok(), ok(), ok(), ok(), ok()]);
    remove(&harness, Some("pass"), false).await.unwrap();
    let sent = [
        "ListPoliciesForRole",
        "GetPolicy",
        "ListEntitiesForPolicy",
        "DetachPolicyFromUser",
        "DeletePolicy",
        "DetachPolicyFromRole",
        "DetachPolicyFromRole",
        "DeleteRole",
    ];
    assert_eq!(harness.sent(), sent);
}

/// A server that does not know the policy may have answered: only deleting it tells.
#[tokio::test]
async fn that_a_policy_is_gone_is_not_taken_from_a_read() {
    let not_known = || refused(404, "EntityNotExist.Policy");
    let held = || refused(409, "DeleteConflict.Policy.User");
    let harness = Harness::new([
        attached(&[]),
        not_known(),
        not_known(),
        held(),
        held_by(&["alice"]),
        ok(),
        ok(),
        ok(),
    ]);
    remove(&harness, Some("pass"), false).await.unwrap();
    assert_eq!(
        harness.sent()[3..7],
        ["DeletePolicy", "ListEntitiesForPolicy", "DetachPolicyFromUser", "DeletePolicy"]
    );
    let harness = Harness::new([attached(&[]), not_known(), not_known(), not_known(), ok()]);
    remove(&harness, Some("pass"), false).await.unwrap();
}

/// Another role has got a policy of the name.
#[tokio::test]
async fn the_policy_of_another_role_stays() {
    let other = pass_role_description(&RoleName::parse("other").unwrap());
    let harness = Harness::new([attached(&[]), policy(&right_document(), &other), ok()]);
    remove(&harness, Some("pass"), false).await.unwrap();
    assert_eq!(harness.sent(), ["ListPoliciesForRole", "GetPolicy", "DeleteRole"]);
}

#[tokio::test]
async fn policies_of_others_are_an_error_before_anything_is_changed() {
    let harness = Harness::new([theirs()]);
    let error = remove(&harness, Some("pass"), false).await.unwrap_err();
    assert!(matches!(error, DeleteRoleError::ForeignPolicies(found) if found == [foreign()]));
    assert_eq!(harness.sent(), ["ListPoliciesForRole"]);
}

#[tokio::test]
async fn who_keeps_attaching_is_named_in_the_end() {
    let round = || [ok(), in_the_way(), theirs()];
    let harness = Harness::new([theirs()].into_iter().chain((0..5).flat_map(|_| round())));
    let error = remove(&harness, None, true).await.unwrap_err();
    assert!(matches!(error, DeleteRoleError::AttachedMeanwhile(found) if found == [foreign()]));
}

#[tokio::test]
async fn what_is_detached_and_not_seen_yet_is_waited_for() {
    let none = || attached(&[]);
    let harness = Harness::new([none(), in_the_way(), none(), in_the_way(), none(), ok()]);
    remove(&harness, None, false).await.unwrap();
    assert_eq!(harness.elapsed(), Duration::from_secs(2));
}

#[tokio::test]
async fn what_others_attach_meanwhile_is_left_without_force() {
    let harness = Harness::new([attached(&[]), in_the_way(), theirs()]);
    let error = remove(&harness, None, false).await.unwrap_err();
    assert!(matches!(error, DeleteRoleError::AttachedMeanwhile(found) if found == [foreign()]));
}

#[tokio::test]
async fn only_a_policy_that_is_ours_is_removed_as_one_that_was_left() {
    let harness = Harness::new([policy(&right_document(), "Mine")]);
    harness.run(harness.role().delete_leftover_policy("pass")).await.unwrap();
    let harness = Harness::new([refused(404, "EntityNotExist.Policy")]);
    harness.run(harness.role().delete_leftover_policy("pass")).await.unwrap();
    let harness = Harness::new([policy("{}", &our_description()), held_by(&[]), ok()]);
    harness.run(harness.role().delete_leftover_policy("pass")).await.unwrap();
    assert_eq!(harness.sent(), ["GetPolicy", "ListEntitiesForPolicy", "DeletePolicy"]);
}
