//! Executing the steps of a change.

use super::super::{ActualPassRole, RoleUpdate, Step, StepError, diff};
use super::*;
use crate::error::ErrorKind;

/// Executes one step with these replies.
async fn execute(step: Step, replies: Vec<Reply>, sent: &[&str]) -> Result<ActualRole, StepError> {
    let harness = Harness::new(replies);
    let mut actual = bare();
    let outcome = harness.run(harness.role().execute(&arn(), &[step], &mut actual)).await;
    assert_eq!(harness.sent(), sent);
    outcome.map(|()| actual)
}

fn create_policy() -> Step {
    Step::CreatePassRolePolicy("pass".to_owned())
}

fn correct_policy() -> Step {
    Step::CorrectPassRolePolicy("pass".to_owned())
}

fn version() -> Reply {
    answer(
        &json!({"PolicyVersion": {"VersionId": "v2", "IsDefaultVersion": true, "CreateDate": "2026-11-20T08:00:00Z",
        "PolicyDocument": right_document()}}),
    )
}

fn made_policy() -> Reply {
    answer(
        &json!({"Policy": {"PolicyName": "pass", "PolicyType": "Custom", "Description": "", "DefaultVersion": "v1",
        "CreateDate": "2026-11-20T08:00:00Z"}}),
    )
}

fn taken() -> Reply {
    refused(409, "EntityAlreadyExists.Policy")
}

#[tokio::test]
async fn actual_has_the_steps_that_succeeded_and_no_others() {
    let denied = refused(403, "NoPermission");
    let harness = Harness::new([ok(), ok(), made_policy(), denied]);
    let (mut actual, desired) = (bare(), desired());
    let todo = diff(&actual, &desired);
    let outcome = harness.run(harness.role().execute(&arn(), &todo, &mut actual)).await;
    assert!(matches!(outcome, Err(StepError::Call(error)) if error.action() == "AttachPolicyToUser"));
    let pass_role = ActualPassRole {
        policy_name: "pass".to_owned(),
        document_matches: true,
        principals: BTreeSet::new(),
    };
    assert_eq!(actual.pass_role, Some(pass_role));
    assert_eq!(actual.kms_policies().count(), 2);
    assert_eq!(diff(&actual, &desired), [Step::AttachPassRole("pass".to_owned(), alice())]);
}

#[tokio::test]
async fn an_existing_policy_that_is_ours_is_taken_over() {
    let ours = policy(&right_document(), &our_description());
    let sent = ["CreatePolicy", "GetPolicy"];
    execute(create_policy(), vec![taken(), ours], &sent).await.unwrap();
    // The answer was lost, so the call was sent twice.
    let ours = policy(&right_document(), &our_description());
    let sent = ["CreatePolicy", "CreatePolicy", "GetPolicy"];
    execute(create_policy(), vec![lost(), taken(), ours], &sent).await.unwrap();
}

#[tokio::test]
async fn an_existing_policy_that_is_ours_and_has_another_document_is_corrected() {
    let other = policy("{\"Version\":\"1\",\"Statement\":[]}", &our_description());
    let sent = ["CreatePolicy", "GetPolicy", "CreatePolicyVersion"];
    execute(create_policy(), vec![taken(), other, version()], &sent).await.unwrap();
}

#[tokio::test]
async fn an_existing_policy_of_another_writer_is_an_error() {
    for document in [right_document(), "{}".to_owned()] {
        let theirs = policy(&document, "Mine");
        let outcome = execute(create_policy(), vec![taken(), theirs], &["CreatePolicy", "GetPolicy"]).await;
        let Err(StepError::PolicyTaken { policy_name, document: found, of_role: None }) = outcome else {
            panic!("it was taken over: {outcome:?}")
        };
        assert_eq!((policy_name.as_str(), found), ("pass", document));
    }
}

#[tokio::test]
async fn an_existing_policy_of_another_role_is_an_error_with_its_name() {
    let theirs = policy(&right_document(), &pass_role_description(&RoleName::parse("other").unwrap()));
    let outcome = execute(create_policy(), vec![taken(), theirs], &["CreatePolicy", "GetPolicy"]).await;
    assert!(matches!(outcome, Err(StepError::PolicyTaken { of_role: Some(role), .. }) if role == "other"));
}

/// `CreatePolicy` answered that the policy exists.
#[tokio::test]
async fn an_existing_policy_that_a_read_does_not_find_is_read_again() {
    let unknown = || refused(404, "EntityNotExist.Policy");
    let ours = policy(&right_document(), &our_description());
    let sent = ["CreatePolicy", "GetPolicy", "GetPolicy", "GetPolicy"];
    execute(create_policy(), vec![taken(), unknown(), unknown(), ours], &sent).await.unwrap();
    let replies = [taken()].into_iter().chain((0..6).map(|_| unknown())).collect();
    let sent = [&["CreatePolicy"][..], &["GetPolicy"; 6]].concat();
    let outcome = execute(create_policy(), replies, &sent).await;
    assert!(matches!(outcome, Err(StepError::Call(error)) if error.kind() == ErrorKind::AlreadyExists));
}

