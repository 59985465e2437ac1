//! Every text in every answer of the four services, with characters that a terminal obeys, one at a time.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use emulator::{Clock, Config, Emulator, Seed};
use futures_util::StreamExt as _;
use serde_json::{Value as Json, json};
use test_support::exchange;
use test_support::network::{Answer, Server};
use test_support::waiting::within_limit;

use super::plugin::{Plugin, Told};
use crate::client::pb::tfplugin6 as pb;

/// What is put behind the texts of answers: it clears the screen in both codes, turns text around, and prints a line of
/// its own.
const HOSTILE: &str =
    "\u{1b}[2J\u{9b}31m\u{7f}~\u{202e}~\u{2066}~\u{200e}~\u{61c}~\u{2028}~\rApply complete!\nApply complete!";

/// The parts of it that must reach nobody. The last one is allowed where a text may have several lines.
const PARTS: [&str; 9] = [
    "\u{1b}[2J",
    "\u{9b}31m",
    "\u{7f}~",
    "\u{202e}~",
    "\u{2066}~",
    "\u{200e}~",
    "\u{61c}~",
    "\u{2028}~",
    "\rApply complete!",
];

/// Texts that may have several lines in a state: the host shows them as such.
const OF_SEVERAL_LINES: [&str; 3] = ["Description", "AssumeRolePolicyDocument", "PolicyDocument"];

/// A text in an answer: of which action, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    action: String,
    pointer: String,
}

/// Stands between the provider and the emulator, and changes one text of the answers.
struct Relay {
    server: Server,
    places: Arc<Mutex<BTreeSet<Place>>>,
}

impl Relay {
    fn start(emulator: SocketAddr, hostile: Option<Place>) -> Self {
        let places = Arc::<Mutex<BTreeSet<Place>>>::default();
        let seen = Arc::clone(&places);
        let server = Server::start_answering(move |head, body| {
            let answer = exchange(emulator, [head, body].concat().as_bytes()).unwrap();
            let action = action_of(head);
            let mut json: Json = serde_json::from_slice(&answer.body).unwrap_or_default();
            let mut pointers = Vec::new();
            texts(&json, String::new(), &mut pointers);
            seen.lock()
                .unwrap()
                .extend(pointers.into_iter().map(|pointer| Place { action: action.clone(), pointer }));
            if let Some(place) = hostile.as_ref().filter(|place| place.action == action)
                && let Some(Json::String(text)) = json.pointer_mut(&place.pointer)
            {
                text.push_str(HOSTILE);
            }
            let body = if json.is_null() { answer.text() } else { json.to_string() };
            let kept = |(name, _): &(String, String)| name.to_ascii_lowercase().starts_with("x-");
            Answer { status: answer.status, headers: answer.headers.into_iter().filter(kept).collect(), body }
        });
        Self { server, places }
    }
}

/// The action of an RPC service, or method and path of a request to SLS.
fn action_of(head: &str) -> String {
    let line = head.lines().next().unwrap_or_default();
    let header = head.lines().find_map(|line| line.strip_prefix("x-acs-action: "));
    header.map_or_else(|| line.split(['?']).next().unwrap_or_default().to_owned(), str::to_owned)
}

fn texts(json: &Json, pointer: String, found: &mut Vec<String>) {
    match json {
        Json::String(_) => found.push(pointer),
        Json::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                texts(item, format!("{pointer}/{index}"), found);
            }
        }
        Json::Object(members) => {
            for (name, member) in members {
                texts(member, format!("{pointer}/{name}"), found);
            }
        }
        _ => {}
    }
}

const ARN: &str = "acs:ram::1234567890123456:role/sls-byok";

