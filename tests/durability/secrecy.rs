//! No secret is in the folder in a form that can be read.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde_json::json;

use test_support::Key;

use crate::client::log_group;
use crate::restart::{ENCRYPT_TYPES, customer_key};
use crate::server::Folder;

const STS: &str = "2015-04-01";
const RAM: &str = "2015-05-01";
const KMS: &str = "2016-01-20";

/// Where a text or key is in a heap of bytes, as it is or in a form that everyone can undo.
fn found(heap: &[u8], secret: &[u8]) -> Option<&'static str> {
    let forms = [
        ("itself", secret.to_vec()),
        ("in hexadecimal", hex::encode(secret).into_bytes()),
        ("in base64", STANDARD.encode(secret).trim_end_matches('=').as_bytes().to_vec()),
        ("in base64 for URLs", URL_SAFE.encode(secret).trim_end_matches('=').as_bytes().to_vec()),
    ];
    let is_there = |form: &[u8]| heap.windows(form.len()).any(|window| window.eq_ignore_ascii_case(form));
    forms.into_iter().find(|(_, form)| is_there(form)).map(|(name, _)| name)
}

#[test]
fn neither_logs_nor_secrets_are_in_the_folder() {
    let folder = Folder::new();
    let seed = folder.beside("seed.json");
    let seeded = json!({
        "access_keys": [{"id": "ak-root", "secret": "sk-root-canary-secret"},
            {"id": "ak-user", "secret": "user-canary-secret", "user": "alice"}],
        "users": [{"name": "alice", "policies": ["AdministratorAccess"]}],
        "projects": [{"name": "proj"}],
    });
    std::fs::write(&seed, seeded.to_string()).unwrap();
    let server = folder.start_with(&["--seed", seed.to_str().unwrap()]);
    let root = Key { secret: "sk-root-canary-secret".to_owned(), ..Key::root() };
    let mut client = server.client().with_key(root);
    let user_cmk_info = customer_key(&mut client);
    client.create_logstore("clear", None);
    client.put("clear", &log_group("topic", "canary-in-clear"));
    for encrypt_type in ENCRYPT_TYPES {
        let mut conf = json!({"enable": true, "encrypt_type": encrypt_type});
        client.create_logstore(&format!("own_{encrypt_type}"), Some(conf.clone()));
        conf["user_cmk_info"] = user_cmk_info.clone();
        client.create_logstore(&format!("byok_{encrypt_type}"), Some(conf));
        for mechanism in ["own", "byok"] {
            client.put(&format!("{mechanism}_{encrypt_type}"), &log_group("topic", "canary-of-a-log"));
        }
    }

    // A session, and a data key that KMS knows.
    let trust = json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"RAM": ["acs:ram::1234567890123456:root"]}}]});
    let parameters = [("RoleName", "session"), ("AssumeRolePolicyDocument", &trust.to_string())];
    let role = client.rpc((RAM, "CreateRole"), &parameters);
    let alice = Key { id: "ak-user".to_owned(), secret: "user-canary-secret".to_owned(), token: None };
    let arn = role["Role"]["Arn"].as_str().unwrap();
    let parameters = [("RoleArn", arn), ("RoleSessionName", "session")];
    let session = server.client().with_key(alice).rpc((STS, "AssumeRole"), &parameters);
    let key_id = user_cmk_info["cmk_key_id"].as_str().unwrap();
    let data_key = client.rpc((KMS, "GenerateDataKey"), &[("KeyId", key_id)]);
    let data_key = STANDARD.decode(data_key["Plaintext"].as_str().unwrap()).unwrap();
    let master = std::fs::read_to_string(folder.beside("data.master-key")).unwrap();
    let master = hex::decode(master.trim_end()).unwrap();

    let texts =
        ["AccessKeySecret", "SecurityToken"].map(|name| session["Credentials"][name].as_str().unwrap());
    let texts = texts.into_iter().chain(["sk-root-canary-secret", "user-canary-secret", "canary-of-a-log"]);
    let secrets = texts.map(str::as_bytes).chain([data_key.as_slice(), master.as_slice()]);
    let secrets: Vec<&[u8]> = secrets.collect();
    // While it runs, after a stop, and after another start.
    let running = folder.bytes();
    server.stop();
    let stopped = folder.bytes();
    drop(folder.start());
    for heap in [running, stopped, folder.bytes()] {
        assert_eq!(found(&heap, b"canary-in-clear"), Some("itself"), "the search finds what is there");
        for (number, secret) in secrets.iter().enumerate() {
            assert_eq!(found(&heap, secret), None, "secret {number}");
        }
    }
}
