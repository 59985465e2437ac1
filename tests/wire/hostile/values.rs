//! Values of a configuration, of any length and any kind.

use serde_json::json;
use test_support::waiting::within_limit;

use super::plugin::{Plugin, at_path};
use crate::client::pb::tfplugin6 as pb;

/// Nobody reads a longer error. Each names a value, and says what may be there instead.
const LONGEST_DETAIL: usize = 2_500;

#[tokio::test]
async fn an_error_quotes_the_beginning_of_a_long_value() {
    let mut plugin = Plugin::start(&[]).await;
    let texts = plugin.text_attributes();
    assert!(texts.values().map(Vec::len).sum::<usize>() > 60, "{texts:?}");
    // Without and with what ends a name or begins another part.
    for long in ["a".repeat(1 << 20), format!(":/@{}\n\u{1b}[2J", "日".repeat(1 << 18))] {
        for (kind, paths) in &texts {
            for path in paths {
                let told = plugin.validate(kind, &at_path(path, &long)).await;
                for diagnostic in &told.diagnostics {
                    assert!(diagnostic.summary.len() < 100, "{kind} {path:?}: {}", diagnostic.summary);
                    let length = diagnostic.detail.len();
                    let beginning: String = diagnostic.detail.chars().take(300).collect();
                    assert!(length < LONGEST_DETAIL, "{kind} {path:?}: {length} bytes: {beginning}");
                    assert!(!diagnostic.detail.contains('\u{1b}'), "{kind} {path:?}");
                }
            }
        }
        for of in ["alicloud_log_store_encryption", "alicloud_ram_byok_role", &long] {
            let told = plugin.import(of, &long).await;
            assert!(told.text().len() < LONGEST_DETAIL && !told.text().is_empty(), "{}", told.text().len());
        }
        for function in ["log_store_id_parse", "role_arn_parse", "pass_role_policy", &long] {
            let argument =
                pb::DynamicValue { json: json!(long).to_string().into_bytes(), ..Default::default() };
            let request = pb::call_function::Request { name: function.to_owned(), arguments: vec![argument] };
            let call = plugin.provider.call_function(request);
            let error =
                within_limit("the function", call).await.unwrap().unwrap().into_inner().error.unwrap();
            assert!(
                error.text.len() < LONGEST_DETAIL && !error.text.contains('\u{1b}'),
                "{}",
                error.text.len()
            );
        }
    }
    plugin.assert_alive().await;
}

#[tokio::test]
async fn a_duration_beyond_all_bounds_is_an_error_of_the_check() {
    let mut plugin = Plugin::start(&[]).await;
    let texts = plugin.text_attributes();
    let mut durations = 0;
    for (kind, paths) in texts {
        for path in paths {
            let is_duration = path[0] == "timeouts" || path[0] == "request_timeout";
            if !is_duration {
                continue;
            }
            durations += 1;
            for duration in
                ["9223372036854775807s", "2562048h", "99999999999999h", "18446744073709551615s", "25h"]
            {
                let told = plugin.validate(&kind, &at_path(&path, duration)).await;
                told.says(&[duration, "it must be at most 24h"]);
            }
        }
    }
    assert!(durations >= 12, "{durations}");
    plugin.assert_alive().await;
}

/// Whoever does not check first gets no panic either.
#[tokio::test]
async fn a_duration_that_was_not_checked_is_no_panic() {
    for duration in ["9223372036854775807s", "24h"] {
        let mut plugin = Plugin::start(&[]).await;
        let given = json!({ "access_key": "i", "secret_key": "s", "request_timeout": duration, "max_retries": 0,
            "endpoints": [{ "log": "http://127.0.0.1:1" }] });
        plugin.configure(&given).await;
        let given = json!({ "project_name": "audit", "logstore_name": "app" });
        let told = plugin.plan("alicloud_log_store_encryption", &given).await;
        assert!(!told.text().contains("panicked"), "{}", told.text());
        plugin.assert_alive().await;
    }
}
