//! Projects over the wire.

use emulator::Rules;
use serde_json::{Value, json};

use crate::client::{START, TestServer};
use crate::data::DataCall;

#[tokio::test]
async fn a_project_lives_from_creation_to_deletion() {
    let bench = TestServer::start(Rules::Strict).await;
    let body = r#"{"projectName":"fresh","description":"d","resourceGroupId":""}"#;
    bench.call_host("fresh.localhost", "POST", "/", body).await.assert_done();
    bench.call_host("localhost", "POST", "/", body).await.assert_error(
        400,
        "ProjectAlreadyExist",
        "Project fresh already exist",
    );
    let project = bench.call_host("fresh.localhost", "GET", "/", "").await.json();
    for (member, value) in [
        ("projectName", "fresh"),
        ("description", "d"),
        ("status", "Normal"),
        ("owner", "1234567890123456"),
        ("region", "cn-hangzhou"),
        ("createTime", "2026-11-20 08:00:00"),
        ("dataRedundancyType", "LRS"),
        ("internetEndpoint", "cn-hangzhou.log.aliyuncs.com"),
    ] {
        assert_eq!(project[member], value, "{member}");
    }
    bench.call_host("fresh.localhost", "PUT", "/", r#"{"description":"e"}"#).await.assert_done();
    assert_eq!(bench.call_host("fresh.localhost", "GET", "/", "").await.json()["description"], "e");
    bench.call_host("fresh.localhost", "DELETE", "/", "").await.assert_done();
    bench.call_host("fresh.localhost", "GET", "/", "").await.assert_error(
        404,
        "ProjectNotExist",
        "The Project does not exist : fresh",
    );
}

#[tokio::test]
async fn bad_projects_are_refused() {
    let bench = TestServer::start(Rules::Strict).await;
    for (body, message) in [
        (r#"{"description":""}"#, "[projectName] key is missing"),
        (r#"{"projectName":"Fresh","description":""}"#, "project name Fresh is invalid"),
        (r#"{"projectName":5}"#, "[projectName] must be a string, not a number"),
        (
            r#"{"projectName":"fresh","description":"","dataRedundancyType":"X"}"#,
            "[dataRedundancyType] must be LRS or ZRS",
        ),
        (
            r#"{"projectName":"fresh","description":"","recycleBinEnabled":"no"}"#,
            "[recycleBinEnabled] must be a boolean, not a string",
        ),
        (r#"{"projectName":"fresh","description":"","other":1}"#, "redundant key exist in json"),
    ] {
        bench.call_host("localhost", "POST", "/", body).await.assert_error(400, "ParameterInvalid", message);
    }
    let body = r#"{"projectName":"fresh","description":""}"#;
    bench.call_host("other.localhost", "POST", "/", body).await.assert_error(
        400,
        "ParameterInvalid",
        "projectName fresh is not the project in the host",
    );
}

#[tokio::test]
async fn a_deleted_project_takes_its_logstores_along() {
    let bench = TestServer::start(Rules::Default).await;
    bench.call("DELETE", "/", "").await.assert_done();
    bench.call("GET", "/logstores/app", "").await.assert_error(
        404,
        "ProjectNotExist",
        "The Project does not exist : proj",
    );
    bench.call("POST", "/", r#"{"projectName":"proj"}"#).await.assert_done();
    assert_eq!(bench.call("GET", "/", "").await.json()["description"], "");
    assert_eq!(bench.call("GET", "/logstores", "").await.json()["total"], 0);
}

#[tokio::test]
async fn projects_are_listed_by_region() {
    let seed = r#"{"projects": [{"name": "proj-b"}, {"name": "proj-a", "description": "waf"},
        {"name": "proj-far", "region": "cn-beijing"}]}"#;
    let bench = TestServer::with_seed(seed, Rules::Default, START).await;
    for (host, query, total, names) in [
        ("localhost", "", 2, json!(["proj-a", "proj-b"])),
        ("cn-hangzhou.log.aliyuncs.com", "?resourceGroupId=", 2, json!(["proj-a", "proj-b"])),
        ("cn-beijing.log.aliyuncs.com", "", 1, json!(["proj-far"])),
        ("localhost", "?description=waf", 1, json!(["proj-a"])),
        ("localhost", "?projectName=-b", 1, json!(["proj-b"])),
        ("localhost", "?offset=1&size=5", 2, json!(["proj-b"])),
    ] {
        let list = bench.call_host(host, "GET", &format!("/{query}"), "").await.json();
        let found: Vec<_> =
            list["projects"].as_array().unwrap().iter().map(|p| p["projectName"].clone()).collect();
        assert_eq!((json!(found), &list["total"]), (names, &json!(total)), "{host} {query}");
        assert_eq!(list["count"], found.len());
    }
    let list = bench.call_host("localhost", "GET", "/", "").await.json();
    assert_eq!(list["projects"][0]["createTime"], START.to_string());
}

/// The tags that `ListTagResources` answers for the project `proj`, as the official provider asks for them.
async fn tags(bench: &TestServer) -> Value {
    let call =
        DataCall::new("GET", "/tags").query("resourceType", "PROJECT").query("resourceId", r#"["proj"]"#);
    let answer = call.send(bench).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let listed = answer.json()["tagResources"].as_array().unwrap().clone();
    assert!(listed.iter().all(|tag| tag["resourceId"] == "proj" && tag["resourceType"] == "project"));
    listed.iter().map(|tag| (tag["tagKey"].as_str().unwrap().to_owned(), tag["tagValue"].clone())).collect()
}

#[tokio::test]
async fn projects_have_tags() {
    let bench = TestServer::start(Rules::Strict).await;
    assert_eq!(tags(&bench).await, json!({}));
    // The project is named in the body: official clients send this to the region's endpoint, or to the project's.
    for (host, change, expected) in [
        (
            "localhost",
            (
                "/tag",
                r#"{"resourceId":["proj"],"resourceType":"PROJECT","tags":[{"key":"a","value":"1"},{"key":"b","value":""}]}"#,
            ),
            json!({"a": "1", "b": ""}),
        ),
        (
            "proj.localhost",
            ("/tag", r#"{"resourceId":["proj"],"resourceType":"project","tags":[{"key":"a","value":"2"}]}"#),
            json!({"a": "2", "b": ""}),
        ),
        (
            "localhost",
            ("/untag", r#"{"resourceId":["proj"],"resourceType":"PROJECT","tags":["a","none"]}"#),
            json!({"b": ""}),
        ),
        (
            "localhost",
            ("/untag", r#"{"resourceId":["proj"],"resourceType":"project","all":true}"#),
            json!({}),
        ),
    ] {
        bench.call_host(host, "POST", change.0, change.1).await.assert_done();
        assert_eq!(tags(&bench).await, expected);
    }
    for (path, body, status, code) in [
        ("/tag", r#"{"resourceId":["none"],"resourceType":"project","tags":[]}"#, 404, "ProjectNotExist"),
        ("/untag", r#"{"resourceId":["none"],"resourceType":"project","tags":[]}"#, 404, "ProjectNotExist"),
        ("/tag", r#"{"resourceId":["proj"],"resourceType":"logstore","tags":[]}"#, 400, "ParameterInvalid"),
        ("/tag", r#"{"resourceId":"proj","resourceType":"project","tags":[]}"#, 400, "ParameterInvalid"),
        ("/tag", r#"{"resourceId":["proj"],"resourceType":"project","tags":["a"]}"#, 400, "ParameterInvalid"),
    ] {
        bench.call("POST", path, body).await.assert_error_code(status, code);
    }
    DataCall::new("GET", "/tags")
        .query("resourceType", "PROJECT")
        .query("resourceId", r#"["none"]"#)
        .send(&bench)
        .await
        .assert_error_code(404, "ProjectNotExist");
}

#[tokio::test]
async fn a_projects_policy_is_the_text_that_was_put() {
    let bench = TestServer::start(Rules::Strict).await;
    bench.call("GET", "/policy", "").await.assert_done();
    for policy in ["\n{\n  \"Statement\": [],\n  \"Version\": \"1\"\n}", r#"{"Version":"1"}"#] {
        bench.call("POST", "/policy", policy).await.assert_done();
        let answer = bench.call("GET", "/policy", "").await;
        assert_eq!((answer.status, answer.text().as_str()), (200, policy));
    }
    bench.call("DELETE", "/policy", "").await.assert_done();
    bench.call("GET", "/policy", "").await.assert_done();
    for policy in ["text", r#"{"Version":"1","Version":"1"}"#] {
        bench.call("POST", "/policy", policy).await.assert_error_code(400, "PostBodyInvalid");
    }
    bench.call_host("none.localhost", "GET", "/policy", "").await.assert_error_code(404, "ProjectNotExist");
}