/// The number of versions is limited, so a version is created again only if the first is absent.
#[tokio::test]
async fn after_a_lost_answer_a_policy_version_is_read() {
    let right = policy(&right_document(), &our_description());
    let sent = ["CreatePolicyVersion", "GetPolicy"];
    execute(correct_policy(), vec![lost(), right], &sent).await.unwrap();
    let wrong = policy("{\"Version\":\"1\",\"Statement\":[]}", &our_description());
    let sent = ["CreatePolicyVersion", "GetPolicy", "CreatePolicyVersion"];
    execute(correct_policy(), vec![lost(), wrong, version()], &sent).await.unwrap();
}

fn principal(kind: PrincipalKind, name: &str) -> Principal {
    Principal { kind, name: name.to_owned() }
}

/// The policy is attached to the principals before and after the refused one. The steps after them are not executed.
#[tokio::test]
async fn a_refused_principal_does_not_stop_the_others() {
    let pass = |principal: Principal| Step::AttachPassRole("pass".to_owned(), principal);
    let update = RoleUpdate { description: Some("For SLS".to_owned()), ..RoleUpdate::default() };
    let bob = principal(PrincipalKind::User, "bob");
    for (kind, status, code) in [
        (PrincipalKind::User, 404, "EntityNotExist.User"),
        (PrincipalKind::Group, 404, "EntityNotExist.Group"),
        (PrincipalKind::User, 409, "LimitExceeded.User.Policy"),
        (PrincipalKind::Group, 409, "LimitExceeded.Group.Policy"),
        (PrincipalKind::Role, 409, "LimitExceeded.Role.Policy"),
    ] {
        let bad = principal(kind, "carol");
        let harness = Harness::new([ok(), refused(status, code), ok()]);
        let pass_role = ActualPassRole {
            policy_name: "pass".to_owned(),
            document_matches: true,
            principals: BTreeSet::new(),
        };
        let mut actual = ActualRole { pass_role: Some(pass_role), ..bare() };
        let todo = [pass(alice()), pass(bad.clone()), pass(bob.clone()), Step::UpdateRole(update.clone())];
        let outcome = harness.run(harness.role().execute(&arn(), &todo, &mut actual)).await;
        let Err(StepError::Principals(refused)) = outcome else { panic!("{code}: {outcome:?}") };
        assert_eq!(refused.iter().map(|(principal, _)| principal).collect::<Vec<_>>(), [&bad], "{code}");
        assert_eq!(actual.pass_role.unwrap().principals, BTreeSet::from([alice(), bob.clone()]), "{code}");
    }
}

/// RAM may not know yet what was created a moment ago. Only then is a write repeated, for some seconds.
#[tokio::test]
async fn writes_are_repeated_while_ram_does_not_know_what_was_created() {
    let tags = BTreeMap::from([("a".to_owned(), "b".to_owned())]);
    let held = || ActualRole {
        pass_role: Some(ActualPassRole {
            policy_name: "pass".to_owned(),
            document_matches: true,
            principals: BTreeSet::new(),
        }),
        ..bare()
    };
    for step in [
        Step::AttachKmsPolicy(KMS_POLICIES[0]),
        Step::Tag(tags),
        Step::UpdateRole(RoleUpdate { trust: true, ..RoleUpdate::default() }),
        Step::AttachPassRole("pass".to_owned(), alice()),
    ] {
        let done = || match step {
            Step::UpdateRole(_) => role(),
            _ => ok(),
        };
        for code in ["EntityNotExist.Role", "EntityNotExist.Policy"] {
            let harness = Harness::new([refused(404, code), refused(404, code), refused(404, code), done()]);
            harness
                .run(harness.role().execute(&arn(), std::slice::from_ref(&step), &mut held()))
                .await
                .unwrap();
            assert!(harness.elapsed() >= Duration::from_secs(1), "{step:?}");
        }
        let harness = Harness::new((0..6).map(|_| refused(404, "EntityNotExist.Role")));
        let outcome =
            harness.run(harness.role().execute(&arn(), std::slice::from_ref(&step), &mut held())).await;
        assert!(outcome.is_err() && harness.elapsed() < Duration::from_secs(10), "{step:?}");
        let harness = Harness::new([refused(403, "NoPermission")]);
        let outcome =
            harness.run(harness.role().execute(&arn(), std::slice::from_ref(&step), &mut held())).await;
        assert!(outcome.is_err() && harness.elapsed() == Duration::ZERO, "{step:?}");
    }
}
