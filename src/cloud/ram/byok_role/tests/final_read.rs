//! Reading the role after a write that may have been applied.

use super::super::{ActualPassRole, FoundRole, StepError};
use super::*;
use crate::FINAL_READ_LIMIT;
use crate::error::{Error, ErrorKind, Operation};

/// A harness whose context is cancelled.
fn interrupted(replies: impl IntoIterator<Item = Reply>) -> Harness {
    let harness = Harness::new(replies);
    harness.context.cancel.cancel();
    harness
}

fn may_have_been_applied() -> StepError {
    let operation = Operation::new("RAM", "AttachPolicyToRole", "sls-byok");
    let error = Error::new(ErrorKind::Cancelled, &operation, "the run was interrupted");
    StepError::Call(error.with_may_have_been_applied(true))
}

fn no_tags() -> Reply {
    answer(&json!({"TagResources": []}))
}

/// The answers about a complete role.
fn whole(description: &str) -> [Reply; 5] {
    [role(), both_attached(), no_tags(), policy(&right_document(), description), held_by(&["alice"])]
}

async fn reread_if_uncertain(harness: &Harness, actual: &mut ActualRole) -> Option<Result<(), Error>> {
    let (desired, error) = (desired(), may_have_been_applied());
    harness.run(harness.role().reread_if_uncertain(&error, &desired, actual)).await
}

/// A role with a PassRole policy that the resource manages.
fn with_pass_role(policy_name: &str) -> ActualRole {
    let pass_role = ActualPassRole {
        policy_name: policy_name.to_owned(),
        document_matches: true,
        principals: BTreeSet::new(),
    };
    ActualRole { pass_role: Some(pass_role), ..bare() }
}

#[tokio::test]
async fn the_role_is_read_although_the_run_is_cancelled() {
    let harness = interrupted(whole(&our_description()));
    let mut actual = bare();
    reread_if_uncertain(&harness, &mut actual).await.unwrap().unwrap();
    assert_eq!(actual.kms_policies().count(), 2);
    assert_eq!(actual.pass_role.unwrap().principals, BTreeSet::from([alice()]));
}

#[tokio::test]
async fn a_policy_of_another_writer_is_left_out_unless_it_was_managed_before() {
    let harness = interrupted(whole("Mine"));
    let mut actual = bare();
    reread_if_uncertain(&harness, &mut actual).await.unwrap().unwrap();
    assert_eq!(actual.pass_role, None);
    // It was managed before.
    let harness = interrupted(whole("Mine"));
    let mut actual = with_pass_role("Pass");
    reread_if_uncertain(&harness, &mut actual).await.unwrap().unwrap();
    assert_eq!(actual.pass_role.unwrap().policy_name, "pass");
}

#[tokio::test]
async fn if_the_managed_policy_is_absent_the_desired_one_is_read() {
    let [role, attached, tags, policy, held] = whole(&our_description());
    let gone = refused(404, "EntityNotExist.Policy");
    let harness = interrupted([role, attached, tags, gone, policy, held]);
    let mut actual = with_pass_role("before");
    reread_if_uncertain(&harness, &mut actual).await.unwrap().unwrap();
    assert_eq!(actual.pass_role.unwrap().policy_name, "pass");
}

#[tokio::test]
async fn if_the_final_read_fails_the_known_role_is_kept() {
    let harness = interrupted([role(), refused(403, "NoPermission")]);
    let mut actual = with_pass_role("pass");
    let error = reread_if_uncertain(&harness, &mut actual).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert_eq!(actual, with_pass_role("pass"));
}

#[tokio::test]
async fn the_final_read_has_one_limit_for_all_reads() {
    let later = || Reply::answer_with(503, "{}", &[("retry-after", "2")]);
    let harness = interrupted([later(), role(), Reply::Hang]);
    let read: Result<FoundRole, Error> = harness.run(harness.role().final_read(&[])).await;
    assert_eq!(read.unwrap_err().kind(), ErrorKind::Timeout);
    assert_eq!(harness.elapsed(), FINAL_READ_LIMIT);
}

#[tokio::test]
async fn an_error_that_is_certain_causes_no_final_read() {
    let harness = interrupted([]);
    let denied =
        Error::new(ErrorKind::Denied, &Operation::new("RAM", "AttachPolicyToRole", "sls-byok"), "no");
    let taken =
        StepError::PolicyTaken { policy_name: "pass".to_owned(), document: String::new(), of_role: None };
    for error in [StepError::Call(denied), taken] {
        let (desired, mut actual) = (desired(), bare());
        assert!(
            harness.run(harness.role().reread_if_uncertain(&error, &desired, &mut actual)).await.is_none()
        );
    }
}
