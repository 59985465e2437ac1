//! The log of calls: what a test asks to learn who called what, and with which outcome.
//!
//! What it takes of memory is bounded, whoever calls: by the number of calls and by their bytes. A body is looked into
//! once the call is known to be signed, and kept, as the text of its JSON, only if it is small.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value, json};

use super::http::Call;

/// How many calls are kept; older ones are forgotten. Enough for a plan and an apply over
/// 10,000 Logstores, and bounded for an emulator that runs for days.
const CAPACITY: usize = 100_000;

/// About how many bytes of calls are kept; older calls are forgotten.
const BUDGET: usize = 64 * 1024 * 1024;

/// The largest body that is kept, in bytes: more than any call has but those that write logs.
const LARGEST_BODY: usize = 64 * 1024;

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
    /// The text of a JSON object.
    query: String,
    host: String,
    principal: Option<String>,
    status: Option<u16>,
    error_code: Option<String>,
    /// The text of the JSON that is shown.
    body: String,
    /// False for the moment until the signature is checked: a call is never listed without what is kept of its body.
    is_listed: bool,
}

/// Every call since the start or the last [`RequestLog::clear`], oldest first.
#[derive(Debug, Default)]
pub struct RequestLog {
    calls: Mutex<Calls>,
}

#[derive(Debug, Default)]
struct Calls {
    // Shared with whoever is writing them out.
    entries: VecDeque<Arc<Entry>>,
    /// The sizes of all entries.
    bytes: usize,
}

impl RequestLog {
    /// Notes a call that has arrived, without its body. It is listed when its signature was checked
    /// ([`RequestLog::identified`]), or when it is answered because that failed.
    pub fn arrived(
        &self,
        id: &str,
        time: String,
        service: &'static str,
        action: Option<String>,
        call: &Call,
    ) {
        let entry = Entry {
            id: id.to_owned(),
            time,
            service,
            action,
            method: call.method.clone(),
            path: call.path.clone(),
            query: text_of(&query_of(call)),
            host: call.host.clone(),
            principal: None,
            status: None,
            error_code: None,
            body: text_of(&unread_body_of(call)),
            is_listed: false,
        };
        self.lock().push(entry);
    }

    /// Notes who a call was found to come from, `None` where anybody may call, and its body. Its status stays `null`
    /// until [`RequestLog::answered`].
    pub fn identified(&self, id: &str, principal: Option<String>, call: &Call) {
        let body = text_of(&body_of(call));
        self.lock().change(id, |entry| {
            entry.principal = principal;
            entry.body = body;
        });
    }

    /// Records how a call ended. Status 0 means that the connection was closed without an answer.
    pub fn answered(&self, id: &str, status: u16, error_code: Option<String>) {
        self.lock().change(id, |entry| {
            entry.status = Some(status);
            entry.error_code = error_code;
        });
    }

    /// Forgets every call.
    pub fn clear(&self) {
        *self.lock() = Calls::default();
    }

    /// The log as the control API gives it.
    pub fn to_json(&self) -> Value {
        // Calls come in while it is written out.
        let entries = self.lock().entries.clone();
        entries.iter().filter(|entry| entry.is_listed).map(|entry| entry.to_json()).collect()
    }

