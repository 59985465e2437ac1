//! What the official Terraform provider (`aliyun/terraform-provider-alicloud`) asks of RAM, KMS and STS for its
//! resources and data sources, and what it reads in the answers, step by step, as its sources and its acceptance
//! tests have it. These tests run on the cloud: what they expect there is a fact.
//!
//! It calls in two forms. Newer resources send the parameters of an action in a form, the others in the query; both
//! sign in version 1 with the method `POST`.

mod data_sources;
mod kms;
mod ram;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use test_support::async_http::exchange;
use test_support::{Key, RpcRequest};

use crate::client::TestServer;

/// Where a call has the parameters of its action.
#[derive(Clone, Copy, Debug)]
enum Form {
    /// In a form.
    Body,
    /// In the query, with the region.
    Query,
}
use Form::{Body, Query};

/// A call, and what is expected of it.
#[derive(Clone, Debug)]
struct Step {
    form: Form,
    action: &'static str,
    /// `{name}` stands for what an earlier step has kept under that name.
    parameters: &'static [(&'static str, &'static str)],
    expected: Expected,
}

#[derive(Clone, Copy, Debug)]
enum Expected {
    /// Success: what the provider reads, by its JSON pointer. [`SET`] is anything but empty, [`NONE`] that there is
    /// no such member; a value that begins with `=` is kept under the name that follows.
    Read(&'static [(&'static str, &'static str)]),
    /// An error that it tells from others by its code.
    Refused(u16, &'static str),
}
use Expected::{Read, Refused};

const SET: &str = "(set)";
const NONE: &str = "(none)";

/// A resource or data source: how it is made and changed, how it is read, and how it is destroyed.
#[derive(Clone, Debug)]
struct Flow {
    of: &'static str,
    make: Vec<Step>,
    read: Vec<Step>,
    destroy: Vec<Step>,
}

fn step(
    form: Form,
    action: &'static str,
    parameters: &'static [(&'static str, &'static str)],
    expected: Expected,
) -> Step {
    Step { form, action, parameters, expected }
}

const DONE: Expected = Read(&[]);
const DOCUMENT: &str =
    r#"{"Version": "1", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}"#;

/// Users come first, for the others are attached to them; what is made first is destroyed last.
fn flows() -> Vec<Flow> {
    vec![
        ram::user(),
        ram::group(),
        ram::group_membership(),
        ram::role(),
        ram::policy(),
        ram::attachments(),
        ram::access_key(),
        ram::login_profile(),
        ram::account_alias(),
        kms::key(),
        kms::key_in_an_instance(),
        kms::alias(),
        kms::ciphertext(),
        kms::key_version(),
        data_sources::flow(),
    ]
}

/// The version of the API that has an action: what it is called for, and by whom, says which service.
fn version(of: &str, action: &str) -> &'static str {
    match action {
        "GetCallerIdentity" => "2015-04-01",
        "ListKeys" => "2016-01-20",
        _ if of.starts_with("alicloud_kms") => "2016-01-20",
        _ => "2015-05-01",
    }
}

/// A run of the provider: what earlier steps have kept.
#[derive(Debug, Default)]
struct Run {
    kept: BTreeMap<&'static str, String>,
}

impl Run {
    fn filled(&self, text: &str) -> String {
        let kept = self.kept.iter();
        kept.fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
    }

    async fn call(&self, server: &TestServer, key: &Key, of: &str, step: &Step) -> (u16, Value) {
        let filled: Vec<(&str, String)> =
            step.parameters.iter().map(|(name, value)| (*name, self.filled(value))).collect();
        let mut parameters: Vec<(&str, &str)> =
            filled.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let (query, form): (&[_], &[_]) = match step.form {
            Body => (&[("Format", "json")], &parameters),
            Query => {
                parameters.extend([("Format", "JSON"), ("RegionId", "cn-hangzhou"), ("SignatureType", "")]);
                (&parameters, &[])
            }
        };
        let request = RpcRequest {
            method: "POST",
            host: "127.0.0.1",
            action: (version(of, step.action), step.action),
            time: "2026-11-20T08:00:00Z",
            query,
            form: Some(form),
        };
        let answer = exchange(server.addr(), &request.signed(key)).await.unwrap();
        (answer.status, answer.json())
    }

