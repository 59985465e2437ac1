//! Logs in a store on disk, over restarts of the emulator.

use std::path::Path;

use serde_json::{Value, json};

use super::{DataCall, content, group, put, searching_for};
use test_support::Key;

use crate::client::TestServer;

fn seed() -> String {
    let trust = json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": ["log.aliyuncs.com"]}}]});
    let conf = |user_cmk_info: Option<Value>| {
        let mut conf = json!({"enable": true, "encrypt_type": "default"});
        if let Some(info) = user_cmk_info {
            conf["user_cmk_info"] = info;
        }
        conf
    };
    let byok = conf(Some(json!({"cmk_key_id": "key-1", "arn": "acs:ram::1234567890123456:role/byok",
        "region_id": "cn-hangzhou"})));
    json!({
        "roles": [{"name": "byok", "assume_role_policy_document": trust,
            "policies": ["AliyunKMSReadOnlyAccess", "AliyunKMSCryptoUserAccess"]}],
        "keys": [{"id": "key-1"}],
        "projects": [{"name": "proj", "logstores": [
            {"logstoreName": "app", "shardCount": 1},
            {"logstoreName": "service-key", "shardCount": 1, "encrypt_conf": conf(None)},
            {"logstoreName": "customer-key", "shardCount": 1, "encrypt_conf": byok}]}],
    })
    .to_string()
}

/// Everything in the files of a folder.
fn bytes_in(folder: &Path) -> Vec<u8> {
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files.filter(|path| path.is_file()).flat_map(|path| std::fs::read(path).unwrap()).collect()
}

fn occurs(text: &str, bytes: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test]
async fn what_was_written_is_read_after_a_restart_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let bench = TestServer::in_folder(&seed(), folder.path()).await;
    for name in ["app", "service-key", "customer-key"] {
        for text in ["first", "second"] {
            super::put_to(&bench, &format!("/logstores/{name}/shards/lb"), &group(text)).await.assert_done();
        }
    }
    bench.shutdown().await;

    let bench = TestServer::in_folder(&seed(), folder.path()).await;
    for name in ["app", "service-key", "customer-key"] {
        super::put_to(&bench, &format!("/logstores/{name}/shards/lb"), &group("third")).await.assert_done();
        let texts = searching_for(&bench, name, "*").await;
        assert_eq!(texts, ["first", "second", "third"], "{name}");
    }
    assert_eq!(content(&bench, 0).await, ["first", "second", "third"].map(group));
    bench.rpc(&Key::root(), ("2016-01-20", "DisableKey"), &[("KeyId", "key-1")]).await;
    let path = "/logstores/customer-key/shards/0";
    super::pull(path, "MA==").send(&bench).await.assert_error_code(400, "ParameterInvalid");
    bench.shutdown().await;

    let bench = TestServer::in_folder(&seed(), folder.path()).await;
    super::pull(path, "MA==").send(&bench).await.assert_error_code(400, "ParameterInvalid");
    bench.shutdown().await;
}

#[tokio::test]
async fn sealed_logs_are_nowhere_in_clear_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let bench = TestServer::in_folder(&seed(), folder.path()).await;
    put(&bench, &group("canary-in-clear")).await.assert_done();
    for name in ["service-key", "customer-key"] {
        let path = format!("/logstores/{name}/shards/lb");
        super::put_to(&bench, &path, &group("canary-sealed")).await.assert_done();
    }
    bench.shutdown().await;
    let bytes = bytes_in(folder.path());
    assert!(occurs("canary-in-clear", &bytes));
    assert!(!occurs("canary-sealed", &bytes));
}

#[tokio::test]
async fn a_split_and_a_deletion_last() {
    let folder = tempfile::tempdir().unwrap();
    let bench = TestServer::in_folder(&seed(), folder.path()).await;
    put(&bench, &group("before")).await.assert_done();
    let split = DataCall::new("POST", "/logstores/app/shards/0").query("action", "split").send(&bench).await;
    assert_eq!(split.status, 200);
    bench.call("DELETE", "/logstores/service-key", "").await.assert_done();
    let shards = DataCall::new("GET", "/logstores/app/shards");
    let before = shards.send(&bench).await.json();
    bench.shutdown().await;

    let bench = TestServer::in_folder(&seed(), folder.path()).await;
    assert_eq!(shards.send(&bench).await.json(), before);
    assert_eq!(content(&bench, 0).await, [group("before")]);
    super::put_to(&bench, "/logstores/service-key", &group("a"))
        .await
        .assert_error_code(404, "LogStoreNotExist");
    bench.shutdown().await;
}
