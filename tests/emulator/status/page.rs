//! The status page in a browser.

use std::path::Path;

use serde_json::{Value, json};
use test_support::async_http::exchange;
use test_support::{Key, Response};
use tokio::task::JoinHandle;

use super::browser::Browser;
use super::{HOSTILE, bench, crowd, get};
use crate::client::{TestServer, signed};

/// What is said of the looks of a page, by `looks`.
const LOOKS: &str = include_str!("looks.js");

/// Where pictures of the page are left for people.
const PICTURES: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/status-page");

/// Loads the page and waits until it shows something.
async fn visit(browser: &mut Browser, bench: &TestServer) {
    browser.open(&format!("http://{}/_emulator/", bench.addr())).await;
    browser.wait_until("document.getElementById('account').textContent !== ''").await;
}

/// An emulator to which everything happened that the page has a form for.
struct Troubled {
    bench: TestServer,
    held: Vec<JoinHandle<std::io::Result<Response>>>,
}

async fn troubled() -> Troubled {
    let bench = bench().await;
    let root = Key::root();
    bench.call("GET", "/logstores/no-such-logstore", "").await.assert_error_code(404, "LogStoreNotExist");
    bench.call("PUT", "/logstores/plain", r#"{"ttl":0}"#).await.assert_error_code(400, "LogStoreInfoInvalid");
    let unknown =
        bench.rpc(&root, ("2015-05-01", "GetRole"), &[("RoleName", "a-role-that-nobody-made")]).await;
    unknown.assert_rpc_error(404, "EntityNotExist.Role");
    let wrong = Key::new("ak-root", "wrong");
    bench
        .rpc(&wrong, ("2016-01-20", "DescribeKey"), &[])
        .await
        .assert_rpc_error(400, "SignatureDoesNotMatch");
    let late = "project-with-a-very-long-name-in-a-region.cn-zhangjiakou.log.aliyuncs.com";
    bench
        .call_host(late, "GET", "/logstores?offset=0&size=500", "")
        .await
        .assert_error_code(404, "ProjectNotExist");
    bench.control("PATCH", "keys/key-of-ours", r#"{"state": "Disabled"}"#).await;
    let fault = |action: &str, effect: &str| {
        json!({"service": "sls", "action": action, "project": "proj", "logstore": "plain", "effect": effect})
            .to_string()
    };
    let mut held = Vec::new();
    for (action, effect, request) in [
        ("UpdateLogStore", "hold", signed("proj.localhost", "PUT", "/logstores/plain", r#"{"ttl":60}"#)),
        ("GetLogStore", "hold_after", signed("proj.localhost", "GET", "/logstores/plain", "")),
    ] {
        bench.fault(&fault(action, effect)).await;
        let address = bench.addr();
        held.push(tokio::spawn(async move { exchange(address, &request).await }));
        let count = held.len();
        let listed = async || {
            let calls = bench.control("GET", "faults/held", "").await;
            (calls.as_array().unwrap().len() == count).then_some(())
        };
        test_support::waiting::wait_for_in_task("the held call", listed).await.unwrap();
    }
    for effect in [
        json!({"error": {"status": 503, "code": "ServerBusy", "message": "The server is busy, please try again later."}}),
        json!({"stale": {"reads": 3, "writes": 1}}),
        json!("throttle"),
    ] {
        bench
            .fault(
                &json!({"service": "sls", "action": "GetProject", "skip": 2, "times": 3, "effect": effect})
                    .to_string(),
            )
            .await;
    }
    bench.control("PUT", "quotas", r#"{"service": "kms", "requests_per_second": 10, "burst": 20}"#).await;
    bench.control("POST", "clock", r#"{"advance_seconds": 90061}"#).await;
    bench.logstore("switched-off").await;
    Troubled { bench, held }
}

#[tokio::test]
async fn everything_is_shown_as_text_and_nobody_else_is_asked() {
    let bench = bench().await;
    get(&bench, "/logstores/plain", "Host: <i>host</i>.localhost\r\nx-log-apiversion: 0.6.0\r\n").await;
    let origin = format!("http://{}", bench.addr());
    let calls = bench.control("GET", "requests", "").await.as_array().unwrap().len();
    let mut browser = Browser::start().await;
    visit(&mut browser, &bench).await;
    let text = browser.evaluate("document.body.textContent").await;
    let text = text.as_str().unwrap();
    for shown in [
        "1234567890123456",
        "2026-11-20T08:00:00Z",
        "<b>bold</b>",
        "with-service-key",
        "encrypted",
        "encryption disabled",
        "encryption never configured",
        "sealed: AES-256-GCM",
        "sealed: SM4-GCM",
        "in clear",
        "key-of-ours",
        "PendingDeletion",
        "acs:ram::1234567890123456:role/byok",
        "AliyunKMSCryptoUserAccess",
        "log.aliyuncs.com",
        "ak-alice",
        "PutLogs",
        "<i>host</i>",
        "https://ci.example.com",
        "Nothing is ordered to go wrong.",
    ] {
        assert!(text.contains(shown), "{shown} is not in {text}");
    }
    // Descriptions of a project, a key and a role, and comments on a user.
    let list = "[...document.querySelectorAll('main bdi')].filter((text) => text.textContent === '<HOSTILE>').length";
    let hostile = browser.evaluate(&list.replace("'<HOSTILE>'", &json!(HOSTILE).to_string())).await;
    assert_eq!(hostile, 4, "{text}");
    let markup = browser.evaluate("document.querySelectorAll('img, i, b').length").await;
    let scripts = browser.evaluate("document.querySelectorAll('script').length").await;
    assert_eq!((markup, scripts), (json!(0), json!(1)));

    let traces = browser.finish().await;
    assert_eq!(traces.complaints(), Vec::<&str>::new());
    let by_page: Vec<&String> =
        traces.requests.iter().filter(|(_, by)| *by == origin).map(|(url, _)| url).collect();
    assert!(!by_page.is_empty(), "{:?}", traces.requests);
    assert!(by_page.iter().all(|url| **url == format!("{origin}/_emulator/state")), "{by_page:?}");
    // Nor did the browser ask a service here, for an icon for instance.
    assert_eq!(bench.control("GET", "requests", "").await.as_array().unwrap().len(), calls);
}

#[tokio::test]
async fn it_is_readable_wide_and_narrow_light_and_dark() {
    let Troubled { bench, .. } = troubled().await;
    let mut browser = Browser::start().await;
    for (width, height) in [(1280, 900), (390, 844)] {
        for is_dark in [false, true] {
            let scheme = if is_dark { "dark" } else { "light" };
            let name = format!("{scheme}-{width}");
            browser.look_as(width, height, is_dark).await;
            visit(&mut browser, &bench).await;
            browser.picture(&Path::new(PICTURES).join(format!("{name}.png"))).await;
            browser
                .evaluate("document.querySelectorAll('details').forEach((details) => details.open = true)")
                .await;
            browser.evaluate("document.getElementById('all-calls')?.click()").await;
            browser.picture(&Path::new(PICTURES).join(format!("{name}-opened.png"))).await;
            browser.evaluate(LOOKS).await;
            let contrast = browser.evaluate("looks.faint()").await;
            assert_eq!(contrast["faint"], json!([]), "{name}");
            assert!(contrast["looked_at"].as_u64().unwrap() > 100, "{name}: {contrast}");
            assert_eq!(browser.evaluate("looks.wide()").await, json!([]), "{name}");
            let words = browser.evaluate("looks.broken()").await;
            assert_eq!(words["broken"], json!([]), "{name}");
            assert!(words["words"].as_u64().unwrap() > 50, "{name}: {words}");
        }
    }
    let traces = browser.finish().await;
    assert_eq!(traces.complaints(), Vec::<&str>::new());
}

#[tokio::test]
async fn what_cannot_be_read_is_red_with_its_reason_and_never_green() {
    let Troubled { bench, .. } = troubled().await;
    let mut browser = Browser::start().await;
    visit(&mut browser, &bench).await;
    let error = &bench.control("GET", "state", "").await["unreadable"][0]["error"];
    let reason = format!("{} {}", error["code"].as_str().unwrap(), error["message"].as_str().unwrap());
    let off = "document.querySelector('#logstore-proj\\\\%2Fwith-own-key')";
    let texts =
        |what: &str| format!("[...{off}.querySelectorAll('{what}')].map((found) => found.textContent)");
    assert_eq!(browser.evaluate(&texts(".reason")).await, json!([reason]));
    assert_eq!(browser.evaluate(&texts(".badge.bad")).await, json!(["cannot be read or written"]));
    assert_eq!(browser.evaluate(&texts(".badge.good")).await, json!([]));
    let listed = browser.evaluate("document.querySelector('#attention .reason').textContent").await;
    assert_eq!(listed, json!(reason));
    // Above everything else, without scrolling.
    let bottom = "document.querySelector('#attention').getBoundingClientRect().bottom < innerHeight";
    assert_eq!(browser.evaluate(bottom).await, json!(true));
    let green = "[...document.querySelectorAll('.logstore')].filter((logstore) => logstore.querySelector('.badge.good')).length";
    assert_eq!(browser.evaluate(green).await, json!(1), "with-service-key");

    bench.control("PATCH", "keys/key-of-ours", r#"{"state": "Enabled"}"#).await;
    browser.wait_until("document.querySelector('#attention').hidden").await;
    assert_eq!(browser.evaluate(&texts("h4 + .badge")).await, json!(["encrypted"]));
    assert_eq!(
        browser.evaluate("document.querySelector('#said').textContent").await,
        "All Logstores can be read."
    );
    browser.finish().await;
}

#[tokio::test]
async fn links_lead_somewhere_and_everything_has_a_name() {
    let Troubled { bench, .. } = troubled().await;
    let mut browser = Browser::start().await;
    visit(&mut browser, &bench).await;
    browser.evaluate(LOOKS).await;
    let loose = browser.evaluate("looks.loose()").await;
    let nothing = json!([[], [], []]);
    assert_eq!(json!([loose["nowhere"], loose["twice"], loose["unnamed"]]), nothing, "{loose}");
    assert_eq!(loose["landmarks"], json!([1, 1, 1, 1]));
    for (from, to) in [
        ("#logstore-proj\\%2Fwith-own-key dd a[href^=\"#key-\"]", "key-key-of-ours"),
        (
            "#logstore-proj\\%2Fwith-own-key dd a[href^=\"#role-\"]",
            "role-acs%3Aram%3A%3A1234567890123456%3Arole%2Fbyok",
        ),
        ("#key-key-of-ours a", "logstore-proj%2Fwith-own-key"),
        ("#role-list a", "logstore-proj%2Fwith-own-key"),
        ("#attention a", "logstore-proj%2Fwith-own-key"),
        ("#user-list a", "group-g"),
        ("#group-list a", "user-alice"),
        ("nav a[href=\"#oidc\"]", "oidc"),
    ] {
        let click = format!("document.querySelector({}).click()", json!(from));
        browser.evaluate(&click).await;
        let arrived = format!("location.hash === {}", json!(format!("#{to}")));
        assert_eq!(browser.evaluate(&arrived).await, json!(true), "{from}");
        // The header covers nothing of it.
        let top = format!("document.getElementById({}).getBoundingClientRect().top", json!(to));
        let is_seen = format!("{top} >= document.querySelector('header').getBoundingClientRect().bottom - 1");
        assert_eq!(browser.evaluate(&is_seen).await, json!(true), "{from}");
    }
    browser.finish().await;
}

#[tokio::test]
async fn a_refresh_keeps_what_is_selected_focused_and_opened() {
    let Troubled { bench, .. } = troubled().await;
    let mut browser = Browser::start().await;
    visit(&mut browser, &bench).await;
    let ids = ["plain", "with-own-key"];
    let details = "[...document.querySelectorAll('.logstore details, #role-list details')]";
    browser.evaluate(&format!("{details}.forEach((found) => found.open = true)")).await;
    let opened = browser.evaluate(&format!("{details}.length")).await;
    assert!(opened.as_u64().unwrap() >= ids.len() as u64);
    browser.evaluate("document.querySelector('#disturbances button').focus()").await;
    browser.evaluate("getSelection().selectAllChildren(document.querySelector('.calls .why .reason'))").await;
    let kept = format!(
        "[document.activeElement.dataset.request, getSelection().toString(), {details}.filter((found) => found.open).length]"
    );
    let before = browser.evaluate(&kept).await;
    assert!(before[0].is_string() && before[1].as_str().unwrap().len() > 20, "{before}");

    // Something changes in every part.
    let last = "document.querySelector('.calls .number').textContent";
    let number = browser.evaluate(last).await;
    bench.control("PUT", "quotas", r#"{"service": "ram", "requests_per_second": 5}"#).await;
    bench.fault(r#"{"service": "sts", "action": "*", "effect": "ignore"}"#).await;
    bench.control("POST", "projects/proj/logstores/plain/logs", r#"[{"a": "b"}]"#).await;
    bench.control("PUT", "projects/proj/logstores/a-new-one", "{}").await;
    bench.control("PATCH", "keys/key-of-ours", r#"{"state": "Enabled"}"#).await;
    bench.logstore("plain").await;
    browser.wait_until(&format!("{last} !== {number}")).await;
    browser.wait_until("document.querySelector('#logstore-proj\\\\%2Fa-new-one') !== null").await;
    assert_eq!(browser.evaluate(&kept).await, before);
    browser.finish().await;
}

#[tokio::test]
async fn faults_are_removed_and_calls_released_by_the_keyboard() {
    // First, for calls are not held for as long as a busy machine may take.
    let mut browser = Browser::start().await;
    let Troubled { bench, mut held } = troubled().await;
    visit(&mut browser, &bench).await;
    let buttons = async |browser: &mut Browser| {
        browser.evaluate("[...document.querySelectorAll('#disturbances button')].map((button) => button.dataset.request)").await
    };
    let before = buttons(&mut browser).await;
    let held_calls = bench.control("GET", "faults/held", "").await;
    let release = format!("POST faults/release/{}", held_calls[0]["id"].as_str().unwrap());
    let expected: Value = json!([
        release,
        format!("POST faults/release/{}", held_calls[1]["id"].as_str().unwrap()),
        "DELETE faults/3",
        "DELETE faults/4",
        "DELETE faults/5",
        "POST faults/release",
        "DELETE faults"
    ]);
    assert_eq!(before, expected);

    let focus = |request: &str| format!("document.querySelector('[data-request=\"{request}\"]').focus()");
    for (request, said) in [(release.as_str(), "is released."), ("DELETE faults/4", "Fault 4 is removed.")] {
        browser.evaluate(&focus(request)).await;
        browser.press("Enter").await;
        browser.wait_until(&format!("document.querySelector('[data-request=\"{request}\"]') === null")).await;
        let told = format!("document.querySelector('#said').textContent.endsWith({})", json!(said));
        browser.wait_until(&told).await;
        browser.wait_until("document.activeElement.id === 'h-ordered'").await;
    }
    held.remove(0).await.unwrap().unwrap().assert_done();
    let left = bench.control("GET", "faults", "").await;
    let left: Vec<&Value> = left.as_array().unwrap().iter().map(|fault| &fault["id"]).collect();
    assert_eq!(left, [&json!(3), &json!(5)]);

    browser.evaluate(&focus("DELETE faults")).await;
    browser.press("Enter").await;
    browser.wait_until("document.querySelector('#disturbances button') === null").await;
    held.remove(0).await.unwrap().unwrap();
    assert_eq!(bench.control("GET", "faults", "").await, json!([]));
    browser.finish().await;
}

#[tokio::test]
async fn whatever_has_the_focus_is_seen_to_have_it() {
    let Troubled { bench, .. } = troubled().await;
    let mut browser = Browser::start().await;
    visit(&mut browser, &bench).await;
    let mut seen = Vec::new();
    // There are more places than these.
    for _ in 0..25 {
        browser.press("Tab").await;
        let focused = "(() => { const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement); \
            return [document.activeElement.localName, outlineStyle, parseFloat(outlineWidth) >= 2]; })()";
        let focused = browser.evaluate(focused).await;
        assert!(focused[1] != "none" && focused[2] == true, "{focused} after {seen:?}");
        seen.push(focused[0].as_str().unwrap().to_owned());
    }
    for element in ["a", "button", "input", "summary"] {
        assert!(seen.iter().any(|name| name == element), "{element} is not among {seen:?}");
    }
    browser.finish().await;
}

#[tokio::test]
async fn of_a_thousand_logstores_some_are_shown_and_the_others_found() {
    let bench = crowd().await;
    let mut browser = Browser::start().await;
    visit(&mut browser, &bench).await;
    let count = "document.querySelectorAll('.logstore').length";
    assert_eq!(browser.evaluate(count).await, json!(200));
    assert_eq!(
        browser.evaluate("document.querySelector('#attention a').textContent").await,
        "crowd / app-1000"
    );
    assert_eq!(browser.evaluate("document.querySelectorAll('*').length < 30000").await, json!(true));
    let text = browser.evaluate("document.querySelector('#projects').textContent").await;
    assert!(text.as_str().unwrap().contains("200 of 1001 Logstores are shown"), "{text}");
    let filter = "(() => { const filter = document.querySelector('#filter'); filter.value = 'app-0777'; \
        filter.dispatchEvent(new Event('input')); })()";
    browser.evaluate(filter).await;
    browser.wait_until(&format!("{count} === 1")).await;
    assert_eq!(browser.evaluate("document.querySelector('.logstore h4').textContent").await, "app-0777");
    browser.evaluate(LOOKS).await;
    assert_eq!(browser.evaluate("looks.loose().nowhere").await, json!([]));
    browser.finish().await;
}
