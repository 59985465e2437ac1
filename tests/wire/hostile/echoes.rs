//! Services and gateways that quote the secrets of a request, in every place and spelling.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use test_support::network::{Answer, Server};

use super::plugin::Plugin;

const SECRET: &str = "c4n4rySECRETkeyOfThirtyLetters+/";

/// As long as the tokens of STS.
fn token() -> String {
    let parts = (0_u32..120).map(|at| format!("T{:05}", at.wrapping_mul(7_919) % 100_000));
    let token = parts.collect::<Vec<_>>().concat();
    format!("CAIS{token}+/=={token}==")
}

/// How a text is quoted, by a name, and what of that is the text.
fn spellings(text: &str) -> Vec<(&'static str, String, String)> {
    let each = |text: &str, escape: fn(char) -> String| -> String {
        text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_string() } else { escape(c) }).collect()
    };
    let percent = |text: &str| each(text, |c| format!("%{:02X}", u32::from(c)));
    let wrapped: Vec<String> =
        text.as_bytes().chunks(64).map(|line| String::from_utf8(line.to_vec()).unwrap()).collect();
    let whole = |name, quoted: String| (name, quoted.clone(), quoted);
    // What stands before the text are whole groups of base64; the last group of the text is shared with what follows.
    let base64 = STANDARD.encode(text);
    let own = base64[..base64.len() - 4].to_owned();
    vec![
        whole("plain", text.to_owned()),
        whole("percent", percent(text)),
        whole("small percent", each(text, |c| format!("%{:02x}", u32::from(c)))),
        whole("percent three times", percent(&percent(&percent(text)))),
        whole("JSON", each(text, |c| format!("\\u{:04x}", u32::from(c)))),
        whole("HTML", each(text, |c| format!("&#{};", u32::from(c)))),
        whole("wrapped", wrapped.join("\r\n")),
        ("base64", STANDARD.encode(format!("Authorization: {text}.")), own),
    ]
}

/// A part of this length is more than anybody may see.
const LONGEST_PART: usize = 10;

fn parts(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().filter(|c| !c.is_control()).collect();
    characters.windows(LONGEST_PART).map(String::from_iter).collect()
}

/// Answers that quote `quoted` in one place each, by a name.
fn answers(quoted: &str) -> Vec<(&'static str, Answer)> {
    let refusal = |code: &str, message: &str, id: &str| {
        json!({ "errorCode": code, "errorMessage": message, "Code": code, "Message": message, "RequestId": id }).to_string()
    };
    let of = |status, body: String| Answer { status, headers: Vec::new(), body };
    let headers = |value: &str| {
        ["x-log-requestid", "x-acs-request-id"].map(|name| (name.to_owned(), value.to_owned())).to_vec()
    };
    let before = "b".repeat(400);
    let in_one_line = quoted.replace("\r\n", "");
    vec![
        ("message", of(400, refusal("C", &format!("bad token {quoted}."), "R"))),
        ("message, where it is cut", of(403, refusal("C", &format!("{before}{before}{quoted}."), "R"))),
        ("code", of(400, refusal(quoted, "m", "R"))),
        ("request id", of(400, refusal("C", "m", quoted))),
        ("header", Answer { status: 500, headers: headers(&in_one_line), body: "{}".to_owned() }),
        (
            "header of a success",
            Answer { status: 200, headers: headers(&in_one_line), body: "{}".to_owned() },
        ),
        ("page", of(502, format!("bad: {quoted}"))),
        ("page, where it is cut", of(502, format!("{}{quoted}", "b".repeat(50)))),
        (
            "name",
            of(
                200,
                json!({ "logstoreName": format!("{}{quoted}", "n".repeat(30)), "createTime": 1 }).to_string(),
            ),
        ),
        ("member", of(200, json!({ "Role": { "RoleName": quoted }, "Keys": quoted }).to_string())),
        (
            "redirect",
            Answer {
                status: 302,
                headers: vec![("Location".to_owned(), format!("/{in_one_line}"))],
                body: String::new(),
            },
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn no_part_of_a_secret_is_shown_however_a_service_quotes_it() {
    let mut shown = Vec::new();
    for secret in [SECRET.to_owned(), token()] {
        for (spelling, quoted, own) in spellings(&secret) {
            let parts = parts(&own);
            let (answers, mut plugin) =
                (answers(&quoted), Plugin::start(&[("TF_LOG_PROVIDER", "info")]).await);
            for (place, answer) in answers {
                let server = Server::start_answering(move |_, _| answer.clone());
                let url = server.url();
                let given = json!({ "access_key": "i", "secret_key": SECRET, "security_token": token(),
                    "endpoints": [{ "log": url, "ram": url, "kms": url, "sts": url }], "max_retries": 0 });
                assert_eq!(plugin.configure(&given).await.text(), "");
                let role = "acs:ram::1234567890123456:role/r";
                let mut told = plugin
                    .read_data(
                        "alicloud_log_store_encryption",
                        &json!({ "project_name": "audit", "logstore_name": "app" }),
                    )
                    .await;
                let readiness = json!({ "cmk_key_id": "key-1", "role_arn": role });
                let more = plugin.read_data("alicloud_byok_readiness", &readiness).await;
                told.diagnostics.extend(more.diagnostics);
                told.values.extend(more.values);
                assert!(server.was_asked() && !told.diagnostics.is_empty(), "{spelling}, {place}");
                let values: Vec<_> = told.values.iter().map(|value| String::from_utf8_lossy(value)).collect();
                let all = format!("{} {}", told.text(), values.concat());
                if let Some(part) = parts.iter().find(|part| all.contains(*part)) {
                    shown.push(format!("{spelling}, {place}: {part:?} in {all}"));
                }
            }
            plugin.assert_alive().await;
            plugin.program.signal("TERM");
            let log = plugin.program.ended().2;
            assert!(log.contains("called"), "{log}");
            if let Some(part) = parts.iter().find(|part| log.contains(*part)) {
                shown.push(format!("{spelling}, log: {part:?}"));
            }
        }
    }
    assert!(shown.is_empty(), "{shown:#?}");
}

/// What is exchanged is in the log at this level, with the secrets masked.
#[tokio::test(flavor = "multi_thread")]
async fn no_part_of_a_secret_is_in_the_trace() {
    for (spelling, quoted, own) in spellings(&token()) {
        let parts = parts(&own);
        let body = json!({ "errorCode": "C", "errorMessage": quoted }).to_string();
        let server = Server::start(move |_| (400, body.clone()));
        let mut plugin = Plugin::start(&[("TF_LOG_PROVIDER", "trace")]).await;
        let given = json!({ "access_key": "i", "secret_key": SECRET, "security_token": token(),
            "endpoints": [{ "log": server.url() }], "max_retries": 0 });
        assert_eq!(plugin.configure(&given).await.text(), "");
        let store = json!({ "project_name": "audit", "logstore_name": "app" });
        plugin.read_data("alicloud_log_store_encryption", &store).await;
        plugin.assert_alive().await;
        plugin.program.signal("TERM");
        let log = plugin.program.ended().2;
        assert!(log.contains("answered") && log.contains("[secret]"), "{log}");
        let found = parts.iter().find(|part| log.contains(*part));
        assert_eq!(found, None, "{spelling}");
    }
}
