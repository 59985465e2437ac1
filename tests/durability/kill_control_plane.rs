//! SIGKILL while Logstores, attachments and keys are made.

use std::collections::BTreeSet;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use serde_json::{Value, json};
use test_support::extent::Extent;

use crate::client::Client;
use crate::server::Folder;

/// How often the emulator is killed in a short run.
const SHORT_RUN: u64 = 12;
/// Far more than is made until the emulator is killed.
const MOST_WRITES: usize = 1_000_000;
const RAM: &str = "2015-05-01";
const KMS: &str = "2016-01-20";
const POLICY: &str =
    r#"{"Version": "1", "Statement": [{"Effect": "Allow", "Action": "log:*", "Resource": "*"}]}"#;

/// Makes one thing after the other until the connection breaks: the names of what was acknowledged.
fn make_all(
    mut next: impl FnMut(usize) -> std::io::Result<String> + Send + 'static,
    acknowledgements: Sender<()>,
) -> thread::JoinHandle<Vec<String>> {
    thread::spawn(move || {
        let mut made = Vec::new();
        for number in 0..MOST_WRITES {
            match next(number) {
                Ok(name) => made.push(name),
                Err(_) => return made,
            }
            let _ = acknowledgements.send(());
        }
        panic!("after {MOST_WRITES} writes the emulator has not been killed")
    })
}

/// Logstores that are made in a round.
const LOGSTORES: usize = 10;

fn logstores(mut client: Client, round: u64) -> impl FnMut(usize) -> std::io::Result<String> {
    move |number| {
        let name = format!("store-{round}-{}", number % LOGSTORES);
        if number >= LOGSTORES {
            client.try_sls("DELETE", &format!("/logstores/{name}"), &Value::Null)?.expect_success();
        }
        let body = json!({"logstoreName": name, "ttl": 30, "shardCount": 2});
        client.try_sls("POST", "/logstores", &body)?.expect_success();
        Ok(name)
    }
}

fn attachments(mut client: Client, round: u64) -> impl FnMut(usize) -> std::io::Result<String> {
    move |number| {
        let user = format!("user-{round}-{number}");
        client.try_rpc((RAM, "CreateUser"), &[("UserName", &user)])?.expect_success();
        let parameters = [("UserName", user.as_str()), ("PolicyName", "logs"), ("PolicyType", "Custom")];
        client.try_rpc((RAM, "AttachPolicyToUser"), &parameters)?.expect_success();
        Ok(user)
    }
}

fn keys(mut client: Client, round: u64) -> impl FnMut(usize) -> std::io::Result<String> {
    move |number| {
        let description = format!("key-{round}-{number}");
        let key =
            client.try_rpc((KMS, "CreateKey"), &[("Description", &description)])?.expect_success().json();
        Ok(key["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned())
    }
}

#[test]
fn no_acknowledged_write_of_the_control_plane_is_lost() {
    let extent = Extent::read(SHORT_RUN);
    let _or_replay = extent.or_replay("--test durability kill_control_plane");
    let mut random = fastrand::Rng::with_seed(extent.seed);
    let folder = Folder::new();
    let mut server = folder.start();
    server.client().create_project();
    server.client().rpc((RAM, "CreatePolicy"), &[("PolicyName", "logs"), ("PolicyDocument", POLICY)]);
    let (mut users, mut key_ids) = (BTreeSet::new(), BTreeSet::new());
    for round in extent.rounds(1.0) {
        let (sender, acknowledgements) = channel();
        let makers = [
            make_all(logstores(server.client(), round), sender.clone()),
            make_all(attachments(server.client(), round), sender.clone()),
            make_all(keys(server.client(), round), sender.clone()),
        ];
        drop(sender);
        let after = random.usize(3..=30);
        assert_eq!(acknowledgements.iter().take(after).count(), after);
        server.kill();
        let [logstores, attached, keys] = makers.map(|maker| maker.join().unwrap());
        users.extend(attached);
        key_ids.extend(keys);
        server = folder.start();
        let mut client = server.client();
        // The last is deleted and made again by turns: the one that was under way may be gone.
        for name in logstores.iter().rev().take(LOGSTORES - 1) {
            let logstore =
                client.sls("GET", &format!("/logstores/{name}"), &Value::Null).expect_success().json();
            assert_eq!(logstore["shardCount"], 2, "{name}");
        }
        // A project takes 200 of them.
        for number in 0..LOGSTORES {
            client.sls("DELETE", &format!("/logstores/store-{round}-{number}"), &Value::Null);
        }
    }
    let mut client = server.client();
    for user in &users {
        let policies = client.rpc((RAM, "ListPoliciesForUser"), &[("UserName", user)]);
        assert_eq!(policies["Policies"]["Policy"][0]["PolicyName"], "logs", "{user}: {policies}");
    }
    for key in &key_ids {
        client.rpc((KMS, "DescribeKey"), &[("KeyId", key)]);
    }
    assert!(!users.is_empty() && !key_ids.is_empty());
}
