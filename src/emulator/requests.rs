//! The log of calls: what a test asks to learn who called what, and with which outcome.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value, json};

use super::http::Call;

/// How many calls are kept; older ones are forgotten. Enough for a plan and an apply over
/// 10,000 Logstores, and bounded for an emulator that runs for days.
const CAPACITY: usize = 100_000;

/// What stands in the place of a secret.
const HIDDEN: &str = "(hidden)";

/// One call.
#[derive(Clone, Debug)]
struct Entry {
    id: String,
    time: String,
    service: &'static str,
    action: Option<String>,
    method: String,
    path: String,
    query: Value,
    host: String,
    principal: Option<String>,
    status: Option<u16>,
    error_code: Option<String>,
    body: Value,
}

/// Every call since the start or the last [`RequestLog::clear`], oldest first.
#[derive(Debug, Default)]
pub struct RequestLog {
    entries: Mutex<VecDeque<Entry>>,
}

impl RequestLog {
    /// Notes a call that has arrived; its status stays `null` until [`RequestLog::answered`].
    pub fn arrived(
        &self,
        id: &str,
        time: String,
        service: &'static str,
        action: Option<String>,
        call: &Call,
    ) {
        let mut entries = self.lock();
        if entries.len() == CAPACITY {
            entries.pop_front();
        }
        entries.push_back(Entry {
            id: id.to_owned(),
            time,
            service,
            action,
            method: call.method.clone(),
            path: call.path.clone(),
            query: query_of(call),
            host: call.host.clone(),
            principal: None,
            status: None,
            error_code: None,
            body: body_of(call),
        });
    }

    /// Notes who a call was found to come from.
    pub fn identified(&self, id: &str, principal: String) {
        self.change(id, |entry| entry.principal = Some(principal));
    }

    /// Records how a call ended. Status 0 means that the connection was closed without an answer.
    pub fn answered(&self, id: &str, status: u16, error_code: Option<String>) {
        self.change(id, |entry| {
            entry.status = Some(status);
            entry.error_code = error_code;
        });
    }

    /// Forgets every call.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// The log as the control API gives it.
    pub fn to_json(&self) -> Value {
        self.lock().iter().map(Entry::to_json).collect()
    }

    /// Up to `count` calls as the control API gives them, the latest first.
    pub fn latest(&self, count: usize) -> Vec<Value> {
        self.lock().iter().rev().take(count).map(Entry::to_json).collect()
    }

    fn change(&self, id: &str, change: impl FnOnce(&mut Entry)) {
        if let Some(entry) = self.lock().iter_mut().rev().find(|entry| entry.id == id) {
            change(entry);
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn to_json(&self) -> Value {
        let mut json = json!({
            "id": self.id,
            "time": self.time,
            "service": self.service,
            "action": self.action,
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "host": self.host,
            "principal": self.principal,
            "status": self.status,
            "body": self.body,
        });
        if let (Some(code), Some(members)) = (&self.error_code, json.as_object_mut()) {
            members.insert("error_code".to_owned(), code.clone().into());
        }
        json
    }
}

fn query_of(call: &Call) -> Value {
    let mut members = Map::new();
    for parameter in call.query.iter() {
        members.insert(parameter.name.clone(), parameter.value.clone().into());
    }
    without_secrets(Value::Object(members))
}

/// The JSON body, `null` for none, and for anything else only its size: it may hold secrets in a form
/// that is not looked into. Log groups are never looked into, also where their bytes happen to be JSON.
fn body_of(call: &Call) -> Value {
    if call.body.is_empty() {
        return Value::Null;
    }
    let holds_logs = call.header("content-type").is_some_and(|kind| kind.contains("protobuf"));
    match serde_json::from_slice(&call.body) {
        Ok(body) if !holds_logs => without_secrets(body),
        _ => format!("({} bytes that are not JSON)", call.body.len()).into(),
    }
}

/// Hides the values of members whose names say that they are secret, at any depth.
fn without_secrets(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| {
                let value = if is_secret(&name) { HIDDEN.into() } else { without_secrets(value) };
                (name, value)
            })
            .collect(),
        Value::Array(elements) => elements.into_iter().map(without_secrets).collect(),
        other => other,
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["secret", "token", "signature", "password", "plaintext", "privatekey"]
        .iter()
        .any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Bytes;
    use hyper::Request;

    fn call(target: &str, body: &'static str) -> Call {
        let head = Request::put(target).header("Host", "p.localhost").body(()).unwrap().into_parts().0;
        Call::new(&head, Bytes::from_static(body.as_bytes()))
    }

    #[test]
    fn a_call_is_visible_before_it_is_answered() {
        let log = RequestLog::default();
        log.arrived(
            "A",
            "t".to_owned(),
            "sls",
            Some("UpdateLogStore".to_owned()),
            &call("/logstores/app", r#"{"ttl":30}"#),
        );
        assert_eq!(log.to_json()[0]["status"], Value::Null);
        assert_eq!(log.to_json()[0]["body"]["ttl"], 30);
        log.identified("A", "acs:ram::1:root".to_owned());
        log.answered("A", 400, Some("ParameterInvalid".to_owned()));
        let entry = log.to_json()[0].clone();
        assert_eq!(entry["principal"], "acs:ram::1:root");
        assert_eq!(entry["status"], 400);
        assert_eq!(entry["error_code"], "ParameterInvalid");
    }

    #[test]
    fn the_latest_calls_come_first() {
        let log = RequestLog::default();
        for id in ["A", "B", "C"] {
            log.arrived(id, "t".to_owned(), "sls", None, &call("/", ""));
        }
        let ids: Vec<Value> = log.latest(2).into_iter().map(|entry| entry["id"].clone()).collect();
        assert_eq!(ids, ["C", "B"]);
    }

    #[test]
    fn answers_to_forgotten_calls_are_ignored() {
        let log = RequestLog::default();
        log.arrived("A", "t".to_owned(), "sls", None, &call("/", ""));
        log.clear();
        log.answered("A", 200, None);
        assert_eq!(log.to_json(), json!([]));
    }

    #[test]
    fn secrets_are_hidden_in_query_and_body() {
        let log = RequestLog::default();
        let call = call(
            "/?SecurityToken=canary&Signature=canary&Action=X",
            r#"{"a":[{"AccessKeySecret":"canary"}],"ttl":1}"#,
        );
        log.arrived("A", "t".to_owned(), "sls", None, &call);
        let printed = log.to_json().to_string();
        assert!(!printed.contains("canary"), "{printed}");
        assert!(printed.contains(r#""Action":"X""#), "{printed}");
        assert!(printed.contains(r#""ttl":1"#), "{printed}");
    }

    #[test]
    fn bodies_that_are_not_json_give_only_their_size() {
        assert_eq!(body_of(&call("/", "Password=canary")), json!("(15 bytes that are not JSON)"));
        assert_eq!(body_of(&call("/", "")), Value::Null);
        let mut log_group = call("/", "\n\"canary\"");
        log_group.headers.insert("content-type", "application/x-protobuf".parse().unwrap());
        assert_eq!(body_of(&log_group), json!("(9 bytes that are not JSON)"));
    }
}
