//! Projects, Logstores and metric stores.

use serde_json::{Value, json};

use super::{
    By::{Gateway, LogSdk},
    Expected::{Done, Has, Is, Refused},
    START, bench, logstore_read, play, project, two_shards,
};

#[tokio::test]
async fn alicloud_log_project() {
    let bench = bench().await;
    let tags = r#"GET /tags?resourceId=["tf-proj"]&resourceType=PROJECT"#;
    let tag = |key: &str, value: &str| json!({"resourceType": "project", "resourceId": "tf-proj", "tagKey": key, "tagValue": value});
    let policy = r#"{"Version":"1","Statement":[{"Resource":"acs:log:*:*:project/exampleproject/*"}]}"#;
    let mut steps = project("tf-proj");
    steps.extend([
        (Gateway, "tf-proj", "PUT /", json!({"description": "new"}), Done),
        (Gateway, "tf-proj", "GET /", Value::Null, Has(json!({"description": "new"}))),
        (Gateway, "tf-proj", "PUT /", json!({"description": ""}), Done),
        (Gateway, "tf-proj", "GET /", Value::Null, Has(json!({"description": ""}))),
        (
            Gateway,
            "",
            "PUT /resourcegroup",
            json!({"resourceId": "tf-proj", "resourceGroupId": "rg-two", "resourceType": "PROJECT"}),
            Done,
        ),
        (Gateway, "tf-proj", "GET /", Value::Null, Has(json!({"resourceGroupId": "rg-two"}))),
        (
            Gateway,
            "",
            "POST /tag",
            json!({"resourceId": ["tf-proj"], "resourceType": "PROJECT",
                "tags": [{"key": "Created", "value": "TF"}, {"key": "For", "value": "Test"}]}),
            Done,
        ),
        (
            Gateway,
            "",
            tags,
            Value::Null,
            Has(json!({"tagResources": [tag("Created", "TF"), tag("For", "Test")]})),
        ),
        (
            Gateway,
            "",
            "POST /untag",
            json!({"resourceId": ["tf-proj"], "resourceType": "PROJECT", "tags": ["For"]}),
            Done,
        ),
        (Gateway, "", tags, Value::Null, Has(json!({"tagResources": [tag("Created", "TF")]}))),
        (LogSdk, "tf-proj", "POST /policy", json!(policy), Done),
        (LogSdk, "tf-proj", "GET /policy", Value::Null, Is(policy)),
        (LogSdk, "tf-proj", "DELETE /policy", Value::Null, Done),
        (LogSdk, "tf-proj", "GET /policy", Value::Null, Is("")),
        (Gateway, "tf-proj", "DELETE /", Value::Null, Done),
        // What the check that it is destroyed, and a refresh, take for "not there".
        (Gateway, "tf-proj", "GET /", Value::Null, Refused(404, "ProjectNotExist")),
        (LogSdk, "tf-proj", "GET /", Value::Null, Refused(404, "ProjectNotExist")),
    ]);
    play(&bench, steps).await;
}

#[tokio::test]
async fn a_project_without_anything_and_one_with_a_resource_group() {
    let bench = bench().await;
    play(
        &bench,
        [
            (Gateway, "", "POST /", json!({"projectName": "tf-bare"}), Done),
            (Gateway, "", "POST /", json!({"projectName": "tf-bare"}), Refused(400, "ProjectAlreadyExist")),
            (Gateway, "tf-bare", "GET /", Value::Null, Has(json!({"description": ""}))),
            (
                Gateway,
                "",
                "POST /",
                json!({"projectName": "tf-grouped", "description": "tf", "resourceGroupId": "rg-one"}),
                Done,
            ),
            (Gateway, "tf-grouped", "GET /", Value::Null, Has(json!({"resourceGroupId": "rg-one"}))),
            (
                Gateway,
                "",
                "PUT /resourcegroup",
                json!({"resourceId": "tf-bare", "resourceGroupId": "rg-two", "resourceType": "wrongType"}),
                Refused(400, "ParameterInvalid"),
            ),
            (
                Gateway,
                "",
                "PUT /resourcegroup",
                json!({"resourceId": "tf-none", "resourceGroupId": "rg-two", "resourceType": "PROJECT"}),
                Refused(404, "ProjectNotExist"),
            ),
        ],
    )
    .await;
    // An account has a group from the start, so that no project is without one.
    let response = bench.call_host("tf-bare.localhost", "GET", "/", "").await.json();
    assert!(!response["resourceGroupId"].as_str().unwrap().is_empty(), "{response}");
}

