//! Calls signed by official SDKs: the RPC and ACS3 vectors of `tests/data/signing.json`.

use serde_json::Value;

use super::claim::canonical;
use super::*;
use crate::captured::call;

const SIGNING: &str = include_str!("../../../../tests/data/signing.json");

/// A call whose signature is known, step by step.
pub struct Vector {
    pub id: String,
    pub algorithm: String,
    pub call: Call,
    pub secret: Secret,
    expected: Value,
}

impl Vector {
    #[track_caller]
    pub fn expected(&self, name: &str) -> &str {
        self.expected[name].as_str().unwrap_or_else(|| panic!("{} has no {name}", self.id))
    }
}

/// The vectors of both schemes.
pub fn vectors() -> Vec<Vector> {
    let document: Value = serde_json::from_str(SIGNING).unwrap();
    let vectors = document["vectors"].as_array().unwrap().iter();
    vectors.filter(|v| !text(&v["algorithm"]).starts_with("sls-")).map(vector).collect()
}

fn vector(json: &Value) -> Vector {
    let (input, expected) = (&json["input"], &json["expected"]);
    let call = match text(&json["algorithm"]).as_str() {
        "rpc-v1-hmac-sha1" => v1_call(input, expected),
        _ => acs3_call(input, expected),
    };
    Vector {
        id: text(&json["id"]),
        algorithm: text(&json["algorithm"]),
        call,
        secret: Secret::from(text(&input["access_key_secret"])),
        expected: expected.clone(),
    }
}

fn v1_call(input: &Value, expected: &Value) -> Call {
    let target = text(&expected["url_path_and_query"]);
    let form = query_of(&input["form_body"]);
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let headers = headers.into_iter().take(usize::from(!form.is_empty()));
    call(&text(&input["method"]), &target, headers, &form)
}

fn acs3_call(input: &Value, expected: &Value) -> Call {
    let target = format!("{}?{}", text(&input["path"]), query_of(&input["query"]));
    let headers = input["headers"].as_object().unwrap().iter();
    let mut headers: Vec<_> = headers.map(|(name, value)| (name.clone(), text(value))).collect();
    headers.push(("authorization".to_owned(), text(&expected["authorization"])));
    call(&text(&input["method"]), &target, headers.into_iter(), input["body"].as_str().unwrap_or_default())
}

fn query_of(members: &Value) -> String {
    canonical(
        members.as_object().unwrap().iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap())),
    )
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
