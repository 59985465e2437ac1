//! Situations of `alicloud_log_store_encryption`.

use serde_json::{Value, json};

use super::Printed;
use super::set_up::{
    ROLE, applied, arn, byok, byok_conf, cmk, denied, encryption, error, fault, named, rebuild, scene,
    service_key,
};
use crate::harness::{Call, Scene, Server};
use crate::moves::write_state;

const DISABLING: &str = "  on_destroy = \"disable\"";

/// A trust policy without SLS.
const UNTRUSTING: &str = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":["ecs.aliyuncs.com"]}}]}"#;

/// A refresh that finds each Logstore, key or role changed in another way.
pub fn refresh() -> Printed {
    let service = service_key(true, "default");
    let keys =
        [("key-off", "disabled"), ("key-doomed", "doomed"), ("key-gone", "gone"), ("key-empty", "empty")];
    let roles = [("role-gone", "idle"), ("role-untrusting", "wider"), ("role-stripped", "own")];
    let plain = ["gone", "never", "anew", "vanished", "unreadable"];
    let mut log_stores: Vec<_> = plain.map(|name| (name, service.clone())).to_vec();
    log_stores.extend(keys.map(|(name, key)| (name, byok_conf(true, key, ROLE))));
    log_stores.extend(roles.map(|(name, role)| (name, byok_conf(true, "key-1", role))));
    let main: String = plain
        .map(|name| encryption(name, ""))
        .into_iter()
        .chain(keys.map(|(name, key)| byok(name, key, ROLE, "")))
        .chain(roles.map(|(name, role)| byok(name, "key-1", role, "")))
        .collect();
    let scene = applied(&log_stores, &main);
    scene.delete_log_store("audit", "gone");
    rebuild(&scene, "never", &Value::Null);
    rebuild(&scene, "anew", &service);
    scene.patch_log_store("audit", "vanished", &json!({"encrypt_conf": null}));
    let body = json!({"logstoreName": "unreadable", "createTime": 1_700_000_000, "encrypt_conf": "on"});
    let respond =
        json!({"respond": {"status": 200, "content_type": "application/json", "body": body.to_string()}});
    fault(&scene, "unreadable", "GetLogStore", &respond);
    scene.ram("DetachPolicyFromRole", &attached("AliyunKMSReadOnlyAccess", "System", "idle"));
    scene.ram("DeleteRole", &[("RoleName", "idle")]);
    scene.ram("UpdateRole", &[("RoleName", "wider"), ("NewAssumeRolePolicyDocument", UNTRUSTING)]);
    scene.ram("DetachPolicyFromRole", &attached("own-kms", "Custom", "own"));
    Printed::by_plan(scene)
}

fn attached<'a>(policy: &'a str, kind: &'a str, role: &'a str) -> [(&'static str, &'a str); 3] {
    [("PolicyName", policy), ("PolicyType", kind), ("RoleName", role)]
}

/// What a refresh says of a Logstore that does not encrypt, and of a key in an unknown state.
pub fn another_refresh() -> Printed {
    let off = byok_conf(false, "disabled", ROLE);
    let main = byok("switched-off", "disabled", ROLE, "  enable = false");
    let scene = applied(&[("switched-off", off)], &main);
    Printed::by_plan(scene)
}

/// What the first configuration of a Logstore says beforehand.
pub fn first_configuration() -> Printed {
    let scene = scene(&[("app", Value::Null)]);
    scene.provider("  permanence_warning = true");
    scene.write("main.tf", &byok("app", "key-1", ROLE, "  encrypt_type = \"sm4_ecb\""));
    Printed::by_plan(scene)
}

