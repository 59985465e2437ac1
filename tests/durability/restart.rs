//! What is there again after a restart, and what a seed and a reset do with a folder.

use std::fs;

use serde_json::{Value, json};

use crate::client::log_group;
use crate::server::Folder;

const RAM: &str = "2015-05-01";
const KMS: &str = "2016-01-20";

/// Every spelling of an algorithm.
pub const ENCRYPT_TYPES: [&str; 11] = [
    "default", "m4", "sm4", "sm4_ecb", "sm4_cbc", "sm4_gcm", "aes_ecb", "aes_cbc", "aes_cfb", "aes_ofb",
    "aes_gcm",
];

/// A seed of a project `proj` with a Logstore `seeded`.
const SEED: &str = r#"{"projects": [{"name": "proj", "logstores": [{"logstoreName": "seeded", "ttl": 7}]}]}"#;

/// A customer's key, and a role that SLS may use it in: the `user_cmk_info` for it.
pub fn customer_key(client: &mut crate::client::Client) -> Value {
    let key = client.rpc((KMS, "CreateKey"), &[]);
    let trust = json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": ["log.aliyuncs.com"]}}]});
    let parameters = [("RoleName", "byok"), ("AssumeRolePolicyDocument", &trust.to_string())];
    let role = client.rpc((RAM, "CreateRole"), &parameters);
    let parameters =
        [("RoleName", "byok"), ("PolicyName", "AliyunKMSCryptoUserAccess"), ("PolicyType", "System")];
    client.rpc((RAM, "AttachPolicyToRole"), &parameters);
    json!({"cmk_key_id": key["KeyMetadata"]["KeyId"], "arn": role["Role"]["Arn"], "region_id": "cn-hangzhou"})
}

#[test]
fn logs_of_every_encrypt_type_are_pulled_back_after_a_kill_and_after_a_stop() {
    let folder = Folder::new();
    let mut server = folder.start();
    let mut client = server.client();
    client.create_project();
    let user_cmk_info = customer_key(&mut client);
    let mut stores = vec![("clear".to_owned(), None)];
    for encrypt_type in ENCRYPT_TYPES {
        let conf = json!({"enable": true, "encrypt_type": encrypt_type});
        stores.push((format!("own_{encrypt_type}"), Some(conf.clone())));
        let mut byok = conf;
        byok["user_cmk_info"] = user_cmk_info.clone();
        stores.push((format!("byok_{encrypt_type}"), Some(byok)));
    }
    let groups: Vec<_> = ["one", "two"].map(|topic| log_group(topic, &topic.repeat(100))).into();
    for (name, conf) in stores.clone() {
        client.create_logstore(&name, conf);
        for group in &groups {
            client.put(&name, group);
        }
    }
    for kills in [true, false] {
        if kills {
            server.kill();
        } else {
            server.stop();
        }
        server = folder.start();
        let mut client = server.client();
        for (name, conf) in &stores {
            assert_eq!(client.pull(name), groups, "{name}");
            let logstore =
                client.sls("GET", &format!("/logstores/{name}"), &Value::Null).expect_success().json();
            assert_eq!(logstore.get("encrypt_conf"), conf.as_ref(), "{name}");
        }
    }
    // Not only readable: written to as well.
    let mut client = server.client();
    for (name, _) in &stores {
        client.put(name, &groups[0]);
        assert_eq!(client.pull(name).len(), 3, "{name}");
    }
}

#[test]
fn inspect_shows_what_is_sealed_and_what_is_not() {
    let folder = Folder::new();
    let server = folder.start();
    let mut client = server.client();
    client.create_project();
    client.create_logstore("clear", None);
    client.create_logstore("own", Some(json!({"enable": true, "encrypt_type": "sm4_cbc"})));
    let user_cmk_info = customer_key(&mut client);
    let byok = json!({"enable": true, "encrypt_type": "default", "user_cmk_info": user_cmk_info});
    client.create_logstore("byok", Some(byok));
    for name in ["clear", "own", "byok"] {
        client.put(name, &log_group("topic", "canary"));
    }
    // Not stopped but killed: the file is as a crash leaves it.
    server.kill();
    let before = fs::read(folder.file()).unwrap();
    let inspect = |arguments: &[&str]| {
        let output = folder.inspect(arguments);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), stderr.as_str()), (Some(0), ""));
        String::from_utf8(output.stdout).unwrap()
    };
    let clear = inspect(&["proj", "clear"]);
    for expected in ["never configured", "data key: none", "1 blocks", "in clear", "message"] {
        assert!(clear.contains(expected), "{expected}: {clear}");
    }
    let own = inspect(&["proj", "own"]);
    for expected in ["enabled, sm4_cbc, under the service key", "wrapped by the service key", "SM4-CBC, iv "]
    {
        assert!(own.contains(expected), "{expected}: {own}");
    }
    let byok = inspect(&["proj", "byok", "--json"]);
    let byok_json: Value = serde_json::from_str(&byok).unwrap();
    assert_eq!(byok_json["encrypt_conf"]["user_cmk_info"], user_cmk_info);
    assert_eq!(byok_json["data_key"]["wrapped_by"], "KMS");
    assert_eq!(byok_json["shards"][0]["last"][0]["algorithm"], "AES-256-GCM");
    assert_eq!(byok_json["is_authenticated"], false);
    assert!(!own.contains("message") && !byok.contains(&hex::encode("message")));
    assert_eq!(fs::read(folder.file()).unwrap(), before, "inspect changes nothing");
    assert_eq!(folder.inspect(&["proj", "other"]).status.code(), Some(1));
}

