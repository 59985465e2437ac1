//! Indexes of Logstores.

use serde_json::{Value, json};

use super::{
    By::{Gateway, LogSdk},
    Expected::{Done, Has, Refused},
    bench, play, with_logstore,
};

/// The steps of `TestAccAliCloudSlsIndex_basic10982` and `…_keys_default_value`, and of the data source
/// `alicloud_sls_indexs`.
#[tokio::test]
async fn alicloud_sls_index() {
    let bench = bench().await;
    let text = json!({"caseSensitive": false, "token": ["\n", ",", "\"", "<"], "type": "text", "doc_value": false,
        "alias": "", "chn": false});
    let line = json!({"chn": true, "caseSensitive": true, "token": ["a"], "exclude_keys": ["t"]});
    let other_line = json!({"chn": false, "caseSensitive": false, "token": ["tt"], "include_keys": ["tt"]});
    let mut steps = with_logstore("tf-index");
    let mut push = |call, body, expected| steps.push((Gateway, "tf-index", call, body, expected));
    push("GET /logstores/app/index", Value::Null, Refused(400, "IndexConfigNotExist"));
    push("POST /logstores/app/index", json!({"line": line, "keys": {"test": text}}), Done);
    // A plan after this is empty only if what was not configured is not answered.
    let none = json!({"max_text_len": null, "log_reduce": null, "log_reduce_black_list": null,
        "log_reduce_white_list": null});
    let mut expected = none.clone();
    expected["line"] = line;
    expected["keys"] = json!({"test": text});
    expected["ttl"] = json!(30);
    push("GET /logstores/app/index", Value::Null, Has(expected));
    let changed = json!({"line": other_line, "max_text_len": 500, "keys": {"test": text}});
    push("PUT /logstores/app/index", changed.clone(), Done);
    push("GET /logstores/app/index", Value::Null, Has(changed));
    push("DELETE /logstores/app/index", Value::Null, Done);
    push("GET /logstores/app/index", Value::Null, Refused(400, "IndexConfigNotExist"));
    // Of what the service adds to a field, the provider overlooks these values.
    let cost = json!({"doc_value": true, "type": "long"});
    push("POST /logstores/app/index", json!({"keys": {"cost_ms": cost}}), Done);
    play(&bench, steps).await;
    let response = bench.call_host("tf-index.localhost", "GET", "/logstores/app/index", "").await.json();
    let mut found = response["keys"]["cost_ms"].as_object().unwrap().clone();
    for (member, overlooked) in [("alias", json!("")), ("caseSensitive", json!(false)), ("chn", json!(false))]
    {
        if found.get(member) == Some(&overlooked) {
            found.remove(member);
        }
    }
    assert_eq!(Value::Object(found), cost);
}

/// The steps of `TestAccAliCloudLogStoreIndex_basic`.
#[tokio::test]
async fn alicloud_log_store_index() {
    let bench = bench().await;
    let token: Vec<String> = " #$^*\r\n\t".chars().map(String::from).collect();
    let line = json!({"token": token, "caseSensitive": true, "chn": true});
    let first = json!({"line": line, "max_text_len": 2048, "log_reduce": true, "log_reduce_white_list": ["name"],
        "log_reduce_black_list": ["test"]});
    let field =
        json!({"token": token, "caseSensitive": false, "type": "text", "doc_value": true, "chn": false});
    let second = json!({"keys": {"tf": field}, "ttl": 30, "max_text_len": 1024, "log_reduce": false});
    let third = json!({
        "line": {"token": [","], "caseSensitive": true, "chn": false},
        "keys": {
            "tf-1": {"token": token, "caseSensitive": false, "type": "json", "doc_value": true, "chn": false,
                "json_keys": {"key2222": {"type": "long", "alias": "alisa22222", "doc_value": true},
                    "key1111": {"type": "text", "alias": "alisa1111"}}},
            "tf-2": {"token": [], "caseSensitive": true, "type": "json", "doc_value": true, "alias": "json_alias",
                "chn": true, "json_keys": {"key3333": {"type": "long", "alias": "alisa3333", "doc_value": true}}},
            "tf-3": {"token": [], "caseSensitive": false, "type": "text", "chn": false},
        },
        "log_reduce": false,
    });
    let mut steps = with_logstore("tf-index");
    let mut push = |call, body, expected| steps.push((LogSdk, "tf-index", call, body, expected));
    push("GET /logstores/app", Value::Null, Has(json!({"logstoreName": "app"})));
    push("GET /logstores/app/index", Value::Null, Refused(400, "IndexConfigNotExist"));
    push("POST /logstores/app/index", first.clone(), Done);
    let mut expected = first;
    expected["ttl"] = json!(30);
    push("GET /logstores/app/index", Value::Null, Has(expected));
    for body in [second, third] {
        push("PUT /logstores/app/index", body.clone(), Done);
        let mut expected = body;
        expected["log_reduce_black_list"] = Value::Null;
        expected["log_reduce_white_list"] = Value::Null;
        for absent in ["line", "max_text_len"] {
            if expected.get(absent).is_none() {
                expected[absent] = Value::Null;
            }
        }
        push("GET /logstores/app/index", Value::Null, Has(expected));
    }
    push("DELETE /logstores/app/index", Value::Null, Done);
    push("GET /logstores/app/index", Value::Null, Refused(400, "IndexConfigNotExist"));
    push("GET /logstores/none/index", Value::Null, Refused(404, "LogStoreNotExist"));
    play(&bench, steps).await;
}
