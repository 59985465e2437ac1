//! What most tests start from: Logstores, and configurations that encrypt them.

use serde_json::{Map, Value, json};

use crate::harness::Scene;

/// The resource of most tests.
pub const THIS: &str = "alicloud_log_store_encryption.this";

/// The argument that makes a destroy switch encryption off.
pub const DISABLING: &str = "  on_destroy = \"disable\"";

/// A role as RAM answers it: the role name in lower case.
pub const ARN: &str = "acs:ram::1234567890123456:role/sls-byok";

/// `encrypt_conf` of a Logstore that uses the service's key.
pub fn service_key(enable: bool, encrypt_type: &str) -> Value {
    json!({"enable": enable, "encrypt_type": encrypt_type})
}

/// `encrypt_conf` of a Logstore that uses a key of the user's own.
pub fn byok(enable: bool) -> Value {
    json!({"enable": enable, "encrypt_type": "default",
        "user_cmk_info": {"cmk_key_id": "key-1", "arn": ARN, "region_id": "cn-hangzhou"}})
}

/// A seed with Logstore `app` in project `audit`, which was never configured.
pub fn plain() -> Value {
    holding(&json!({}))
}

/// A seed with Logstore `app` in project `audit` that has this `encrypt_conf`.
pub fn configured(conf: &Value) -> Value {
    holding(&json!({"encrypt_conf": conf}))
}

/// A seed with Logstore `app` in project `audit` that has these members.
pub fn holding(members: &Value) -> Value {
    let mut logstore = json!({"logstoreName": "app", "createTime": 1_700_000_000});
    logstore.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    json!({"projects": [{"name": "audit", "logstores": [logstore]}]})
}

/// The resource `this` for Logstore `app` in project `audit`, one argument a line from line 4 on.
pub fn encryption(arguments: &str) -> String {
    format!(
        "resource \"alicloud_log_store_encryption\" \"this\" {{\n  project_name = \"audit\"\n  logstore_name = \"app\"\n{arguments}\n}}\n"
    )
}

/// [`encryption`] with the key of [`byok`]; `user_cmk_info` begins in line 4, its members follow.
pub fn byok_encryption(arguments: &str) -> String {
    encryption(&format!(
        "  user_cmk_info = {{\n    cmk_key_id = \"key-1\"\n    arn = {ARN:?}\n    region_id = \"cn-hangzhou\"\n  }}\n{arguments}"
    ))
}

/// A scene with a Logstore that was never configured, and its encryption applied.
pub fn applied(main: &str) -> Scene {
    let scene = Scene::new(&plain());
    scene.write("main.tf", main);
    scene.apply();
    scene.forget_calls();
    scene
}

/// The members of Logstore `app` in project `audit` that only the service and its owner may change.
pub fn unmanaged(scene: &Scene) -> Map<String, Value> {
    let mut members = scene.log_store("audit", "app");
    members.remove("encrypt_conf");
    members.remove("lastModifyTime");
    members
}

/// The `encrypt_conf` of Logstore `app` in project `audit`.
pub fn stored(scene: &Scene) -> Value {
    scene.log_store("audit", "app").get("encrypt_conf").cloned().unwrap_or_default()
}