/// What a plan says of Logstores, keys and roles that it has not looked at before.
pub fn new_resources() -> Printed {
    let none = Value::Null;
    let seen = [
        ("adopted", service_key(true, "default")),
        ("to-clear", service_key(true, "default")),
        ("mechanism", byok_conf(true, "key-1", ROLE)),
        ("algorithm", service_key(true, "aes_gcm")),
        ("another-key", byok_conf(true, "key-1", ROLE)),
        ("unknown-algorithm", service_key(true, "default")),
        ("unread", none.clone()),
        ("twice", none.clone()),
    ];
    let keys = [
        ("key-off", "disabled"),
        ("key-doomed", "doomed"),
        ("key-gone", "gone"),
        ("key-asymmetric", "asymmetric"),
        ("key-alias", "alias/logs"),
    ];
    let roles = ["absent", "untrusting", "bare", "forbidden"];
    let role_name = |role: &str| format!("role-{role}");
    let mut main =
        encryption("missing", "") + &encryption("adopted", "") + &encryption("to-clear", "  enable = false");
    main += &encryption("mechanism", "");
    main += &encryption("algorithm", "  encrypt_type = \"sm4_gcm\"");
    main += &byok("another-key", "key-2", ROLE, "");
    main += &encryption("unknown-algorithm", "");
    main += &encryption("unread", "");
    main += &named("one_of", "twice", "  count = 2");
    main.extend(keys.map(|(name, key)| byok(name, key, ROLE, "")));
    main += &byok("key-signing", "signing", ROLE, "  encrypt_type = \"sm4_gcm\"");
    main.extend(roles.map(|role| byok(&role_name(role), "key-1", role, "")));
    main += &byok("elsewhere", "elsewhere", ROLE, "").replace("\"cn-hangzhou\"", "\"cn-beijing\"");
    let role_names = roles.map(role_name);
    let mut log_stores = seen.to_vec();
    log_stores.extend(keys.iter().map(|(name, _)| (*name, none.clone())));
    log_stores.extend(role_names.iter().map(|name| (name.as_str(), none.clone())));
    log_stores.extend(["key-signing", "elsewhere"].map(|name| (name, none.clone())));
    let scene = scene(&log_stores);
    scene.kms("CreateAlias", &[("AliasName", "alias/logs"), ("KeyId", "key-1")]);
    scene.patch_log_store("audit", "unknown-algorithm", &json!({"encrypt_conf": service_key(true, "rot13")}));
    fault(&scene, "unread", "GetLogStore", &denied("GetLogStore", "unread"));
    scene.write("main.tf", &main);
    Printed::by_plan(scene)
}

/// What a plan says of keys and roles that it cannot look at: each Logstore has a provider block of its own.
pub fn what_cannot_be_read() -> Printed {
    let key = byok_conf(true, "key-1", ROLE);
    let log_stores = [
        ("half", Value::Null),
        ("nobody", service_key(true, "default")),
        ("unreachable", Value::Null),
        ("inactive", Value::Null),
        ("used", key.clone()),
        ("odd", key),
    ];
    let of_key = |name, alias: &str| {
        let key = cmk("\"key-1\"", &format!("{:?}", arn(ROLE)));
        encryption(name, &format!("  provider = alicloud.{alias}\n{key}"))
    };
    let stored = encryption("nobody", "  provider = alicloud.nobody")
        + &of_key("used", "inactive")
        + &of_key("odd", "odd");
    let scene = scene(&log_stores);
    let block = |name: &str, more: &str| scene.provider_block(&format!("  alias = {name:?}\n{more}"));
    let blind = ["nobody", "inactive", "odd"].map(|name| block(name, "  preflight = \"off\""));
    scene.write("aliases.tf", &blind.concat());
    scene.write("main.tf", &stored);
    scene.apply();
    let kms =
        |url: &str, block: String| block.replace("    ram = ", &format!("    kms = {url:?}\n    ram = "));
    // A port that was free a moment ago, on which nothing listens.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let refusal = r#"{"RequestId":"00000000-0000-0000-0000-000000000000","Code":"Forbidden.KmsServiceNotEnabled","Message":"The KMS service is not enabled."}"#;
    let refusing = Server::start(|_| (403, refusal.to_owned()));
    let odd = r#"{"RequestId":"R","KeyMetadata":{"KeyId":"key-1","Arn":"acs:kms:cn-hangzhou:1234567890123456:key/key-1","KeyState":"Unavailable","KeySpec":"Aliyun_AES_256","KeyUsage":"ENCRYPT/DECRYPT"}}"#;
    let answering = Server::start(|_| (200, odd.to_owned()));
    let aliases = [
        block("nobody", "").replace("-root\"", "-nobody\""),
        block("half", "").replace("-root\"", "-half\""),
        kms(&format!("http://{port}"), block("unreachable", "  max_retries = 0")),
        kms(&refusing.url(), block("inactive", "")),
        kms(&answering.url(), block("odd", "")),
    ];
    scene.write("aliases.tf", &aliases.concat());
    let new = [("half", "half"), ("unreachable", "unreachable"), ("inactive", "inactive")];
    scene.write("main.tf", &(stored + &new.map(|(name, alias)| of_key(name, alias)).concat()));
    Printed::by_plan(scene)
}

