//! `examples/audit`: the check, the report and the encryption of everything, as they are written.

use std::{fs, process::Command};

use serde_json::{Value, json};

use crate::audit::{configured, large_seed, logstore};
use crate::examples::{example, scene};
use crate::given::{byok, service_key};
use crate::harness::Scene;

fn audit_scene(seed: &Value) -> Scene {
    let scene = scene(seed);
    fs::create_dir(scene.path("tests")).unwrap();
    for file in ["main.tf", "report.html.tftpl", "report.md.tftpl", "tests/audit.tftest.hcl"] {
        scene.write(file, &example(&format!("audit/{file}")));
    }
    scene
}

/// Four Logstores in two regions: one of each state, and a metric store that is encrypted.
fn seed() -> Value {
    json!({"projects": [
        {"name": "audit", "logstores": [
            logstore("plain"),
            configured("off", &byok(false)),
            configured("on", &service_key(true, "sm4_gcm")),
            {"logstoreName": "cpu", "telemetryType": "Metrics", "encrypt_conf": byok(true)},
        ]},
        {"name": "far", "region": "cn-beijing", "logstores": [logstore("plain")]},
    ]})
}

fn output(scene: &Scene, name: &str) -> String {
    match &scene.state()["outputs"][name]["value"] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[test]
fn the_check_says_what_is_in_clear_and_fails_a_test_until_all_is_encrypted() {
    let scene = audit_scene(&seed());
    let ran = scene.apply();
    ran.warning().says(&[
        "Check block assertion failed",
        "3 of 5 Logstores are written in clear:",
        "cn-beijing far:plain",
    ]);
    assert_eq!(
        output(&scene, "in_clear"),
        r#"["cn-beijing far:plain","cn-hangzhou audit:off","cn-hangzhou audit:plain"]"#
    );
    assert!(scene.writes().is_empty());
    let ran = scene.run(&["test"]);
    assert_eq!(ran.exit_code, Some(1), "{}", ran.stdout);
    assert!(ran.prose().contains("3 of 5 Logstores are written in clear"), "{}", ran.prose());

    let encrypt = ["-var=encrypt=true"];
    assert_eq!(scene.try_apply_with(&encrypt).succeeded().changes(), (5, 0, 0));
    for (project, name) in [("audit", "plain"), ("audit", "off"), ("audit", "on"), ("far", "plain")] {
        assert_eq!(scene.log_store(project, name)["encrypt_conf"]["enable"], true, "{project}:{name}");
    }
    assert_eq!(scene.log_store("audit", "off")["encrypt_conf"], byok(true));
    assert_eq!(scene.log_store("audit", "on")["encrypt_conf"], service_key(true, "sm4_gcm"));
    // What is encrypted now stays in the configuration.
    scene.try_apply_with(&encrypt).succeeded();
    scene.try_plan_with(&encrypt).expect_empty();
    assert_eq!(output(&scene, "in_clear"), "[]");
    let ran = scene.run(&["test"]);
    assert_eq!(ran.exit_code, Some(0), "{}", ran.stdout);
}

/// What a message may hold that a service, or somebody in its place, writes.
const HOSTILE: &str =
    "</script><script>document.title=1</script> <b>x</b> | `a` [l](u)\\n${1} 'q' \\\"q\\\" \u{2028} é";

#[test]
fn the_reports_hold_every_value_as_text() {
    let scene = audit_scene(&seed());
    let effect = json!({"error": {"status": 400, "code": "ParameterInvalid", "message": HOSTILE}});
    scene.fault(&json!({"action": "GetLogStore", "logstore": "on", "effect": effect}));
    scene.apply();
    let report = output(&scene, "report_markdown");
    let rows: Vec<&str> = report.lines().skip_while(|line| !line.starts_with("| ---")).skip(1).collect();
    assert_eq!(rows.len(), 5, "{report}");
    let plain = rows.iter().find(|row| row.contains("far")).unwrap();
    assert_eq!(*plain, "| IN CLEAR, never configured | cn-beijing | far | plain |  |  |  |");
    let refused = rows.iter().find(|row| row.contains("NOT READ")).unwrap();
    for part in [r"\<\/script\>", r"\<b\>x", r"\| \`a\` \[l\](u)", "é", "| cn-hangzhou | audit | on |"] {
        assert!(refused.contains(&part.replace(r"\/", "/")), "{part} is not in {refused}");
    }

    let page = output(&scene, "report_html");
    assert_eq!(page.matches("</script>").count(), 2, "{page}");
    let dom = shown(&scene, &page, "");
    assert!(dom.contains("<title>Encryption of Logstores</title>"), "{dom}");
    assert!(
        dom.contains("&lt;/script&gt;&lt;script&gt;document.title=1&lt;/script&gt; &lt;b&gt;x&lt;/b&gt;"),
        "{dom}"
    );
    assert!(dom.contains("5 of 5 rows"), "{dom}");
    for address in ["http://", "https://", "//", "@import", "url("] {
        let head = page.split("id=\"data\"").next().unwrap();
        assert!(!head.contains(address), "{address} is in the page");
    }
}

#[test]
fn the_page_is_searched_with_two_thousand_rows() {
    let scene = audit_scene(&large_seed());
    scene.try_apply_with(&[r#"-var=regions=["cn-hangzhou","cn-beijing","cn-shanghai"]"#]).succeeded();
    let page = output(&scene, "report_html");
    let dom = shown(&scene, &page, "search.value = 'project-01  STORE-00'; filter();");
    assert!(dom.contains("10 of 2000 rows"));
    assert_eq!((dom.matches("<tr>").count(), dom.matches("<tr hidden=\"\">").count()), (1 + 10, 1990));
    let dom = shown(&scene, &page, "state.value = 'clear'; filter();");
    assert!(dom.contains("1600 of 2000 rows"));
}

/// What a browser makes of a page after it has run a script on it.
fn shown(scene: &Scene, page: &str, script: &str) -> String {
    let browser = std::env::var("CHROMIUM").unwrap_or_else(|_| {
        panic!(
            "CHROMIUM has to be the path of a Chromium or Chrome: run ./scripts/test, or \
             CHROMIUM=\"$(./scripts/chromium-path)\" cargo test --test acceptance"
        )
    });
    let page = page.replace("</body>", &format!("<script>{script}</script>\n</body>"));
    scene.write("report.html", &page);
    let profile = tempfile::tempdir().unwrap();
    let visit = Command::new(&browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .arg("--host-resolver-rules=MAP * ~NOTFOUND")
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .args(["--virtual-time-budget=5000", "--dump-dom"])
        .arg(format!("file://{}", scene.path("report.html").display()))
        .output()
        .unwrap_or_else(|error| panic!("{browser}: {error}"));
    assert!(visit.status.success(), "{}", String::from_utf8_lossy(&visit.stderr));
    String::from_utf8(visit.stdout).unwrap()
}
