//! Removing the role.

use super::super::RemoveError;
use super::*;

async fn remove(bench: &Bench, policy: Option<&str>, force: bool) -> Result<(), RemoveError> {
    let left = BTreeSet::new();
    bench.run(bench.role().remove(policy, &left, force)).await
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
    let bench = Bench::new([absent(), absent()]);
    remove(&bench, None, false).await.unwrap();
}

#[tokio::test]
async fn the_policy_goes_before_the_role() {
    let bench = Bench::new([both_attached(), held_by(&["alice"]), ok(), ok(), ok(), ok(), ok()]);
    remove(&bench, Some("pass"), false).await.unwrap();
    let sent = [
        "ListPoliciesForRole",
        "ListEntitiesForPolicy",
        "DetachPolicyFromUser",
        "DeletePolicy",
        "DetachPolicyFromRole",
        "DetachPolicyFromRole",
        "DeleteRole",
    ];
    assert_eq!(bench.sent(), sent);
}

#[tokio::test]
async fn policies_of_others_are_an_error_before_anything_is_changed() {
    let bench = Bench::new([theirs()]);
    let error = remove(&bench, Some("pass"), false).await.unwrap_err();
    assert!(matches!(error, RemoveError::ForeignPolicies(found) if found == [foreign()]));
    assert_eq!(bench.sent(), ["ListPoliciesForRole"]);
}

#[tokio::test]
async fn who_keeps_attaching_is_named_in_the_end() {
    let round = || [ok(), in_the_way(), theirs()];
    let bench = Bench::new([theirs()].into_iter().chain((0..5).flat_map(|_| round())));
    let error = remove(&bench, None, true).await.unwrap_err();
    assert!(matches!(error, RemoveError::KeepsMoving(found) if found == [foreign()]));
}

#[tokio::test]
async fn what_is_detached_and_not_seen_yet_is_waited_for() {
    let none = || attached(&[]);
    let bench = Bench::new([none(), in_the_way(), none(), in_the_way(), none(), ok()]);
    remove(&bench, None, false).await.unwrap();
    assert_eq!(bench.elapsed(), Duration::from_secs(2));
}

#[tokio::test]
async fn what_others_attach_meanwhile_is_left_without_force() {
    let bench = Bench::new([attached(&[]), in_the_way(), theirs()]);
    let error = remove(&bench, None, false).await.unwrap_err();
    assert!(matches!(error, RemoveError::KeepsMoving(found) if found == [foreign()]));
}

#[tokio::test]
async fn only_a_policy_that_is_ours_is_removed_as_one_that_was_left() {
    let bench = Bench::new([policy(&right_document(), "Mine")]);
    bench.run(bench.role().remove_policy_left("pass")).await.unwrap();
    let bench = Bench::new([refused(404, "EntityNotExist.Policy")]);
    bench.run(bench.role().remove_policy_left("pass")).await.unwrap();
    let bench = Bench::new([policy("{}", &our_description()), held_by(&[]), ok()]);
    bench.run(bench.role().remove_policy_left("pass")).await.unwrap();
    assert_eq!(bench.sent(), ["GetPolicy", "ListEntitiesForPolicy", "DeletePolicy"]);
}
