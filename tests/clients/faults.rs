//! Throttling, lost answers and answers that are late in agreeing.

use cloud::error::ErrorKind;
use cloud::ram::{BYOK_SYSTEM_POLICIES, PolicyId, is_already_attached};
use serde_json::json;
use test_support::waiting::wait_for_in_task;

use crate::scene::{SIGNATURES, Scene, each, new_role, policy, refused, role};

#[tokio::test]
async fn throttled_calls_are_repeated_reads_and_writes() {
    each(async |scene| {
        for action in ["CreateRole", "GetRole"] {
            scene.fault("ram", action, json!("throttle")).await;
        }
        scene.fault("kms", "DescribeKey", json!("throttle")).await;
        scene.create_role("demo").await;
        scene.ram.get_role(&scene.context, &role("demo")).await.unwrap();
        scene.kms.describe_key(&scene.context, "key-aes").await.unwrap();
        assert_eq!(scene.calls("CreateRole").await, [400, 200]);
        assert_eq!(scene.calls("GetRole").await, [400, 200]);
        assert_eq!(scene.calls("DescribeKey").await, [400, 200]);
    })
    .await;
}

#[tokio::test]
async fn a_read_outlasts_lost_answers_and_faults_of_the_server() {
    each(async |scene| {
        let fault = json!({ "error": { "status": 503, "code": "ServiceUnavailable", "message": "m" } });
        for effect in [json!("drop_before"), json!("drop_after"), fault] {
            scene.fault("ram", "GetRole", effect).await;
        }
        scene.ram.get_role(&scene.context, &role("admin")).await.unwrap();
        assert_eq!(scene.calls("GetRole").await.len(), 4);
    })
    .await;
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_is_sent_once_and_can_be_looked_for() {
    for signature in SIGNATURES {
        let scene = Scene::start(signature).await;
        let (ram, context) = (&scene.ram, &scene.context);
        scene.fault("ram", "CreateRole", json!("drop_after")).await;
        let error = ram.create_role(context, &new_role("demo")).await.unwrap_err();
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::Transport, 1));
        assert!(error.may_have_been_applied());
        assert_eq!(scene.calls("CreateRole").await.len(), 1);
        ram.get_role(context, &role("demo")).await.unwrap();

        let read_only = PolicyId::system(policy(BYOK_SYSTEM_POLICIES[0]));
        scene.fault("ram", "AttachPolicyToRole", json!("drop_after")).await;
        let error = ram.attach_policy_to_role(context, &read_only, &role("demo")).await.unwrap_err();
        assert!(error.may_have_been_applied());
        let error = ram.attach_policy_to_role(context, &read_only, &role("demo")).await.unwrap_err();
        assert!(is_already_attached(&error));

        scene.fault("ram", "DeleteRole", json!("drop_before")).await;
        let error = ram.delete_role(context, &role("demo")).await.unwrap_err();
        assert!(error.may_have_been_applied(), "the client cannot know that it was not");
        let held = ram.delete_role(context, &role("demo")).await;
        refused(held, ErrorKind::Conflict, "DeleteConflict.Role.Policy");
    }
}

#[tokio::test]
async fn a_cancelled_call_ends_at_once() {
    let scene = Scene::start(SIGNATURES[0]).await;
    scene.fault("ram", "GetRole", json!({ "delay": { "ms": 600_000 } })).await;
    let name = role("admin");
    let call = scene.ram.get_role(&scene.context, &name);
    let cancel = async {
        let has_come = async || (!scene.calls("GetRole").await.is_empty()).then_some(());
        wait_for_in_task("GetRole", has_come).await.unwrap();
        scene.context.cancel.cancel();
    };
    let (result, ()) = tokio::join!(call, cancel);
    assert_eq!(result.unwrap_err().kind(), ErrorKind::Cancelled);
}