    /// Up to `count` calls as the control API gives them, the latest first.
    pub fn latest(&self, count: usize) -> Vec<Value> {
        let calls = self.lock();
        let listed = calls.entries.iter().rev().filter(|entry| entry.is_listed);
        let entries: Vec<_> = listed.take(count).cloned().collect();
        drop(calls);
        entries.iter().map(|entry| entry.to_json()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Calls {
    fn push(&mut self, entry: Entry) {
        self.bytes += entry.size();
        self.entries.push_back(Arc::new(entry));
        self.forget_oldest();
    }

    fn change(&mut self, id: &str, change: impl FnOnce(&mut Entry)) {
        let Some(entry) = self.entries.iter_mut().rev().find(|entry| entry.id == id) else { return };
        let before = entry.size();
        let changed = Arc::make_mut(entry);
        change(changed);
        changed.is_listed = true;
        self.bytes = self.bytes - before + entry.size();
        self.forget_oldest();
    }

    fn forget_oldest(&mut self) {
        while self.bytes > BUDGET || self.entries.len() > CAPACITY {
            let Some(oldest) = self.entries.pop_front() else { return };
            self.bytes -= oldest.size();
        }
    }
}

impl Entry {
    /// About how many bytes it takes.
    fn size(&self) -> usize {
        let texts = [&self.id, &self.time, &self.method, &self.path, &self.query, &self.host, &self.body];
        let optional = [&self.action, &self.principal, &self.error_code];
        let optional = optional.into_iter().flatten();
        size_of::<Self>() + texts.into_iter().chain(optional).map(String::capacity).sum::<usize>()
    }

    fn to_json(&self) -> Value {
        let value = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
        let mut json = json!({
            "id": self.id,
            "time": self.time,
            "service": self.service,
            "action": self.action,
            "method": self.method,
            "path": self.path,
            "query": value(&self.query),
            "host": self.host,
            "principal": self.principal,
            "status": self.status,
            "body": value(&self.body),
        });
        if let (Some(code), Some(members)) = (&self.error_code, json.as_object_mut()) {
            members.insert("error_code".to_owned(), code.clone().into());
        }
        json
    }
}

/// The text of a value, in no more memory than it needs.
fn text_of(value: &Value) -> String {
    let mut text = value.to_string();
    text.shrink_to_fit();
    text
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
    let size = call.body.len();
    if size == 0 {
        return Value::Null;
    }
    if size > LARGEST_BODY {
        return format!("({size} bytes, too large to be kept)").into();
    }
    let holds_logs = call.header("content-type").is_some_and(|kind| kind.contains("protobuf"));
    match serde_json::from_slice(&call.body) {
        Ok(body) if !holds_logs => without_secrets(body),
        _ => format!("({size} bytes that are not JSON)").into(),
    }
}

/// What is said of the body of a call whose signature was not verified, or not yet.
fn unread_body_of(call: &Call) -> Value {
    match call.body.len() {
        0 => Value::Null,
        size => format!("({size} bytes of a call whose signature is not verified)").into(),
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
        assert_eq!(log.to_json(), json!([]));
        log.identified("A", Some("acs:ram::1:root".to_owned()), &call("/logstores/app", r#"{"ttl":1.50}"#));
        assert_eq!(log.to_json()[0]["status"], Value::Null);
        log.answered("A", 400, Some("ParameterInvalid".to_owned()));
        let entry = log.to_json()[0].clone();
        assert_eq!(entry["principal"], "acs:ram::1:root");
        assert_eq!(entry["body"].to_string(), r#"{"ttl":1.50}"#);
        assert_eq!(entry["status"], 400);
        assert_eq!(entry["error_code"], "ParameterInvalid");
    }

    #[test]
    fn the_body_of_a_call_that_is_not_signed_is_not_looked_into() {
        let log = RequestLog::default();
        log.arrived("A", "t".to_owned(), "sls", None, &call("/logstores/app", r#"{"ttl":30}"#));
        log.answered("A", 401, Some("SignatureNotMatch".to_owned()));
        assert_eq!(log.to_json()[0]["body"], "(10 bytes of a call whose signature is not verified)");
    }

    #[test]
    fn the_latest_calls_come_first() {
        let log = RequestLog::default();
        for id in ["A", "B", "C"] {
            log.arrived(id, "t".to_owned(), "sls", None, &call("/", ""));
            log.identified(id, None, &call("/", ""));
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
        log.identified("A", None, &call);
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

    #[test]
    fn a_body_of_up_to_64_kib_is_whole_and_of_a_larger_one_there_is_its_size() {
        let body = |length: usize| {
            let mut call = call("/", "");
            call.body = serde_json::to_vec(&json!({"a": "x".repeat(length)})).unwrap().into();
            body_of(&call)
        };
        assert_eq!(body(LARGEST_BODY - 8)["a"], "x".repeat(LARGEST_BODY - 8));
        assert_eq!(body(LARGEST_BODY - 7), "(65537 bytes, too large to be kept)");
    }

    #[test]
    fn the_bytes_of_all_calls_are_bounded_and_the_latest_are_kept() {
        let log = RequestLog::default();
        let mut call = call("/", "");
        call.body = serde_json::to_vec(&"x".repeat(LARGEST_BODY - 2)).unwrap().into();
        call.path = "p".repeat(LARGEST_BODY);
        let most = BUDGET / (2 * LARGEST_BODY);
        for number in 0..2 * most {
            let id = number.to_string();
            log.arrived(&id, "t".to_owned(), "sls", None, &call);
            log.identified(&id, None, &call);
            log.answered(&id, 200, None);
        }
        let calls = log.lock();
        assert!((most - 9..most).contains(&calls.entries.len()), "{} of {most}", calls.entries.len());
        assert_eq!(calls.bytes, calls.entries.iter().map(|entry| entry.size()).sum::<usize>());
        assert_eq!(calls.entries.back().unwrap().id, (2 * most - 1).to_string());
    }

    #[test]
    fn the_number_of_calls_is_bounded() {
        let log = RequestLog::default();
        for number in 0..=CAPACITY {
            log.arrived(&number.to_string(), "t".to_owned(), "sls", None, &call("/", ""));
        }
        let calls = log.lock();
        assert_eq!((calls.entries.len(), calls.entries.front().unwrap().id.as_str()), (CAPACITY, "1"));
    }
}
