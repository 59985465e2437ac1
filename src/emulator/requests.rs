//! The log of calls: what a test asks to learn who called what, and with which outcome.
//!
//! What it takes of memory is bounded, whoever calls: by the number of calls and by their bytes. A body is looked into
//! once the call is known to be signed, and kept, as the text of its JSON, only if it is small.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::error::Error;
use super::http::Call;

/// How many calls are kept; older ones are forgotten. Enough for a plan and an apply over
/// 10,000 Logstores, and bounded for an emulator that runs for days.
const CAPACITY: usize = 100_000;

/// About how many bytes of calls are kept; older calls are forgotten.
const BUDGET: usize = 64 * 1024 * 1024;

/// The largest body that is kept, in bytes: more than any call has but those that write logs.
const LARGEST_BODY: usize = 64 * 1024;

/// How many characters of an error's message are kept: more than any has, unless it repeats what was sent.
const LONGEST_MESSAGE: usize = 1024;

/// How many characters of what was sent a [`RequestLog::latest`] call shows.
const LONGEST_TEXT: usize = 200;

/// What stands in the place of a secret.
const HIDDEN: &str = "(hidden)";

/// One call.
#[derive(Clone, Debug)]
struct Entry {
    id: String,
    /// How many calls had arrived with it.
    sequence: u64,
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
    error: Option<LoggedError>,
    /// The text of the JSON that is shown.
    body: String,
    /// False for the moment until the signature is checked: a call is never listed without what is kept of its body.
    is_listed: bool,
}

/// The error that a call was answered with.
#[derive(Clone, Debug)]
struct LoggedError {
    code: String,
    message: String,
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
    /// How many calls there were, those that are forgotten included.
    sequence: u64,
}