async fn emulator() -> Emulator {
    let trust = json!({ "Version": "1", "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": { "Service": ["log.aliyuncs.com"] } }] });
    let may = |name: &str, action: &str, resource: &str| {
        json!({ "name": name, "document": { "Version": "1",
            "Statement": [{ "Effect": "Allow", "Action": action, "Resource": resource }] } })
    };
    let byok = json!({ "enable": true, "encrypt_type": "default",
        "user_cmk_info": { "cmk_key_id": "key-1", "arn": ARN, "region_id": "cn-hangzhou" } });
    let seed = json!({
        "access_keys": [{ "id": "ak-ci", "secret": "sk-of-the-pipeline", "user": "ci" }],
        "groups": [{ "name": "pipelines", "policies": [may("look", "ram:Get*", "*")] }],
        "users": [{ "name": "ci", "groups": ["pipelines"],
            "policies": [may("everything", "*", "*"), may("sls-byok-pass-role", "ram:PassRole", ARN)] }],
        "roles": [{ "name": "sls-byok", "assume_role_policy_document": trust,
            "policies": ["AliyunKMSReadOnlyAccess", "AliyunKMSCryptoUserAccess", may("foreign", "oss:*", "*")] }],
        "keys": [{ "id": "key-1" }, { "id": "key-2", "state": "Disabled" }],
        "projects": [{ "name": "audit", "logstores": [
            { "logstoreName": "app", "createTime": 1_700_000_000, "encrypt_conf": byok },
            { "logstoreName": "plain", "createTime": 1_700_000_000, "productType": "cloudfirewall" },
        ] }],
    });
    let clock = Clock::system();
    let seed = Seed::from_json(&seed.to_string(), &clock).unwrap();
    Emulator::start(Config { seed, clock, ..Config::default() }).await.unwrap()
}

/// Everything that the provider says and stores when it is asked about what the emulator holds, and its log.
async fn everything(url: &str) -> (Told, String) {
    let mut plugin = Plugin::start(&[("TF_LOG_PROVIDER", "info")]).await;
    let endpoints = json!([{ "log": url, "ram": url, "kms": url, "sts": url }]);
    let given = json!({ "access_key": "ak-ci", "secret_key": "sk-of-the-pipeline", "endpoints": endpoints,
        "max_retries": 0, "preflight": "warn" });
    let mut all = plugin.configure(&given).await;
    let key = |id: &str| json!({ "cmk_key_id": id, "arn": ARN, "region_id": "cn-hangzhou" });
    for told in [
        plugin.read_data("alicloud_byok_readiness", &json!({ "cmk_key_id": "key-1", "role_arn": ARN })).await,
        plugin.read_data("alicloud_byok_readiness", &json!({ "cmk_key_id": "key-2", "role_arn": ARN })).await,
        plugin.import("alicloud_log_store_encryption", "audit:app").await,
        plugin.import("alicloud_ram_byok_role", "sls-byok").await,
        plugin
            .read_data(
                "alicloud_log_store_encryption",
                &json!({ "project_name": "audit", "logstore_name": "plain" }),
            )
            .await,
        plugin.read_data("alicloud_log_store_encryptions", &json!({})).await,
        plugin
            .plan(
                "alicloud_log_store_encryption",
                &json!({ "project_name": "audit", "logstore_name": "app" }),
            )
            .await,
        plugin
            .plan(
                "alicloud_log_store_encryption",
                &json!({ "project_name": "audit", "logstore_name": "plain", "user_cmk_info": key("key-2") }),
            )
            .await,
        list(&mut plugin, "alicloud_log_store_encryption").await,
        list(&mut plugin, "alicloud_ram_byok_role").await,
    ] {
        all.diagnostics.extend(told.diagnostics);
        all.values.extend(told.values);
    }
    plugin.assert_alive().await;
    plugin.program.signal("TERM");
    let (_, _, log) = plugin.program.ended();
    (all, log)
}

async fn list(plugin: &mut Plugin, of: &str) -> Told {
    let request = pb::list_resource::Request {
        type_name: of.to_owned(),
        config: Some(plugin.list_block(of)),
        include_resource_object: true,
        limit: 100,
    };
    let mut told = Told::default();
    let call = plugin.provider.list_resource(request);
    let mut events = within_limit("the list", call).await.unwrap().unwrap().into_inner();
    while let Some(event) = within_limit("an event", events.next()).await.unwrap() {
        let event = event.unwrap();
        told.diagnostics.extend(event.diagnostic);
        told.values.push(event.display_name.into_bytes());
        let values = [event.resource_object, event.identity.and_then(|identity| identity.identity_data)];
        told.values.extend(values.into_iter().flatten().map(|value| [value.msgpack, value.json].concat()));
    }
    told
}

fn holds(bytes: &[u8], part: &str) -> bool {
    bytes.windows(part.len()).any(|window| window == part.as_bytes())
}

