//! Endpoint discovery and the other calls that clients make before the first one that matters.

use serde_json::{Value, json};
use test_support::async_http::{exchange, exchange_on};
use test_support::{Key, Response};

use crate::client::{TestServer, config, rpc_signed};
use crate::tls::{bench as tls_bench, tunnel};

const LOCATION: (&str, &str) = ("2015-06-12", "DescribeEndpoints");

/// Asks for an endpoint at a host in clear text, as a client of an HTTP proxy does too.
async fn asked_at(bench: &TestServer, host: &str, parameters: &[(&str, &str)]) -> Response {
    exchange(bench.addr(), &rpc_signed(&Key::root(), host, LOCATION, parameters)).await.unwrap()
}

#[track_caller]
fn endpoint(response: &Response) -> String {
    assert_eq!(response.status, 200, "{}", response.text());
    let answer = response.json();
    assert!(answer["Success"] == true && answer["RequestId"].is_string(), "{answer}");
    let endpoint = &answer["Endpoints"]["Endpoint"][0];
    assert_eq!((&endpoint["Type"], &endpoint["Id"]), (&json!("openAPI"), &json!("cn-beijing")));
    assert_eq!(endpoint["Protocols"]["Protocols"], json!(["HTTP", "HTTPS"]));
    endpoint["Endpoint"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_services_are_where_they_are_in_the_cloud() {
    let bench = tls_bench().await;
    for (service, expected) in [
        ("sls", "cn-beijing.log.aliyuncs.com"),
        ("kms", "kms.cn-beijing.aliyuncs.com"),
        ("sts", "sts.cn-beijing.aliyuncs.com"),
        ("ram", "ram.aliyuncs.com"),
    ] {
        let parameters = [("Id", "cn-beijing"), ("ServiceCode", service), ("Type", "openAPI")];
        for host in ["location.aliyuncs.com", "location-readonly.aliyuncs.com"] {
            let mut stream = tunnel(&bench, host).await;
            let request = rpc_signed(&Key::root(), host, LOCATION, &parameters);
            let response = exchange_on(&mut stream, &request).await.unwrap();
            assert_eq!(endpoint(&response), expected);
            assert_eq!(response.json()["Endpoints"]["Endpoint"][0]["SerivceCode"], service);
            let in_clear = asked_at(&bench, host, &parameters).await;
            assert_eq!(endpoint(&in_clear), expected);
        }
        // What is answered leads to the emulator again.
        tunnel(&bench, expected).await;
    }
}

/// With made-up keys, a client must not be sent to the cloud.
#[tokio::test]
async fn who_asks_at_an_address_of_the_emulator_is_told_that_address() {
    let bench = TestServer::with_config(config()).await;
    for host in ["127.0.0.1:8700", "localhost:8700", "emulator"] {
        for service in ["sls", "kms", "sts", "ram"] {
            let response = asked_at(&bench, host, &[("Id", "cn-beijing"), ("ServiceCode", service)]).await;
            assert_eq!(endpoint(&response), host);
        }
    }
}

#[tokio::test]
async fn what_cannot_be_found_is_said_in_the_words_that_sdks_know() {
    let bench = TestServer::with_config(config()).await;
    for (parameters, status, code, message) in [
        (
            [("Id", "cn-beijing"), ("ServiceCode", "ecs")],
            400,
            "Illegal Parameter",
            "Please check the parameters",
        ),
        (
            [("Id", "nowhere"), ("ServiceCode", "sls")],
            404,
            "InvalidRegionId",
            "The specified region does not exist.",
        ),
        (
            [("Id", "cn-beijing"), ("Type", "openAPI")],
            400,
            "MissingParameter",
            "The parameter \"ServiceCode\" is needed but not provided.",
        ),
    ] {
        let response = asked_at(&bench, "location.aliyuncs.com", &parameters).await;
        let answer = response.json();
        assert_eq!(
            (response.status, &answer["Code"], &answer["Message"]),
            (status, &json!(code), &json!(message))
        );
    }
    let inner = [("Id", "cn-beijing"), ("ServiceCode", "sls"), ("Type", "innerAPI")];
    let none = asked_at(&bench, "location.aliyuncs.com", &inner).await.json();
    assert_eq!((&none["Endpoints"]["Endpoint"], &none["Success"]), (&json!([]), &json!(true)));

    let stranger = Key::new("ak-root", "wrong");
    let request = rpc_signed(&stranger, "location.aliyuncs.com", LOCATION, &inner);
    let refused = exchange(bench.addr(), &request).await.unwrap();
    assert_eq!((refused.status, &refused.json()["Code"]), (400, &json!("SignatureDoesNotMatch")));
    let unknown = ("2015-06-12", "DescribeServices");
    let request = rpc_signed(&Key::root(), "location.aliyuncs.com", unknown, &[]);
    let unknown = exchange(bench.addr(), &request).await.unwrap();
    assert_eq!((unknown.status, &unknown.json()["Code"]), (404, &json!("InvalidAction.NotFound")));
}

#[tokio::test]
async fn these_calls_are_listed_and_can_be_disturbed() {
    let bench = TestServer::with_config(config()).await;
    for (service, action, version) in [
        ("location", "DescribeEndpoints", "2015-06-12"),
        ("sls", "GetSlsService", "2019-10-23"),
        ("bss", "QueryAvailableInstances", "2017-12-14"),
    ] {
        let effect = json!({"error": {"status": 503, "code": "ServiceUnavailable", "message": "later"}});
        bench.fault(&json!({"service": service, "action": action, "effect": effect}).to_string()).await;
        let parameters = [("Id", "cn-beijing"), ("ServiceCode", "sls")];
        let call = async || bench.rpc(&Key::root(), (version, action), &parameters).await;
        assert_eq!(call().await.json()["Code"], "ServiceUnavailable", "{service}");
        assert_eq!(call().await.status, 200, "{service}");
        let log: Value = bench.control("GET", "requests", "").await;
        let last = log.as_array().unwrap().last().unwrap();
        assert_eq!((&last["service"], &last["action"]), (&json!(service), &json!(action)));
    }
}
