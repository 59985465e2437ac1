//! Attaching and detaching.

use super::*;
use crate::error::ErrorKind;
use crate::names::PolicyName;
use crate::ram::PolicyId;

fn kms_policy() -> PolicyId {
    PolicyId::system(PolicyName::from_answer(KMS_POLICIES[0]))
}

#[tokio::test]
async fn attaching_what_is_already_attached_succeeds() {
    let harness = Harness::new([refused(409, "EntityAlreadyExists.Role.Policy")]);
    harness.run(harness.role().attach(&kms_policy())).await.unwrap();
    let harness = Harness::new([refused(409, "EntityAlreadyExists.User.Policy")]);
    harness.run(harness.role().attach_to_principal(&kms_policy(), &alice())).await.unwrap();
}

#[tokio::test]
async fn detaching_what_is_not_attached_or_does_not_exist_succeeds() {
    for code in ["EntityNotExist.Role.Policy", "EntityNotExist.Policy", "EntityNotExist.Role"] {
        let harness = Harness::new([refused(404, code)]);
        harness.run(harness.role().detach(&kms_policy())).await.unwrap();
    }
    for code in ["EntityNotExist.User.Policy", "EntityNotExist.User"] {
        let harness = Harness::new([refused(404, code)]);
        harness.run(harness.role().detach_from_principal(&kms_policy(), &alice())).await.unwrap();
    }
}

#[tokio::test]
async fn attaching_to_a_user_that_does_not_exist_is_an_error() {
    let harness = Harness::new([refused(404, "EntityNotExist.User")]);
    let error = harness.run(harness.role().attach_to_principal(&kms_policy(), &alice())).await.unwrap_err();
    assert_eq!((error.kind(), error.action()), (ErrorKind::NotFound, "AttachPolicyToUser"));
}

#[tokio::test]
async fn attaching_and_detaching_have_an_action_for_each_kind_of_principal() {
    for (kind, attach, detach) in [
        (PrincipalKind::User, "AttachPolicyToUser", "DetachPolicyFromUser"),
        (PrincipalKind::Group, "AttachPolicyToGroup", "DetachPolicyFromGroup"),
        (PrincipalKind::Role, "AttachPolicyToRole", "DetachPolicyFromRole"),
    ] {
        let principal = Principal { kind, name: "a".to_owned() };
        let harness = Harness::new([ok(), ok()]);
        let both = async {
            harness.role().attach_to_principal(&kms_policy(), &principal).await?;
            harness.role().detach_from_principal(&kms_policy(), &principal).await
        };
        harness.run(both).await.unwrap();
        assert_eq!(harness.sent(), [attach, detach]);
    }
}

#[tokio::test]
async fn attaching_is_not_repeated_after_cancellation() {
    let harness = Harness::new([Reply::Hang]);
    let (role, kms_policy, cancel) = (harness.role(), kms_policy(), harness.context.cancel.clone());
    let attach = role.attach(&kms_policy);
    let (outcome, ()) = tokio::join!(attach, async move { cancel.cancel() });
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(harness.sent().len(), 1);
}