/// What a plan says of changes to what is managed.
pub fn changes() -> Printed {
    let service = service_key(true, "default");
    let with_key = byok_conf(true, "key-1", ROLE);
    let names = ["to-byok", "algorithm", "switched-off", "left", "replaced", "old", "kept", "disabled"];
    let mut log_stores: Vec<_> = names.map(|name| (name, service.clone())).to_vec();
    log_stores.extend(["to-service-key", "key", "role", "region"].map(|name| (name, with_key.clone())));
    log_stores.push(("next", Value::Null));
    let of_key = |name| byok(name, "key-1", ROLE, "");
    let replacing = |algorithm| {
        encryption(
            "replaced",
            &format!("  encrypt_type = {algorithm:?}\n  on_immutable_change = \"replace\""),
        )
    };
    let before: String = ["to-byok", "algorithm", "switched-off", "left", "kept"]
        .map(|name| encryption(name, ""))
        .into_iter()
        .chain(["to-service-key", "key", "role", "region"].map(of_key))
        .chain([replacing("default"), named("old_name", "old", DISABLING), encryption("disabled", DISABLING)])
        .collect();
    let scene = applied(&log_stores, &before);
    let after = [
        byok("to-byok", "key-1", ROLE, ""),
        encryption("algorithm", "  encrypt_type = \"aes_gcm\""),
        encryption("switched-off", "  enable = false"),
        named("left", "next", ""),
        encryption("to-service-key", ""),
        byok("key", "key-2", ROLE, ""),
        byok("role", "key-1", "wider", ""),
        byok("region", "key-1", ROLE, "").replace("\"cn-hangzhou\"", "\"cn-beijing\""),
        replacing("aes_gcm"),
        named(
            "new_name",
            "old",
            &format!("{DISABLING}\n  depends_on = [alicloud_log_store_encryption.switched_off]"),
        ),
    ];
    scene.write("main.tf", &after.concat());
    // What has left the configuration is planned first.
    fault(&scene, "switched-off", "GetLogStore", &json!({"delay": {"ms": 700}}));
    Printed::by_plan(scene)
}

