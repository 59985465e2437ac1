//! Creating the role itself.

use super::super::UNFINISHED_DESCRIPTION;
use super::*;
use crate::error::{Error, ErrorKind};

/// A role as it is created: only its description says that it is not finished.
fn role() -> Reply {
    role_with(&json!({"Description": UNFINISHED_DESCRIPTION}))
}

/// Creates the role with these replies, and returns its id.
async fn create(known_absent: bool, replies: Vec<Reply>, sent: &[&str]) -> Result<String, Error> {
    let harness = Harness::new(replies);
    let desired = desired();
    let made = harness.run(harness.role().create(&desired, known_absent)).await;
    assert_eq!(harness.sent(), sent);
    made.map(|(role, actual)| {
        assert!(actual.attached.is_empty() && actual.pass_role.is_none() && actual.is_unfinished());
        role.role_id
    })
}

#[tokio::test]
async fn create_is_one_call() {
    assert_eq!(create(true, vec![role()], &["CreateRole"]).await.unwrap(), "301");
}

#[tokio::test]
async fn an_existing_role_of_the_same_name_is_an_error() {
    let taken = vec![refused(409, "EntityAlreadyExists.Role")];
    let error = create(true, taken, &["CreateRole"]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
}

#[tokio::test]
async fn after_a_lost_answer_the_role_is_read() {
    let both = ["CreateRole", "GetRole"];
    assert_eq!(create(true, vec![lost(), role()], &both).await.unwrap(), "301");
    let absent = refused(404, "EntityNotExist.Role");
    let again = ["CreateRole", "GetRole", "CreateRole"];
    assert_eq!(create(true, vec![lost(), absent, role()], &again).await.unwrap(), "301");
}

/// The role is ours only if it was absent before the create, and is as the create makes it.
#[tokio::test]
async fn after_a_lost_answer_a_role_that_may_be_of_another_writer_is_an_error() {
    let both = ["CreateRole", "GetRole"];
    let error = create(false, vec![lost(), role()], &both).await.unwrap_err();
    assert!(error.may_have_been_applied());
    for other in [
        json!({"Description": "For SLS"}),
        json!({"Description": UNFINISHED_DESCRIPTION, "MaxSessionDuration": 7200}),
        json!({"Description": UNFINISHED_DESCRIPTION, "AssumeRolePolicyDocument": "{\"Version\":\"1\",\"Statement\":[]}"}),
    ] {
        assert!(create(true, vec![lost(), role_with(&other)], &both).await.is_err(), "{other}");
    }
}

/// RAM carried out the first request after the read.
#[tokio::test]
async fn a_role_that_a_lost_request_creates_after_the_read_is_ours() {
    let late = || vec![lost(), refused(404, "EntityNotExist.Role"), refused(409, "EntityAlreadyExists.Role")];
    let sent = ["CreateRole", "GetRole", "CreateRole", "GetRole"];
    let then = |reply: Reply| late().into_iter().chain([reply]).collect::<Vec<_>>();
    assert_eq!(create(true, then(role()), &sent).await.unwrap(), "301");
    let others = role_with(&json!({"Description": "Mine"}));
    let error = create(true, then(others), &sent).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    let error = create(true, then(refused(403, "NoPermission")), &sent).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_been_applied()), (ErrorKind::Transport, true), "it may be ours");
}

#[tokio::test]
async fn if_the_read_after_a_lost_answer_fails_the_error_is_that_of_the_create() {
    let replies = vec![lost(), refused(403, "NoPermission")];
    let error = create(true, replies, &["CreateRole", "GetRole"]).await.unwrap_err();
    assert_eq!(error.action(), "CreateRole");
    assert!(error.may_have_been_applied());
}
