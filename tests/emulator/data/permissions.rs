//! What a RAM user needs for the data plane.

use emulator::Rules;
use serde_json::json;

use super::{DataCall, PROTOBUF, group, pull};
use test_support::Key;

use crate::client::{START, TestServer};

const SHARD: &str = "/logstores/app/shards/0";

fn calls() -> Vec<(&'static str, DataCall<'static>)> {
    let json = ("Content-Type", "application/json");
    let search = json!({"from": START, "to": START + 1}).to_string();
    vec![
        ("log:ListShards", DataCall::new("GET", "/logstores/app/shards")),
        (
            "log:PostLogStoreLogs",
            DataCall::new("POST", "/logstores/app/shards/lb")
                .header(PROTOBUF.0, PROTOBUF.1)
                .body(&group("a")),
        ),
        ("log:GetCursorOrData", DataCall::new("GET", SHARD).query("type", "cursor").query("from", "end")),
        (
            "log:GetCursorOrData",
            DataCall::new("GET", SHARD).query("type", "cursor_time").query("cursor", "MA=="),
        ),
        ("log:GetCursorOrData", pull(SHARD, "MA==")),
        (
            "log:GetLogStoreLogs",
            DataCall::new("GET", "/logstores/app").query("type", "log").query("from", 1).query("to", 2),
        ),
        (
            "log:GetLogStoreLogs",
            DataCall::new("POST", "/logstores/app/logs").header(json.0, json.1).body(search.as_bytes()),
        ),
        ("log:SplitShard", DataCall::new("POST", SHARD).query("action", "split")),
        ("log:MergeShards", DataCall::new("POST", "/logstores/app/shards/2").query("action", "merge")),
    ]
}

#[tokio::test]
async fn each_call_needs_its_permission_on_the_logstore() {
    for (action, call) in calls() {
        for (resource, other_action, allowed) in
            [("app", action, true), ("other", action, false), ("app", "log:GetLogStore", false)]
        {
            let policy = json!({"name": "some", "document": {"Version": "1", "Statement": [{"Effect": "Allow",
                "Action": other_action, "Resource": format!("acs:log:*:*:project/proj/logstore/{resource}")}]}});
            let seed = json!({
                "access_keys": [{"id": "ak-root", "secret": "sk-root"},
                    {"id": "ak-alice", "secret": "sk-alice", "user": "alice"}],
                "users": [{"name": "alice", "policies": [policy]}],
                "projects": [{"name": "proj", "logstores": [{"logstoreName": "app"}]}],
            });
            let bench = TestServer::with_seed(&seed.to_string(), Rules::Default, START).await;
            if action == "log:MergeShards" {
                let split = DataCall::new("POST", SHARD).query("action", "split").send(&bench).await;
                assert_eq!(split.status, 200);
            }
            let call = DataCall {
                key: Key::root(),
                query: call.query.clone(),
                headers: call.headers.clone(),
                body: call.body.clone(),
                ..call
            };
            let reply = call.by(Key::new("ak-alice", "sk-alice")).send(&bench).await;
            if allowed {
                assert_eq!(reply.status, 200, "{action}: {reply:?}");
            } else {
                reply.assert_error_code(401, "Unauthorized");
            }
        }
    }
}
