//! What the official provider asks before its first resource.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use sha1::Sha1;
use test_support::async_http::exchange_on;

use super::sls::{Expected::Has, SLS, bench, check};
use crate::tls::tunnel;

/// An RPC call as `aliyun/alibaba-cloud-sdk-go` sends it: POST, all parameters in the query, no body. The path is
/// signed as `/`, also where the endpoint has one of its own.
fn pop_request(
    (host, path): (&str, &str),
    (version, action): (&str, &str),
    parameters: &[(&str, &str)],
) -> Vec<u8> {
    let encoded = |text: &str| {
        const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
        utf8_percent_encode(text, UNRESERVED).to_string()
    };
    let nonce = format!("{host}{action}{parameters:?}");
    let mut pairs = vec![
        ("AccessKeyId", "ak-root"),
        ("Action", action),
        ("Format", "JSON"),
        ("RegionId", "cn-hangzhou"),
        ("SignatureMethod", "HMAC-SHA1"),
        ("SignatureNonce", &nonce),
        ("SignatureType", ""),
        ("SignatureVersion", "1.0"),
        ("Timestamp", "2026-11-20T08:00:00Z"),
        ("Version", version),
    ];
    pairs.extend(parameters);
    pairs.sort_unstable();
    let query: Vec<String> =
        pairs.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
    let query = query.join("&");
    let mut mac = Hmac::<Sha1>::new_from_slice(b"sk-root&").unwrap();
    mac.update(format!("POST&%2F&{}", encoded(&query)).as_bytes());
    let signature = encoded(&STANDARD.encode(mac.finalize().into_bytes()));
    format!(
        "POST {path}/?{query}&Signature={signature} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: AlibabaCloud (linux; amd64) \
         Golang/1.24.4 Core/1.63.107 Terraform/1.15.0\r\nContent-Length: 0\r\nAccept-Encoding: identity\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nx-sdk-client: golang/1.0.0\r\n\
         x-sdk-invoke-type: normal\r\n\r\n"
    )
    .into_bytes()
}

/// What is asked before the first resource: of which site the account is, where a service is, who calls, and whether
/// the service is activated (`alicloud_log_service`).
#[tokio::test]
async fn before_the_first_resource() {
    let bench = bench().await;
    for (at, action, parameters, expected) in [
        (
            ("business.aliyuncs.com", ""),
            ("2017-12-14", "QueryAvailableInstances"),
            &[
                ("PageNum", "1"),
                ("PageSize", "50"),
                ("ProductCode", "vipcloudfw"),
                ("ProductType", "vipcloudfw"),
            ][..],
            // Any error would be one of an account of the international site, or be tried again.
            json!({"Success": true, "Code": "Success", "Data": {"TotalCount": 0, "InstanceList": null}}),
        ),
        (
            ("location.aliyuncs.com", ""),
            ("2015-06-12", "DescribeEndpoints"),
            &[("Id", "cn-hangzhou"), ("ServiceCode", "sls")][..],
            json!({"Success": true}),
        ),
        (
            ("sts.cn-hangzhou.aliyuncs.com", ""),
            ("2015-04-01", "GetCallerIdentity"),
            &[][..],
            json!({"AccountId": "1234567890123456"}),
        ),
        (
            (SLS, "/open-api"),
            ("2019-10-23", "GetSlsService"),
            &[][..],
            json!({"Success": true, "Enabled": true, "Status": "Opened"}),
        ),
    ] {
        let mut stream = tunnel(&bench, at.0).await;
        let response = exchange_on(&mut stream, &pop_request(at, action, parameters)).await.unwrap();
        check(&format!("{at:?} {action:?}"), &response, &Has(expected));
    }
}