    async fn take(&mut self, server: &TestServer, flow: &Flow, steps: &[Step]) {
        for step in steps {
            let (status, answer) = self.call(server, &Key::root(), flow.of, step).await;
            let what = format!("{}, {} {:?}: {status} {answer}", flow.of, step.action, step.parameters);
            match step.expected {
                Refused(expected, code) => {
                    assert_eq!((status, answer["Code"].as_str()), (expected, Some(code)), "{what}");
                }
                Read(members) => {
                    assert_eq!(status, 200, "{what}");
                    for (pointer, expected) in members {
                        self.check(&answer, pointer, expected, &what);
                    }
                }
            }
        }
    }

    fn check(&mut self, answer: &Value, pointer: &str, expected: &'static str, what: &str) {
        let found =
            answer.pointer(pointer).map(|value| value.as_str().map_or(value.to_string(), str::to_owned));
        if expected == NONE {
            assert_eq!(found, None, "{pointer}: {what}");
            return;
        }
        let found = found.unwrap_or_else(|| panic!("there is no {pointer}: {what}"));
        match expected.strip_prefix('=') {
            Some(name) => drop(self.kept.insert(name, found)),
            None if expected == SET => assert!(!found.is_empty(), "{pointer} is empty: {what}"),
            None => assert_eq!(found, self.filled(expected), "{pointer}: {what}"),
        }
    }

    async fn make(&mut self, server: &TestServer) {
        for flow in flows() {
            self.take(server, &flow, &flow.make).await;
        }
    }

    async fn read(&mut self, server: &TestServer) {
        for flow in flows() {
            self.take(server, &flow, &flow.read).await;
        }
    }

    async fn destroy(&mut self, server: &TestServer) {
        for flow in flows().into_iter().rev() {
            self.take(server, &flow, &flow.destroy).await;
        }
    }
}

/// Nothing but an account and its key.
fn seed() -> String {
    json!({"access_keys": [{"id": "ak-root", "secret": "sk-root"}]}).to_string()
}

/// What it makes it reads back as it expects, also after a restart, and what it destroys is gone.
#[tokio::test]
async fn its_resources_and_data_sources_find_what_they_expect() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = Run::default();
    let server = TestServer::in_folder(&seed(), folder.path()).await;
    run.make(&server).await;
    run.read(&server).await;
    server.shutdown().await;

    let server = TestServer::in_folder(&seed(), folder.path()).await;
    run.read(&server).await;
    run.destroy(&server).await;
    server.shutdown().await;

    let server = TestServer::in_folder(&seed(), folder.path()).await;
    let left = server.control("GET", "state", "").await;
    assert_eq!((&left["users"], &left["roles"]), (&json!([]), &json!([])));
}

/// Each of these calls takes a permission of its own, but for the one that tells callers who they are.
#[tokio::test]
async fn who_may_do_nothing_gets_none_of_it() {
    const RAM: &str = "2015-05-01";
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::in_folder(&seed(), folder.path()).await;
    let mut run = Run::default();
    run.make(&server).await;
    let made = server.rpc(&Key::root(), (RAM, "CreateUser"), &[("UserName", "nobody")]).await;
    assert_eq!(made.status, 200, "{}", made.text());
    let made = server.rpc(&Key::root(), (RAM, "CreateAccessKey"), &[("UserName", "nobody")]).await.json();
    let member = |name: &str| made["AccessKey"][name].as_str().unwrap().to_owned();
    let nobody = Key::new(&member("AccessKeyId"), &member("AccessKeySecret"));
    let mut asked = 0;
    for flow in flows() {
        // What names something that is not there is another error in KMS, which has to find the key to know its
        // resource.
        let steps = [&flow.make, &flow.read, &flow.destroy].into_iter().flatten();
        for step in steps.filter(|step| !step.parameters.iter().any(|(_, value)| value.ends_with("none"))) {
            let (status, answer) = run.call(&server, &nobody, flow.of, step).await;
            let expected = match version(flow.of, step.action) {
                "2015-04-01" => (200, None),
                RAM => (403, Some("NoPermission")),
                _ => (403, Some("Forbidden.NoPermission")),
            };
            assert_eq!((status, answer["Code"].as_str()), expected, "{} {}: {answer}", flow.of, step.action);
            asked += 1;
        }
    }
    assert!(asked > 100, "{asked}");
}