/// The parts of [`HOSTILE`] that have come through, and where.
fn came_through(place: &Place, told: &Told, log: &str) -> Vec<String> {
    let name = place.pointer.rsplit('/').find(|step| step.parse::<usize>().is_err()).unwrap_or_default();
    let mut found = Vec::new();
    let mut check = |what: &str, bytes: &[u8], line_ends: bool| {
        let line_end = (!line_ends).then_some("\nApply complete!");
        found.extend(
            PARTS
                .into_iter()
                .chain(line_end)
                .filter(|part| holds(bytes, part))
                .map(|part| format!("{part:?} in {what}")),
        );
    };
    for diagnostic in &told.diagnostics {
        check(&diagnostic.summary, diagnostic.summary.as_bytes(), false);
        check(&diagnostic.detail, diagnostic.detail.as_bytes(), false);
    }
    for value in &told.values {
        check("a value", value, OF_SEVERAL_LINES.contains(&name));
    }
    for line in log.lines() {
        let fields: Json = serde_json::from_str(line).unwrap();
        for (name, field) in fields.as_object().unwrap() {
            check(&format!("the log, {name}"), field.as_str().unwrap_or_default().as_bytes(), false);
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn no_text_of_any_answer_reaches_a_terminal_a_log_or_the_state_with_what_a_terminal_obeys() {
    let emulator = emulator().await;
    let clean = Relay::start(emulator.addr(), None);
    let (told, log) = everything(&clean.server.url()).await;
    let errors = told.diagnostics.iter().filter(|told| told.severity() == pb::diagnostic::Severity::Error);
    assert_eq!(errors.count(), 1, "only the plan of a Logstore that has another key fails: {}", told.text());
    let places = clean.places.lock().unwrap().clone();
    for action in
        ["DescribeKey", "GetRole", "ListPoliciesForRole", "GetPolicy", "GetCallerIdentity", "ListRoles"]
    {
        assert!(places.iter().any(|place| place.action == action), "{action} is not among {places:?}");
    }
    assert!(places.iter().filter(|place| place.action.starts_with("GET /")).count() > 15, "{places:?}");

    let mut through = Vec::new();
    let mut runs = futures_util::stream::iter(places.clone())
        .map(|place| {
            let emulator = emulator.addr();
            async move {
                let relay = Relay::start(emulator, Some(place.clone()));
                let (told, log) = everything(&relay.server.url()).await;
                (came_through(&place, &told, &log), place)
            }
        })
        .buffer_unordered(2);
    while let Some((found, place)) = runs.next().await {
        if !found.is_empty() {
            through.push((place, found));
        }
    }
    assert!(through.is_empty(), "{through:#?}");
    assert!(log.contains("called"), "{log}");
}

/// The same for refusals, in every member and header that names or explains one.
#[tokio::test(flavor = "multi_thread")]
async fn no_text_of_a_refusal_has_what_a_terminal_obeys() {
    let said = format!("No.{HOSTILE}");
    let body = json!({ "errorCode": said, "errorMessage": said, "Code": said, "Message": said, "RequestId": said,
        "Recommend": said, "HostId": said, "AccessDeniedDetail": { "AuthAction": said, (HOSTILE): said } });
    let page = format!("<html>{HOSTILE}");
    for (status, body) in [403, 404, 400, 500, 200]
        .into_iter()
        .flat_map(|status| [(status, body.to_string()), (status, page.clone())])
    {
        let server = Server::start(move |_| (status, body.clone()));
        let (told, log) = everything(&server.url()).await;
        assert!(told.diagnostics.len() > 5, "{status}: {}", told.text());
        let place = Place { action: String::new(), pointer: String::new() };
        assert_eq!(came_through(&place, &told, &log), Vec::<String>::new(), "{status}");
    }
}

/// Answers as large as a client takes, and of a form that needs most memory.
#[tokio::test(flavor = "multi_thread")]
async fn the_memory_for_hostile_answers_is_bounded() {
    let long = "a".repeat(3 << 20);
    let deep = "[".repeat(3 << 20);
    let many = format!("[{}1]", "1,".repeat(1 << 20));
    for body in [
        json!({ "errorCode": long, "errorMessage": long }).to_string(),
        json!({ "logstoreName": long, "createTime": 1 }).to_string(),
        deep,
        many,
    ] {
        for status in [200, 403] {
            let body = body.clone();
            let server = Server::start(move |_| (status, body.clone()));
            let mut plugin = Plugin::start(&[]).await;
            let given = json!({ "access_key": "i", "secret_key": "s", "endpoints": [{ "log": server.url() }],
                "max_retries": 0 });
            plugin.configure(&given).await;
            let store = json!({ "project_name": "audit", "logstore_name": "app" });
            let told = plugin.read_data("alicloud_log_store_encryption", &store).await;
            assert!(!told.diagnostics.is_empty() && told.text().len() < 5_000, "{}", told.text().len());
            plugin.assert_alive_within(256 << 20).await;
        }
    }
}