/// The steps of the acceptance tests `TestAccAliCloudLogStore_basic` and `…_infrequest_access_ttl`.
#[tokio::test]
async fn alicloud_log_store() {
    let bench = bench().await;
    let mut steps = project("tf-store");
    steps.push((
        Gateway,
        "tf-store",
        "POST /logstores",
        json!({"logstoreName": "app", "shardCount": 2, "autoSplit": true, "appendMeta": true, "mode": "standard",
            "ttl": 30, "maxSplitShard": 1}),
        Done,
    ));
    steps.extend(logstore_read(
        "tf-store",
        json!({"logstoreName": "app", "shardCount": 2, "autoSplit": true, "appendMeta": true, "ttl": 30,
            "maxSplitShard": 1, "mode": "standard", "telemetryType": "", "enable_tracking": false,
            "createTime": START, "hot_ttl": null, "infrequentAccessTTL": null, "encrypt_conf": null}),
        "ChargeByFunction",
        two_shards(),
    ));
    let update = |body, expected| {
        [
            (Gateway, "tf-store", "PUT /logstores/app", body, Done),
            (Gateway, "tf-store", "GET /logstores/app", Value::Null, Has(expected)),
        ]
    };
    let changes = [
        (
            json!({"autoSplit": true, "appendMeta": true, "mode": "standard", "ttl": 30, "maxSplitShard": 60}),
            json!({"maxSplitShard": 60}),
        ),
        (
            json!({"autoSplit": true, "appendMeta": true, "mode": "standard", "ttl": 35, "maxSplitShard": 60,
                "hot_ttl": 30}),
            json!({"ttl": 35, "hot_ttl": 30}),
        ),
        (
            json!({"autoSplit": true, "appendMeta": true, "mode": "standard", "ttl": 30, "maxSplitShard": 60,
                "hot_ttl": 0}),
            json!({"ttl": 30, "hot_ttl": 0}),
        ),
        (
            json!({"autoSplit": true, "appendMeta": false, "mode": "standard", "ttl": 30, "maxSplitShard": 60}),
            json!({"appendMeta": false}),
        ),
        // What is `false` and has not changed is left out.
        (
            json!({"autoSplit": true, "mode": "standard", "ttl": 30, "maxSplitShard": 60, "enable_tracking": true}),
            json!({"enable_tracking": true, "appendMeta": false}),
        ),
        (
            json!({"autoSplit": false, "appendMeta": true, "mode": "standard", "ttl": 30, "maxSplitShard": 0,
                "enable_tracking": false}),
            json!({"autoSplit": false, "maxSplitShard": 0, "appendMeta": true, "enable_tracking": false}),
        ),
        (
            json!({"autoSplit": true, "appendMeta": true, "mode": "standard", "ttl": 180, "maxSplitShard": 6,
                "hot_ttl": 30, "infrequentAccessTTL": 65}),
            json!({"ttl": 180, "hot_ttl": 30, "infrequentAccessTTL": 65}),
        ),
        // The provider cannot send 0, and expects that what it leaves out is reset.
        (
            json!({"autoSplit": true, "appendMeta": true, "mode": "standard", "ttl": 180, "maxSplitShard": 6,
                "hot_ttl": 180}),
            json!({"hot_ttl": 180, "infrequentAccessTTL": null}),
        ),
    ];
    steps.extend(changes.into_iter().flat_map(|(body, expected)| update(body, expected)));
    steps.extend([
        (Gateway, "tf-store", "DELETE /logstores/app", Value::Null, Done),
        (Gateway, "tf-store", "GET /logstores/app", Value::Null, Refused(404, "LogStoreNotExist")),
        (LogSdk, "tf-store", "GET /logstores/app", Value::Null, Refused(404, "LogStoreNotExist")),
    ]);
    play(&bench, steps).await;
}

/// The steps of `TestAccAliCloudLogStore_mode`, `…_lite` and `TestAccAliCloudSlsLogStore_basic5614_old_twin`.
#[tokio::test]
async fn alicloud_log_store_with_a_mode_and_a_metering_mode() {
    for mode in ["query", "lite"] {
        let bench = bench().await;
        let mut steps = project("tf-store");
        steps.push((
            Gateway,
            "tf-store",
            "POST /logstores",
            json!({"logstoreName": "app", "shardCount": 2, "autoSplit": true, "appendMeta": true, "mode": mode,
                "telemetryType": "None", "ttl": 30, "maxSplitShard": 1}),
            Done,
        ));
        let expected = json!({"mode": mode, "telemetryType": "None"});
        steps.extend(logstore_read("tf-store", expected, "ChargeByFunction", two_shards()));
        let by_ingest = json!({"meteringMode": "ChargeByDataIngest"});
        steps.extend([
            (
                Gateway,
                "tf-store",
                "PUT /logstores/app/meteringmode",
                by_ingest.clone(),
                Refused(400, "NotSupported"),
            ),
            (
                Gateway,
                "tf-store",
                "PUT /logstores/app",
                json!({"autoSplit": true, "appendMeta": true, "mode": "standard", "ttl": 30, "maxSplitShard": 1}),
                Done,
            ),
            (Gateway, "tf-store", "PUT /logstores/app/meteringmode", by_ingest, Done),
        ]);
        let expected = json!({"mode": "standard"});
        steps.extend(logstore_read("tf-store", expected, "ChargeByDataIngest", two_shards()));
        play(&bench, steps).await;
    }
}

