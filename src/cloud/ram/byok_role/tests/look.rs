//! Looking at the role once more after a write of which nobody knows whether it was carried out.

use super::super::{Found, ObservedPassRole, StepError};
use super::*;
use crate::cloud::LAST_LOOK_AT_MOST;
use crate::cloud::error::{Error, ErrorKind, Operation};

/// A role that is interrupted.
fn interrupted(replies: impl IntoIterator<Item = Reply>) -> Bench {
    let bench = Bench::new(replies);
    bench.context.cancel.cancel();
    bench
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

async fn look_after(bench: &Bench, observed: &mut Observed) -> Option<Result<(), Error>> {
    let (wanted, error) = (wanted(), in_doubt());
    bench.run(bench.role().look_after(&error, &wanted, observed)).await
}

/// A bare role with a policy that is looked after.
fn noted(policy_name: &str) -> Observed {
    let pass_role = ObservedPassRole {
        policy_name: policy_name.to_owned(),
        document_is_right: true,
        principals: BTreeSet::new(),
    };
    Observed { pass_role: Some(pass_role), ..bare() }
}

#[tokio::test]
async fn what_is_there_is_observed_although_the_run_is_interrupted() {
    let bench = interrupted(whole(&our_description()));
    let mut observed = bare();
    look_after(&bench, &mut observed).await.unwrap().unwrap();
    assert_eq!(observed.kms_policies().count(), 2);
    assert_eq!(observed.pass_role.unwrap().principals, BTreeSet::from([alice()]));
}

#[tokio::test]
async fn a_policy_that_somebody_else_has_made_is_not_looked_after() {
    let bench = interrupted(whole("Mine"));
    let mut observed = bare();
    look_after(&bench, &mut observed).await.unwrap().unwrap();
    assert_eq!(observed.pass_role, None);
    // It was before.
    let bench = interrupted(whole("Mine"));
    let mut observed = noted("Pass");
    look_after(&bench, &mut observed).await.unwrap().unwrap();
    assert_eq!(observed.pass_role.unwrap().policy_name, "pass");
}

#[tokio::test]
async fn where_the_policy_of_before_is_gone_the_one_that_is_wanted_is_looked_for() {
    let [role, attached, tags, policy, held] = whole(&our_description());
    let gone = refused(404, "EntityNotExist.Policy");
    let bench = interrupted([role, attached, tags, gone, policy, held]);
    let mut observed = noted("before");
    look_after(&bench, &mut observed).await.unwrap().unwrap();
    assert_eq!(observed.pass_role.unwrap().policy_name, "pass");
}

#[tokio::test]
async fn where_the_look_fails_what_was_noted_stands() {
    let bench = interrupted([role(), refused(403, "NoPermission")]);
    let mut observed = noted("pass");
    let error = look_after(&bench, &mut observed).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert_eq!(observed, noted("pass"));
}

#[tokio::test]
async fn all_reads_together_are_bounded() {
    let later = || Reply::answer_with(503, "{}", &[("retry-after", "2")]);
    let bench = interrupted([later(), role(), Reply::Hang]);
    let look: Result<Found, Error> = bench.run(bench.role().last_look(&[])).await;
    assert_eq!(look.unwrap_err().kind(), ErrorKind::Timeout);
    assert_eq!(bench.elapsed(), LAST_LOOK_AT_MOST);
}

#[tokio::test]
async fn without_doubt_nothing_is_asked() {
    let bench = interrupted([]);
    let denied =
        Error::new(ErrorKind::Denied, &Operation::new("RAM", "AttachPolicyToRole", "sls-byok"), "no");
    let taken =
        StepError::PolicyTaken { policy_name: "pass".to_owned(), document: String::new(), of_role: None };
    for error in [StepError::Call(denied), taken] {
        let (wanted, mut observed) = (wanted(), bare());
        assert!(bench.run(bench.role().look_after(&error, &wanted, &mut observed)).await.is_none());
    }
}