#[test]
fn a_seed_is_taken_at_the_first_start_only_and_a_reset_goes_back_to_it() {
    let folder = Folder::new();
    let seed = folder.beside("seed.json");
    fs::write(&seed, SEED).unwrap();
    let arguments = ["--seed", seed.to_str().unwrap()];
    let server = folder.start_with(&arguments);
    let mut client = server.client();
    client.create_logstore("added", Some(json!({"enable": true, "encrypt_type": "m4"})));
    client.put("added", &log_group("topic", "value"));
    client.put("seeded", &log_group("topic", "value"));
    client.control("POST", "clock", r#"{"advance_seconds": 100}"#).expect_success();
    assert!(!server.stop().contains("passed over"));

    let server = folder.start_with(&arguments);
    let mut client = server.client();
    assert_eq!((client.pull("added").len(), client.pull("seeded").len()), (1, 1));
    client.control("POST", "reset", "").expect_success();
    assert_eq!(client.sls("GET", "/logstores/added", &Value::Null).status, 404);
    assert!(client.pull("seeded").is_empty());
    client.put("seeded", &log_group("after", "value"));
    let stderr = server.stop();
    assert!(stderr.contains("the seed is passed over"), "{stderr}");

    let server = folder.start();
    let mut client = server.client();
    assert_eq!(client.sls("GET", "/logstores/added", &Value::Null).status, 404);
    assert_eq!(client.pull("seeded").len(), 1);
    server.stop();

    fs::write(&seed, r#"{"account_id": "42"}"#).unwrap();
    let before = fs::read(folder.file()).unwrap();
    let (_, stderr) = folder.refused(&arguments);
    assert!(stderr.contains("the seed is of account 42"), "{stderr}");
    assert_eq!(fs::read(folder.file()).unwrap().len(), before.len());
}

#[test]
fn people_sessions_keys_and_the_clock_are_there_again() {
    let folder = Folder::new();
    let server = folder.start();
    let mut client = server.client();
    let info = customer_key(&mut client);
    let key_id = info["cmk_key_id"].as_str().unwrap().to_owned();
    let blob = client.rpc((KMS, "Encrypt"), &[("KeyId", &key_id), ("Plaintext", "aGVsbG8=")]);
    let blob = blob["CiphertextBlob"].as_str().unwrap().to_owned();
    client.rpc((KMS, "CreateAlias"), &[("KeyId", &key_id), ("AliasName", "alias/mine")]);
    let roles = client.rpc((RAM, "ListPoliciesForRole"), &[("RoleName", "byok")]);
    client.control("POST", "clock", r#"{"advance_seconds": 300}"#).expect_success();
    server.kill();

    let server = folder.start();
    let mut client = server.client();
    let opened = client.rpc((KMS, "Decrypt"), &[("CiphertextBlob", &blob)]);
    assert_eq!(opened["Plaintext"], "aGVsbG8=");
    let described = client.rpc((KMS, "DescribeKey"), &[("KeyId", "alias/mine")]);
    assert_eq!(described["KeyMetadata"]["KeyId"], key_id.as_str());
    let again = client.rpc((RAM, "ListPoliciesForRole"), &[("RoleName", "byok")]);
    assert_eq!(again["Policies"], roles["Policies"]);
    let health = client.control("GET", "health", "").json();
    let time = time::OffsetDateTime::parse(
        health["time"].as_str().unwrap(),
        &time::format_description::well_known::Iso8601::DEFAULT,
    );
    let ahead = time.unwrap() - time::OffsetDateTime::now_utc();
    assert!((250..=310).contains(&ahead.whole_seconds()), "{ahead}");
}

#[test]
fn what_a_fault_kept_from_being_applied_is_not_stored_and_what_it_only_hid_is() {
    let folder = Folder::new();
    let server = folder.start();
    let mut client = server.client();
    client.create_project();
    let fault =
        |effect: &str| format!(r#"{{"service": "sls", "action": "CreateLogStore", "effect": {effect}}}"#);
    let create = |name: &str| json!({"logstoreName": name, "ttl": 30, "shardCount": 1});
    client.control("POST", "faults", &fault("\"ignore\"")).expect_success();
    client.sls("POST", "/logstores", &create("ignored")).expect_success();
    client.control("POST", "faults", &fault("\"drop_after\"")).expect_success();
    assert!(client.try_sls("POST", "/logstores", &create("hidden")).is_err());
    client.control("POST", "faults", &fault("\"drop_before\"")).expect_success();
    assert!(client.try_sls("POST", "/logstores", &create("dropped")).is_err());
    server.kill();
    let server = folder.start();
    let mut client = server.client();
    for (name, status) in [("ignored", 404), ("hidden", 200), ("dropped", 404)] {
        assert_eq!(client.sls("GET", &format!("/logstores/{name}"), &Value::Null).status, status, "{name}");
    }
}