/// The steps of `TestAccAliCloudLogStore_create_with_encrypt`.
#[tokio::test]
async fn alicloud_log_store_with_encrypt_conf() {
    let bench = bench().await;
    let conf = |enable: bool| {
        json!({"enable": enable, "encrypt_type": "default", "user_cmk_info": {"cmk_key_id": "key-1",
            "arn": "acs:ram::1234567890123456:role/aliyunlogdefaultrole", "region_id": "cn-hangzhou"}})
    };
    let mut steps = project("tf-store");
    let update =
        |enable| json!({"appendMeta": true, "mode": "standard", "ttl": 30, "encrypt_conf": conf(enable)});
    let mut new = update(true);
    new["logstoreName"] = json!("app");
    new["shardCount"] = json!(2);
    steps.push((Gateway, "tf-store", "POST /logstores", new, Done));
    steps.extend(logstore_read(
        "tf-store",
        json!({"encrypt_conf": conf(true)}),
        "ChargeByFunction",
        two_shards(),
    ));
    for enable in [false, true] {
        steps.push((Gateway, "tf-store", "PUT /logstores/app", update(enable), Done));
        let expected = json!({"encrypt_conf": conf(enable)});
        steps.extend(logstore_read("tf-store", expected, "ChargeByFunction", two_shards()));
    }
    play(&bench, steps).await;
}

/// The steps of `TestAccAliCloudLogStore_metric` and `…_metric_fix_bug_using_logstoreName`: a metric store is made and
/// updated as one, and read and deleted as a Logstore. An update follows on the creation.
#[tokio::test]
async fn alicloud_log_store_of_metrics() {
    let bench = bench().await;
    let conf = |enable: bool| {
        json!({"enable": enable, "encryptType": "default", "userCmkInfo": {"cmkKeyId": "key-1",
            "arn": "acs:ram::1234567890123456:role/aliyunlogdefaultrole", "regionId": "cn-hangzhou"}})
    };
    let store = |change: Value| {
        let mut store = json!({"name": "app", "ttl": 30, "shardCount": 2, "enable_tracking": false, "autoSplit": false,
            "maxSplitShard": 0, "appendMeta": true});
        store.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        store
    };
    let mut steps = project("tf-store");
    steps.extend([
        (LogSdk, "tf-store", "POST /metricstores", store(json!({})), Done),
        (LogSdk, "tf-store", "PUT /metricstores/app", store(json!({})), Done),
    ]);
    steps.extend(logstore_read(
        "tf-store",
        json!({"logstoreName": "app", "telemetryType": "Metrics", "shardCount": 2, "ttl": 30, "appendMeta": true,
            "autoSplit": false, "maxSplitShard": 0, "mode": "standard", "hot_ttl": null, "encrypt_conf": null}),
        "ChargeByFunction",
        two_shards(),
    ));
    for (change, expected) in [
        (json!({"mode": "standard", "ttl": 60, "hot_ttl": 10}), json!({"ttl": 60, "hot_ttl": 10})),
        (
            json!({"mode": "standard", "ttl": 120, "hot_ttl": 30, "infrequentAccessTTL": 90}),
            json!({"ttl": 120, "hot_ttl": 30, "infrequentAccessTTL": 90}),
        ),
    ] {
        steps.push((LogSdk, "tf-store", "PUT /metricstores/app", store(change), Done));
        steps.extend(logstore_read("tf-store", expected, "ChargeByFunction", two_shards()));
    }
    steps.extend([
        (Gateway, "tf-store", "DELETE /logstores/app", Value::Null, Done),
        (Gateway, "tf-store", "GET /logstores/app", Value::Null, Refused(404, "LogStoreNotExist")),
        (LogSdk, "tf-store", "POST /metricstores", store(json!({"encryptConf": conf(true)})), Done),
        (LogSdk, "tf-store", "PUT /metricstores/app", store(json!({"encryptConf": conf(true)})), Done),
        (LogSdk, "tf-store", "PUT /metricstores/app", store(json!({"encryptConf": conf(false)})), Done),
    ]);
    let as_logstore = json!({"enable": false, "encrypt_type": "default", "user_cmk_info": {"cmk_key_id": "key-1",
        "arn": "acs:ram::1234567890123456:role/aliyunlogdefaultrole", "region_id": "cn-hangzhou"}});
    let expected = json!({"encrypt_conf": as_logstore});
    steps.extend(logstore_read("tf-store", expected, "ChargeByFunction", two_shards()));
    let by_function = json!({"meteringMode": "ChargeByFunction"});
    steps.extend([
        // The SDK has these calls, and tests them on the service.
        (LogSdk, "tf-store", "GET /metricstores/app/meteringmode", Value::Null, Has(by_function.clone())),
        (LogSdk, "tf-store", "PUT /metricstores/app/meteringmode", by_function, Done),
        (
            LogSdk,
            "tf-store",
            "PUT /metricstores/app/meteringmode",
            json!({"meteringMode": "ChargeByDataIngest"}),
            Refused(400, "NotSupported"),
        ),
    ]);
    play(&bench, steps).await;
}