/// What an apply says where SLS does not do what it is asked.
pub fn apply() -> Printed {
    let names =
        ["ignored", "slow", "redundant", "not-offered", "in-doubt", "failing", "refused", "refused-byok"];
    let mut log_stores: Vec<_> = names.map(|name| (name, Value::Null)).to_vec();
    log_stores.extend(["one-of-0", "one-of-1"].map(|name| (name, Value::Null)));
    let scene = scene(&log_stores);
    scene.provider("  max_retries = 1");
    let dedicated = "  alias = \"dedicated\"\n  encryption_api = \"update_logstore_encryption\"";
    scene.write("dedicated.tf", &scene.provider_block(dedicated));
    let reader = scene.provider_block("  alias = \"reader\"").replace("-root\"", "-reader\"");
    scene.write("reader.tf", &reader);
    let mut main = encryption("ignored", "  timeouts = { create = \"3s\" }")
        + &encryption("not-offered", "  provider = alicloud.dedicated")
        + &encryption("refused", "  provider = alicloud.reader")
        + &encryption("missing", "  timeouts = { create = \"2s\" }")
        + &byok("refused-byok", "key-1", ROLE, "  provider = alicloud.reader")
        + "resource \"terraform_data\" \"key\" {\n  input = \"disabled\"\n}\n";
    main += &["slow", "redundant", "in-doubt", "failing"].map(|name| encryption(name, "")).concat();
    let key = cmk("terraform_data.key.output", &format!("{:?}", arn(ROLE)));
    main += &named("one_of", "one-of-${count.index}", &format!("  count = 2\n{key}"));
    let update = |name, effect: &Value| fault(&scene, name, "UpdateLogStore", effect);
    scene.fault(&json!({"action": "UpdateLogStore", "logstore": "ignored", "effect": "ignore"}));
    fault(&scene, "slow", "GetLogStore", &json!({"delay": {"ms": 1100}}));
    update("redundant", &error(400, "ParameterInvalid", "redundant key exist in json"));
    let method = error(405, "InvalidMethod", "invalid request method: /logstores/not-offered/encryption");
    fault(&scene, "not-offered", "UpdateLogStoreEncryption", &method);
    scene.fault(&json!({"action": "UpdateLogStore", "logstore": "in-doubt", "effect": "drop_before"}));
    let failing = error(500, "InternalServerError", "Internal server error");
    scene.fault(&json!({"action": "UpdateLogStore", "logstore": "failing", "times": 2, "effect": failing}));
    scene.write("main.tf", &main);
    Printed::by_apply(scene)
}

/// A plan is applied when other things are so than when it was made.
pub fn apply_of_an_old_plan() -> Printed {
    let names = ["rebuilt", "configured"];
    let service = service_key(true, "default");
    let scene = applied(&[(names[0], service.clone()), (names[1], Value::Null)], &encryption("rebuilt", ""));
    scene.write("main.tf", &(encryption("rebuilt", "  enable = false") + &encryption("configured", "")));
    scene.plan().expect_changes();
    rebuild(&scene, "rebuilt", &service);
    // Neither the plan nor the one that the host makes again right before it applies may look.
    scene.fault(&json!({"action": "GetLogStore", "logstore": "configured", "effect": denied("GetLogStore", "configured")}));
    scene.patch_log_store("audit", "configured", &json!({"encrypt_conf": service_key(true, "sm4")}));
    Printed::by(scene, &["apply", "-input=false", "plan.bin"])
}

/// Somebody else writes the same Logstore, again and again.
pub fn another_writer() -> Printed {
    let scene = scene(&[("app", Value::Null)]);
    scene.write("main.tf", &encryption("app", ""));
    scene.fault(&json!({"action": "UpdateLogStore", "times": 10, "effect": "hold"}));
    let ran = {
        let run = scene.start(&["apply", "-auto-approve", "-input=false"]);
        let count = |calls: &[Call], action: &str| calls.iter().filter(|call| call.action == action).count();
        let reads = |calls: &[Call]| {
            calls.iter().filter(|call| call.action == "GetLogStore" && call.status.is_some()).count()
        };
        for sent in 1..=5 {
            scene.await_calls("another update", |calls| count(calls, "UpdateLogStore") == sent);
            scene.patch_log_store("audit", "app", &json!({"ttl": 40 + sent}));
            // One read may be under way that has seen the past.
            let enough = reads(&scene.calls()) + 2;
            scene.await_calls("a look at the Logstore", |calls| reads(calls) >= enough);
            scene.release();
        }
        run.wait()
    };
    Printed { scene, ran }
}

/// A destroy that fails, and one that has nothing to switch off.
pub fn destroy() -> Printed {
    let service = service_key(true, "default");
    let names = ["kept", "failing", "rebuilt"];
    let log_stores = names.map(|name| (name, service.clone()));
    let main = encryption("kept", "") + &encryption("failing", DISABLING) + &encryption("rebuilt", DISABLING);
    let scene = applied(&log_stores, &main);
    scene.provider("  max_retries = 0");
    fault(&scene, "failing", "GetLogStore", &error(500, "InternalServerError", "Internal server error"));
    rebuild(&scene, "rebuilt", &service);
    // One warning of each summary is shown, and which one is left to chance.
    scene.run(&["state", "rm", "alicloud_log_store_encryption.kept"]).succeeded();
    Printed::by(scene, &["destroy", "-auto-approve", "-input=false", "-refresh=false"])
}

