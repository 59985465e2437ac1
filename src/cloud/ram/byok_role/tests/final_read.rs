//! Looking at the role once more after a write of which nobody knows whether it was carried out.

use super::super::{ActualPassRole, FoundRole, StepError};
use super::*;
use crate::FINAL_READ_LIMIT;
use crate::error::{Error, ErrorKind, Operation};

/// A role that is interrupted.
fn interrupted(replies: impl IntoIterator<Item = Reply>) -> Harness {
    let harness = Harness::new(replies);
    harness.context.cancel.cancel();
    harness
}

fn in_doubt() -> StepError {
    let operation = Operation::new("RAM", "AttachPolicyToRole", "sls-byok");
    let error = Error::new(ErrorKind::Cancelled, &operation, "the run was interrupted");
    StepError::Call(error.with_may_have_been_applied(true))
}

fn no_tags() -> Reply {
    answer(&json!({"TagResources": []}))
}

/// A role with all that belongs to it, as a look finds it.
fn whole(description: &str) -> [Reply; 5] {
    [role(), both_attached(), no_tags(), policy(&right_document(), description), held_by(&["alice"])]
}

async fn reread_if_uncertain(harness: &Harness, actual: &mut ActualRole) -> Option<Result<(), Error>> {
    let (desired, error) = (desired(), in_doubt());
    harness.run(harness.role().reread_if_uncertain(&error, &desired, actual)).await
}

/// A bare role with a policy that is looked after.
fn noted(policy_name: &str) -> ActualRole {
    let pass_role = ActualPassRole {
        policy_name: policy_name.to_owned(),
        document_matches: true,
        principals: BTreeSet::new(),
    };
    ActualRole { pass_role: Some(pass_role), ..bare() }
}

#[tokio::test]
async fn what_is_there_is_observed_although_the_run_is_interrupted() {
    let harness = interrupted(whole(&our_description()));
    let mut actual = bare();
    reread_if_uncertain(&harness, &mut actual).await.unwrap().unwrap();
    assert_eq!(actual.kms_policies().count(), 2);
    assert_eq!(actual.pass_role.unwrap().principals, BTreeSet::from([alice()]));
}

#[tokio::test]
async fn a_policy_that_somebody_else_has_made_is_not_looked_after() {
    let harness = interrupted(whole("Mine"));
    let mut actual = bare();
    reread_if_uncertain(&harness, &mut actual).await.unwrap().unwrap();
    assert_eq!(actual.pass_role, None);
    // It was before.
    let harness = interrupted(whole("Mine"));
    let mut actual = noted("Pass");
    reread_if_uncertain(&harness, &mut actual).await.unwrap().unwrap();
    assert_eq!(actual.pass_role.unwrap().policy_name, "pass");
}

#[tokio::test]
async fn where_the_policy_of_before_is_gone_the_one_that_is_wanted_is_looked_for() {
    let [role, attached, tags, policy, held] = whole(&our_description());
    let gone = refused(404, "EntityNotExist.Policy");
    let harness = interrupted([role, attached, tags, gone, policy, held]);
    let mut actual = noted("before");
    reread_if_uncertain(&harness, &mut actual).await.unwrap().unwrap();
    assert_eq!(actual.pass_role.unwrap().policy_name, "pass");
}

#[tokio::test]
async fn where_the_look_fails_what_was_noted_stands() {
    let harness = interrupted([role(), refused(403, "NoPermission")]);
    let mut actual = noted("pass");
    let error = reread_if_uncertain(&harness, &mut actual).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert_eq!(actual, noted("pass"));
}

#[tokio::test]
async fn all_reads_together_are_bounded() {
    let later = || Reply::answer_with(503, "{}", &[("retry-after", "2")]);
    let harness = interrupted([later(), role(), Reply::Hang]);
    let look: Result<FoundRole, Error> = harness.run(harness.role().final_read(&[])).await;
    assert_eq!(look.unwrap_err().kind(), ErrorKind::Timeout);
    assert_eq!(harness.elapsed(), FINAL_READ_LIMIT);
}

#[tokio::test]
async fn without_doubt_nothing_is_asked() {
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
