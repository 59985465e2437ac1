//! Requests signed by official SDKs: the vectors in `tests/data/`.

use std::collections::BTreeMap;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::*;
use crate::captured::Captured;
pub use crate::captured::call;

const SIGNING: &str = include_str!("../../../../tests/data/signing.json");

/// A call whose signature is known, step by step.
pub struct Vector {
    pub id: String,
    pub algorithm: String,
    pub call: Call,
    pub secret: Secret,
    expected: BTreeMap<String, String>,
}

impl Vector {
    /// An expected value; `date_sent` is the date that was signed.
    #[track_caller]
    pub fn expected(&self, name: &str) -> String {
        self.expected.get(name).unwrap_or_else(|| panic!("{} has no {name}", self.id)).clone()
    }
}

/// The SLS vectors of `signing.json`.
pub fn vectors() -> Vec<Vector> {
    let document: Value = serde_json::from_str(SIGNING).unwrap();
    let vectors = document["vectors"].as_array().unwrap();
    vectors.iter().filter(|v| v["algorithm"].as_str().unwrap().starts_with("sls-")).map(vector).collect()
}

fn vector(json: &Value) -> Vector {
    let (input, expected) = (&json["input"], &json["expected"]);
    let body = input["body"].as_str().unwrap_or_default();
    let mut headers = headers_of(input, expected);
    headers.insert("authorization".to_owned(), expected["authorization"].as_str().unwrap().to_owned());
    let mut steps: BTreeMap<String, String> = expected
        .as_object()
        .unwrap()
        .iter()
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect();
    let date = if input["date"].is_string() { &input["date"] } else { &input["x_log_date"] };
    steps.insert("date_sent".to_owned(), date.as_str().unwrap().to_owned());
    let encoded = |value: &Value| utf8_percent_encode(value.as_str().unwrap(), NON_ALPHANUMERIC).to_string();
    let query = input["query"].as_object().unwrap().iter();
    let query: Vec<String> = query.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    let target = format!("{}?{}", input["path"].as_str().unwrap(), query.join("&"));
    Vector {
        id: json["id"].as_str().unwrap().to_owned(),
        algorithm: json["algorithm"].as_str().unwrap().to_owned(),
        call: call(input["method"].as_str().unwrap(), &target, headers.iter(), body),
        secret: Secret::from(input["access_key_secret"].as_str().unwrap()),
        expected: steps,
    }
}

/// The headers as sent. The vectors list those of each SDK at another moment of signing.
fn headers_of(input: &Value, expected: &Value) -> BTreeMap<String, String> {
    let sent = [
        &input["headers_before_signing"],
        &input["headers_signed_and_unsigned"],
        &expected["headers_after_signing"],
    ];
    let mut headers = BTreeMap::new();
    for (name, value) in sent.into_iter().filter_map(Value::as_object).flatten() {
        headers.insert(name.to_ascii_lowercase(), value.as_str().unwrap().to_owned());
    }
    for (name, value) in [
        ("x-log-date", &input["x_log_date"]),
        ("x-log-content-sha256", &expected["x_log_content_sha256"]),
        ("x-acs-security-token", &input["security_token"]),
    ] {
        if let Some(value) = value.as_str() {
            headers.insert(name.to_owned(), value.to_owned());
        }
    }
    headers
}

/// The SLS requests of `wire.json`.
pub fn captured() -> Vec<Captured> {
    crate::captured::captured(|scheme| scheme.starts_with("sls-"))
}
