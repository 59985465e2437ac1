//! The documents in `tests/data/documents`: of each kind that the store has, with every member and every
//! variant. They hold the format: what was stored before a change of the models is read after it.

use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::account::{StoredAccount, StoredClock};
use crate::access::AccessKey;
use crate::identity::{self, Attached, Group, OidcProvider, Policy, Role, User};
use crate::kms::{Alias, Key};
use crate::sls::{Logstore, Numbers, Project};
use crate::stored::{Unreadable, decode, encode};

/// Reads a document, and writes what it read.
type Rewrite = fn(&[u8]) -> Result<Zeroizing<Vec<u8>>, Unreadable>;

/// Members that may be left out, which is the same as `null`.
const OPTIONAL: [&str; 10] = [
    "/session",
    "/principal/role_session/policy",
    "/login_profile",
    "/alias",
    "/instance",
    "/protection",
    "/policy",
    "/rotation/interval",
    "/data_key",
    "/index",
];
/// Members that documents of earlier versions do not have.
const LATER: [&str; 1] = ["/tags"];
/// Objects whose members have any names.
const FREE: [&str; 1] = ["/tags"];
/// Texts that are not free: digits, JSON, policies, names of variants.
const FORMED: [&str; 17] = [
    "/secret",
    "/session/token",
    "/principal/role_session/policy",
    "/trust",
    "/keys",
    "/versions/document",
    "/target/kind",
    "/policies/kind",
    "/state",
    "/root",
    "/metering_mode",
    "/shards/status",
    "/shards/inclusive_begin_key",
    "/shards/exclusive_end_key",
    "/data_key/service/wrapped",
    "/members",
    "/index",
];

macro_rules! document {
    ($file:literal, $model:ty) => {{
        let rewrite: Rewrite = |bytes| decode::<$model>(bytes).map(|read| encode(&read).unwrap());
        ($file, include_str!(concat!("../../../tests/data/documents/", $file)), rewrite)
    }};
}

fn documents() -> [(&'static str, &'static str, Rewrite); 25] {
    [
        document!("account.json", StoredAccount),
        document!("clock.json", StoredClock),
        document!("numbers.json", Numbers),
        document!("identity-account.json", identity::StoredAccount),
        document!("access-key.json", AccessKey),
        document!("access-key-of-user.json", AccessKey),
        document!("user.json", User),
        document!("group.json", Group),
        document!("role.json", Role),
        document!("oidc-provider.json", OidcProvider),
        document!("policy.json", Policy),
        document!("attached.json", Attached),
        document!("session.json", AccessKey),
        document!("session-with-policy.json", AccessKey),
        document!("key.json", Key),
        document!("key-disabled.json", Key),
        document!("key-pending-deletion.json", Key),
        document!("key-pending-import.json", Key),
        document!("alias.json", Alias),
        document!("project.json", Project),
        document!("project-with-tags.json", Project),
        document!("logstore-service-key.json", Logstore),
        document!("logstore-byok.json", Logstore),
        document!("logstore-plain.json", Logstore),
        document!("logstore-with-index.json", Logstore),
    ]
}

/// Every value in a document, by its JSON pointer.
fn pointers(value: &Value) -> Vec<String> {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(at, item)| (at.to_string(), item)).collect(),
        _ => vec![],
    };
    let below = children.iter().flat_map(|(name, child)| {
        pointers(child).into_iter().map(move |pointer| format!("/{name}{pointer}"))
    });
    std::iter::once(String::new()).chain(below).collect()
}

/// Where a pointer leads to, whichever item of an array that is in.
fn place(pointer: &str) -> String {
    let names = pointer.split('/').skip(1).filter(|name| name.parse::<usize>().is_err());
    names.flat_map(|name| ["/", name]).collect()
}

fn changed(document: &Value, pointer: &str, change: impl FnOnce(&mut Value)) -> Value {
    let mut document = document.clone();
    change(document.pointer_mut(pointer).unwrap());
    document
}

/// The document with one thing wrong: another type, a member too many, a member too few, a text of no form.
fn spoilt(document: &Value) -> Vec<(String, Value)> {
    let mut spoilt = vec![];
    for pointer in pointers(document) {
        let value = document.pointer(&pointer).unwrap();
        let other_type = match value {
            Value::Null => json!(["canary"]),
            Value::Number(_) | Value::Bool(_) => json!("canary"),
            _ => json!(7),
        };
        spoilt
            .push((format!("{pointer} of another type"), changed(document, &pointer, |at| *at = other_type)));
        // The members of a Logstore are JSON, those of a group any names.
        let is_name = pointer.starts_with("/members/");
        if value.is_string() && !is_name && FORMED.contains(&place(&pointer).as_str()) {
            let no_form = changed(document, &pointer, |at| *at = json!("canary"));
            spoilt.push((format!("{pointer} without its form"), no_form));
        }
        let Some(members) = value.as_object().filter(|_| !FREE.contains(&place(&pointer).as_str())) else {
            continue;
        };
        let more = changed(document, &pointer, |at| at["canary"] = json!(7));
        spoilt.push((format!("{pointer} with an unknown member"), more));
        for name in members.keys() {
            let member = place(&format!("{pointer}/{name}"));
            if OPTIONAL.contains(&member.as_str()) || LATER.contains(&member.as_str()) {
                continue;
            }
            let fewer = changed(document, &pointer, |at| drop(at.as_object_mut().unwrap().remove(name)));
            spoilt.push((format!("{pointer}/{name} left out"), fewer));
        }
    }
    spoilt
}

#[test]
fn each_document_is_read_and_written_back_byte_for_byte() {
    for (file, text, rewrite) in documents() {
        let written = rewrite(text.as_bytes()).unwrap_or_else(|error| panic!("{file}: {error}"));
        assert_eq!(std::str::from_utf8(&written), Ok(text), "{file}");
    }
}

#[test]
fn a_document_with_anything_else_in_it_is_refused_and_not_shown() {
    for (file, text, rewrite) in documents() {
        for (what, document) in spoilt(&serde_json::from_str(text).unwrap()) {
            let error = rewrite(document.to_string().as_bytes());
            let Err(error) = error else { panic!("{file} is read with {what}") };
            let error = error.to_string();
            assert!(
                error.starts_with("line 1 column ") && !error.contains("canary"),
                "{file}, {what}: {error}"
            );
        }
    }
}

#[test]
fn an_optional_member_that_is_left_out_is_null() {
    for (file, text, rewrite) in documents() {
        let document: Value = serde_json::from_str(text).unwrap();
        for pointer in pointers(&document) {
            let Some((parent, name)) = pointer.rsplit_once('/') else { continue };
            if !OPTIONAL.contains(&place(&pointer).as_str()) {
                continue;
            }
            let without = changed(&document, parent, |at| drop(at.as_object_mut().unwrap().remove(name)));
            let null = changed(&document, &pointer, |at| *at = Value::Null);
            let [without, null] = [without, null].map(|text| rewrite(text.to_string().as_bytes()).unwrap());
            assert_eq!(without, null, "{file} {pointer}");
        }
    }
}
