//! Requests that official clients put on the wire, captured in `tests/data/wire.json`.

use axum::body::Bytes;
use hyper::Request;
use serde_json::Value;

use super::http::Call;

const WIRE: &str = include_str!("../../tests/data/wire.json");

/// A request captured off the wire; key `ak`, secret `sk`, and where there is a token `to+k/==`.
pub struct Captured {
    pub name: String,
    pub scheme: String,
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Captured {
    pub fn call(&self) -> Call {
        call(&self.method, &self.target, self.headers.iter().map(|(name, value)| (name, value)), &self.body)
    }

    pub fn with_header(&self, name: &str, change: impl Fn(&str) -> String) -> Self {
        let headers = self.headers.iter().map(|(header, value)| {
            let hit = header.eq_ignore_ascii_case(name);
            (header.clone(), if hit { change(value) } else { value.clone() })
        });
        Self {
            name: format!("{} with another {name}", self.name),
            scheme: self.scheme.clone(),
            method: self.method.clone(),
            target: self.target.clone(),
            headers: headers.collect(),
            body: self.body.clone(),
        }
    }

    pub fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(header, _)| header.eq_ignore_ascii_case(name))
    }

    pub fn is_v4(&self) -> bool {
        self.headers.iter().any(|(_, value)| value.starts_with("SLS4-"))
    }
}

/// The captured requests whose signature scheme `include` picks.
pub fn captured(include: impl Fn(&str) -> bool) -> Vec<Captured> {
    let document: Value = serde_json::from_str(WIRE).unwrap();
    let requests = document["requests"].as_array().unwrap().iter().enumerate();
    requests
        .filter(|(_, request)| include(request["scheme"].as_str().unwrap()))
        .map(|(i, request)| Captured {
            name: format!("request {i}: {} {}", request["client"], request["target"]),
            scheme: request["scheme"].as_str().unwrap().to_owned(),
            method: request["method"].as_str().unwrap().to_owned(),
            target: request["target"].as_str().unwrap().to_owned(),
            headers: serde_json::from_value(request["headers"].clone()).unwrap(),
            body: request["body"].as_str().unwrap().to_owned(),
        })
        .collect()
}

/// A call as it would come off the wire.
pub fn call<N: AsRef<str>, V: AsRef<str>>(
    method: &str,
    target: &str,
    headers: impl Iterator<Item = (N, V)>,
    body: &str,
) -> Call {
    let mut request = Request::builder().method(method).uri(target);
    for (name, value) in headers {
        request = request.header(name.as_ref(), value.as_ref());
    }
    Call::new(&request.body(()).unwrap().into_parts().0, Bytes::copy_from_slice(body.as_bytes()))
}