impl RequestLog {
    /// Notes a call that has arrived, without its body, and gives it its number. It is listed when its signature was
    /// checked ([`RequestLog::identified`]), or when it is answered because that failed.
    pub fn arrived(
        &self,
        id: &str,
        time: String,
        service: &'static str,
        action: Option<String>,
        call: &Call,
    ) -> u64 {
        let mut entry = Entry {
            id: id.to_owned(),
            sequence: 0,
            time,
            service,
            action,
            method: call.method.clone(),
            path: call.path.clone(),
            query: text_of(&query_of(call)),
            host: call.host.clone(),
            principal: None,
            status: None,
            error: None,
            body: text_of(&unread_body_of(call)),
            is_listed: false,
        };
        let mut calls = self.lock();
        calls.sequence += 1;
        entry.sequence = calls.sequence;
        calls.push(entry);
        calls.sequence
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
    pub fn answered(&self, id: &str, status: u16, error: Option<&Error>) {
        self.lock().change(id, |entry| {
            entry.status = Some(status);
            entry.error = error.map(LoggedError::new);
        });
    }

    /// Forgets every call. The numbers of later ones go on.
    pub fn clear(&self) {
        let mut calls = self.lock();
        *calls = Calls { sequence: calls.sequence, ..Calls::default() };
    }

    /// The log as the control API gives it, a JSON array. Queries and bodies are put into it as the texts that they are
    /// kept as: parsed, they would take many times their size.
    pub fn to_json(&self) -> String {
        // Calls come in while it is written out.
        let entries = self.lock().entries.clone();
        let listed: Vec<_> =
            entries.iter().filter(|entry| entry.is_listed).map(|entry| entry.to_json()).collect();
        format!("[{}]", listed.join(","))
    }

    /// Up to `count` calls in short, the latest first: without query and body, and with the beginning of long texts.
    pub fn latest(&self, count: usize) -> Vec<Value> {
        let calls = self.lock();
        let listed = calls.entries.iter().rev().filter(|entry| entry.is_listed);
        let entries: Vec<_> = listed.take(count).cloned().collect();
        drop(calls);
        entries.iter().map(|entry| entry.summary(|text| cut(text, LONGEST_TEXT)).into()).collect()
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
        let optional = [&self.action, &self.principal].into_iter().flatten();
        let error = self.error.iter().flat_map(|error| [&error.code, &error.message]);
        let optional = optional.chain(error);
        size_of::<Self>() + texts.into_iter().chain(optional).map(String::capacity).sum::<usize>()
    }

    fn to_json(&self) -> String {
        let summary = Value::from(self.summary(str::to_owned)).to_string();
        let members = summary.strip_suffix('}').unwrap_or_default();
        let value = |text| serde_json::from_str::<IgnoredAny>(text).map_or("null", |_| text);
        format!("{members},\"query\":{},\"body\":{}}}", value(&self.query), value(&self.body))
    }

    /// Everything but query and body; what the client chose goes through `text`.
    fn summary(&self, text: impl Fn(&str) -> String) -> Map<String, Value> {
        let mut members = Map::new();
        let mut insert = |name: &str, value: Value| drop(members.insert(name.to_owned(), value));
        insert("id", self.id.clone().into());
        insert("sequence", self.sequence.into());
        insert("time", self.time.clone().into());
        insert("service", self.service.into());
        insert("action", self.action.as_deref().map(&text).into());
        insert("method", text(&self.method).into());
        insert("path", text(&self.path).into());
        insert("host", text(&self.host).into());
        insert("principal", self.principal.as_deref().map(&text).into());
        insert("status", self.status.into());
        if let Some(LoggedError { code, message }) = &self.error {
            insert("error_code", code.clone().into());
            insert("error_message", message.clone().into());
        }
        members
    }
}

impl LoggedError {
    /// What an error says of a signature is hidden: it repeats what was signed, security tokens included.
    fn new(error: &Error) -> Self {
        let is_of_signature = ["SignatureDoesNotMatch", "SignatureNotMatch"].contains(&error.code.as_str());
        let message = if is_of_signature { HIDDEN } else { &error.message };
        Self { code: error.code.clone(), message: cut(message, LONGEST_MESSAGE) }
    }
}

/// The first `length` characters of a text, and an ellipsis where that is not all of it.
pub fn cut(text: &str, length: usize) -> String {
    match text.char_indices().nth(length) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
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

    fn listed(log: &RequestLog) -> Value {
        serde_json::from_str(&log.to_json()).unwrap()
    }
    use axum::body::Bytes;
    use hyper::Request;
    use serde_json::json;

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
        assert_eq!(listed(&log), json!([]));
        log.identified("A", Some("acs:ram::1:root".to_owned()), &call("/logstores/app", r#"{"ttl":1.50}"#));
        assert_eq!(listed(&log)[0]["status"], Value::Null);
        log.answered("A", 400, Some(&Error::new(400, "ParameterInvalid", "m")));
        let entry = listed(&log)[0].clone();
        assert_eq!(entry["principal"], "acs:ram::1:root");
        assert_eq!(entry["body"].to_string(), r#"{"ttl":1.50}"#);
        assert_eq!(entry["status"], 400);
        assert_eq!(json!([entry["error_code"], entry["error_message"]]), json!(["ParameterInvalid", "m"]));
    }

    #[test]
    fn the_body_of_a_call_that_is_not_signed_is_not_looked_into() {
        let log = RequestLog::default();
        log.arrived("A", "t".to_owned(), "sls", None, &call("/logstores/app", r#"{"ttl":30}"#));
        log.answered("A", 401, Some(&Error::new(401, "SignatureNotMatch", "canary")));
        let entry = listed(&log)[0].clone();
        assert_eq!(entry["body"], "(10 bytes of a call whose signature is not verified)");
        assert_eq!(entry["error_message"], HIDDEN);
    }

    #[test]
    fn calls_are_counted_also_those_that_are_forgotten() {
        let log = RequestLog::default();
        let arrived = || log.arrived("A", "t".to_owned(), "sls", None, &call("/", ""));
        assert_eq!((arrived(), arrived()), (1, 2));
        log.clear();
        assert_eq!(arrived(), 3);
    }

    #[test]
    fn a_call_in_short_has_no_body_and_the_beginning_of_long_texts() {
        let log = RequestLog::default();
        let mut call = call("/?a=b", r#"{"ttl":30}"#);
        call.path = format!("/{}", "ä".repeat(70_000));
        call.host = "h".repeat(70_000);
        log.arrived("A", "t".to_owned(), "sls", Some("x".repeat(70_000)), &call);
        log.identified("A", Some("p".repeat(70_000)), &call);
        log.answered("A", 400, Some(&Error::new(400, "C", "m".repeat(70_000))));
        let latest = log.latest(1);
        assert_eq!((latest[0].get("body"), latest[0].get("query")), (None, None));
        assert_eq!(latest[0]["path"], format!("/{}…", "ä".repeat(LONGEST_TEXT - 1)));
        assert_eq!(latest[0]["error_message"], format!("{}…", "m".repeat(LONGEST_MESSAGE)));
        assert!(latest[0].to_string().len() < 4096);
        assert_eq!(listed(&log)[0]["path"], call.path);
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
        assert_eq!(listed(&log), json!([]));
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
        let printed = listed(&log).to_string();
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
