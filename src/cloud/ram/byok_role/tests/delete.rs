//! Deleting the role.

use super::super::DeleteRoleError;
use super::*;
use crate::error::ErrorKind;

async fn remove(harness: &Harness, policy: Option<&str>, force: bool) -> Result<(), DeleteRoleError> {
    let left = BTreeSet::new();
    harness.run(harness.role().delete(policy, &left, force)).await
}

fn delete_conflict() -> Reply {
    refused(409, "DeleteConflict.Role.Policy")
}

fn theirs() -> Reply {
    attached(&[("Custom", "theirs")])
}

#[tokio::test]
async fn deleting_an_absent_role_succeeds() {
    let absent = || refused(404, "EntityNotExist.Role");
    let harness = Harness::new([absent(), absent(), absent()]);
    remove(&harness, None, false).await.unwrap();
    assert_eq!(harness.sent(), ["ListPoliciesForRole", "GetRole", "DeleteRole"]);
}

/// A server that does not know the role yet does not show the policies that others have attached to it.
#[tokio::test]
async fn a_list_that_does_not_know_an_existing_role_is_repeated() {
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
async fn the_policy_is_deleted_before_the_role() {
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

/// The read may come from a server that does not know the policy yet. Only `DeletePolicy` shows that it is absent.
#[tokio::test]
async fn a_policy_that_a_read_does_not_find_is_deleted_all_the_same() {
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

/// The policy of this name belongs to another role.
#[tokio::test]
async fn the_policy_of_another_role_is_not_deleted() {
    let other = pass_role_description(&RoleName::parse("other").unwrap());
    let harness = Harness::new([attached(&[]), policy(&right_document(), &other), ok()]);
    remove(&harness, Some("pass"), false).await.unwrap();
    assert_eq!(harness.sent(), ["ListPoliciesForRole", "GetPolicy", "DeleteRole"]);
}

#[tokio::test]
async fn policies_of_others_are_an_error_before_the_first_write() {
    let harness = Harness::new([theirs()]);
    let error = remove(&harness, Some("pass"), false).await.unwrap_err();
    assert!(matches!(error, DeleteRoleError::ForeignPolicies(found) if found == [foreign()]));
    assert_eq!(harness.sent(), ["ListPoliciesForRole"]);
}

#[tokio::test]
async fn the_error_names_a_policy_that_others_attach_again_and_again() {
    let round = || [ok(), delete_conflict(), theirs()];
    let harness = Harness::new([theirs()].into_iter().chain((0..5).flat_map(|_| round())));
    let error = remove(&harness, None, true).await.unwrap_err();
    assert!(matches!(error, DeleteRoleError::AttachedMeanwhile(found) if found == [foreign()]));
}

#[tokio::test]
async fn delete_is_repeated_until_ram_sees_the_detachment() {
    let none = || attached(&[]);
    let harness = Harness::new([none(), delete_conflict(), none(), delete_conflict(), none(), ok()]);
    remove(&harness, None, false).await.unwrap();
    assert_eq!(harness.elapsed(), Duration::from_secs(2));
}

#[tokio::test]
async fn without_force_a_policy_that_others_attach_meanwhile_stays() {
    let harness = Harness::new([attached(&[]), delete_conflict(), theirs()]);
    let error = remove(&harness, None, false).await.unwrap_err();
    assert!(matches!(error, DeleteRoleError::AttachedMeanwhile(found) if found == [foreign()]));
}

#[tokio::test]
async fn a_leftover_policy_is_deleted_only_if_it_is_ours() {
    let harness = Harness::new([policy(&right_document(), "Mine")]);
    harness.run(harness.role().delete_leftover_policy("pass")).await.unwrap();
    let harness = Harness::new([refused(404, "EntityNotExist.Policy")]);
    harness.run(harness.role().delete_leftover_policy("pass")).await.unwrap();
    let harness = Harness::new([policy("{}", &our_description()), held_by(&[]), ok()]);
    harness.run(harness.role().delete_leftover_policy("pass")).await.unwrap();
    assert_eq!(harness.sent(), ["GetPolicy", "ListEntitiesForPolicy", "DeletePolicy"]);
}