/// Two resources of one Logstore, as a version wrote them that did not notice.
fn twins() -> Scene {
    let scene = applied(
        &[("app", service_key(true, "default"))],
        &named("one_of", "app", &format!("  count = 1\n{DISABLING}")),
    );
    let mut state = scene.state();
    let instances = state["resources"][0]["instances"].as_array_mut().unwrap();
    instances[0].as_object_mut().unwrap().remove("private");
    let mut twin = instances[0].clone();
    twin["index_key"] = json!(1);
    instances.push(twin);
    scene.write("terraform.tfstate", &state.to_string());
    scene
}

/// A plan to destroy.
pub fn planned_destroy() -> Printed {
    let scene = applied(&[("app", service_key(true, "default"))], &encryption("app", DISABLING));
    Printed::by(scene, &["plan", "-destroy", "-input=false"])
}

/// Both objects are destroyed. Core makes an ordinary plan before a destroy, and the order in which it reads the two is
/// chance: in one order that plan is an error. The other order is waited for.
pub fn destroy_of_twins() -> Printed {
    let destroy = || Printed::by(twins(), &["destroy", "-auto-approve", "-input=false"]);
    let is_carried_out = |printed: &Printed| printed.ran.exit_code == Some(0);
    (0..20).map(|_| destroy()).find(is_carried_out).unwrap_or_else(destroy)
}

/// Names that turn out, at apply, to be those of a Logstore that another resource configures.
pub fn names_known_at_apply() -> Printed {
    let scene = scene(&[("app", Value::Null)]);
    let name = "resource \"terraform_data\" \"name\" {\n  input = \"app\"\n}\n";
    let these = "resource \"alicloud_log_store_encryption\" \"one_of\" {\n  count = 2\n  project_name  = \"audit\"\n  logstore_name = terraform_data.name.output\n}\n";
    scene.write("main.tf", &format!("{name}{these}"));
    Printed::by_apply(scene)
}

/// An import of a Logstore that was never configured.
pub fn import_of_nothing() -> Printed {
    let scene = scene(&[("app", Value::Null)]);
    scene.write("main.tf", &encryption("app", ""));
    Printed::by(scene, &["import", "-input=false", "alicloud_log_store_encryption.app", "audit:app"])
}

/// A move from the resource type that creates the Logstore.
pub fn move_of_a_logstore() -> Printed {
    let scene = scene(&[("app", service_key(true, "default"))]);
    write_state(&scene, "alicloud_log_store", &json!({"project_name": "audit", "logstore_name": "app"}));
    let moved = "moved {\n  from = alicloud_log_store.old\n  to   = alicloud_log_store_encryption.app\n}\n";
    scene.write("moved.tf", moved);
    scene.write("main.tf", &encryption("app", ""));
    Printed::by_plan(scene)
}

/// A move from an unknown resource type.
pub fn move_of_another_type() -> Printed {
    let scene = scene(&[("app", service_key(true, "default"))]);
    scene.write("main.tf", "resource \"terraform_data\" \"app\" {}\n");
    scene.apply();
    let moved = "moved {\n  from = terraform_data.app\n  to   = alicloud_log_store_encryption.app\n}\n";
    scene.write("moved.tf", moved);
    scene.write("main.tf", &encryption("app", ""));
    Printed::by_plan(scene)
}

/// An import with a text that is not an id.
pub fn malformed_import() -> Printed {
    let scene = scene(&[("app", service_key(true, "default"))]);
    scene.write("main.tf", &encryption("app", ""));
    Printed::by(scene, &["import", "-input=false", "alicloud_log_store_encryption.app", "audit/app"])
}
