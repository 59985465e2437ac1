//! Every call that is signed as the documentation says is authentic, and no longer once it was changed. The
//! signer here shares nothing with the verifier but the digests.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use proptest::sample::Index;

use super::tests::{CAPTURED_AT, authentic};
use crate::captured::{Captured, Part, encoded, header_lines};
use crypto::{hmac_sha1, hmac_sha256, md5_upper_hex, sha256_hex};

/// What is to be sent; headers without those that signing adds.
#[derive(Clone, Debug)]
struct Draft {
    method: String,
    path: String,
    query: BTreeMap<String, String>,
    headers: BTreeMap<String, String>,
    body: String,
    /// What V1 begins with.
    word: &'static str,
    /// The fraction of the seconds of a date of V4.
    fraction: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    V1Sha1,
    V1Sha256,
    V4,
}

fn draft() -> impl Strategy<Value = Draft> {
    let text = "[ -~日ä]{0,6}";
    (
        prop::sample::select(vec!["GET", "POST", "PUT", "DELETE"]),
        "/([a-z0-9_.~-]|%2F|%E6%97%A5|/){0,12}",
        prop::collection::btree_map("[a-zA-Z_]{1,5}", text, 0..4),
        prop::collection::btree_map("x-(log|acs)-[b-z]{1,4}", "[!-~]{1,6}", 0..4),
        any::<bool>(),
        text,
        prop::sample::select(vec!["LOG", "SLS"]),
        prop::sample::select(vec!["", ".123"]),
    )
        .prop_map(|(method, path, query, mut headers, has_token, body, word, fraction)| {
            headers.insert("host".to_owned(), "p.cn-hangzhou.log.aliyuncs.com".to_owned());
            headers.insert("x-log-apiversion".to_owned(), "0.6.0".to_owned());
            headers.insert("content-type".to_owned(), "application/json".to_owned());
            if has_token {
                headers.insert("x-acs-security-token".to_owned(), "to+k/==".to_owned());
            }
            Draft { method: method.to_owned(), path, query, headers, body, word, fraction }
        })
}

fn scheme() -> impl Strategy<Value = Scheme> {
    prop::sample::select(vec![Scheme::V1Sha1, Scheme::V1Sha256, Scheme::V4])
}

impl Draft {
    fn add(&mut self, name: &str, value: impl Into<String>) {
        self.headers.insert(name.to_owned(), value.into());
    }

    fn signed(mut self, scheme: Scheme) -> Captured {
        let authorization = if scheme == Scheme::V4 { self.sign_v4() } else { self.sign_v1(scheme) };
        self.add("authorization", authorization);
        let query: Vec<String> =
            self.query.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let mark = if query.is_empty() { "" } else { "?" };
        Captured {
            name: format!("{scheme:?}"),
            scheme: String::new(),
            method: self.method,
            target: format!("{}{mark}{}", self.path, query.join("&")),
            headers: self.headers.into_iter().collect(),
            body: self.body,
        }
    }

    fn sign_v1(&mut self, scheme: Scheme) -> String {
        let date = "Sun, 22 Nov 2026 01:20:28 GMT";
        let method = if scheme == Scheme::V1Sha1 { "hmac-sha1" } else { "hmac-sha256" };
        self.add("x-log-signaturemethod", method);
        self.add("date", date);
        let mut md5 = String::new();
        if !self.body.is_empty() {
            md5 = md5_upper_hex(self.body.as_bytes());
            self.add("content-md5", md5.clone());
        }
        let mut text = format!("{}\n{md5}\napplication/json\n{date}\n", self.method);
        text += &header_lines(self.headers.range("x-".to_owned()..));
        text += &self.path;
        let query: Vec<String> = self.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !query.is_empty() {
            text += "?";
            text += &query.join("&");
        }
        let (key, text) = (b"sk", text.as_bytes());
        let signature = match scheme {
            Scheme::V1Sha1 => STANDARD.encode(hmac_sha1(key, text)),
            _ => STANDARD.encode(hmac_sha256(key, text)),
        };
        format!("{} ak:{signature}", self.word)
    }

    fn sign_v4(&mut self) -> String {
        let date = format!("20261122T012028{}Z", self.fraction);
        let scope = "20261122/cn-hangzhou/sls/aliyun_v4_request";
        let body_digest = sha256_hex(self.body.as_bytes());
        self.add("x-log-date", date.clone());
        self.add("x-log-content-sha256", body_digest.clone());
        let query = self.query.iter().map(|(name, value)| match encoded(value).as_str() {
            "" => name.clone(),
            value => format!("{name}={value}"),
        });
        let query = query.collect::<Vec<_>>().join("&");
        let lines = header_lines(&self.headers);
        let names: Vec<&str> = self.headers.keys().map(String::as_str).collect();
        let Self { method, path, .. } = self;
        let canonical = format!("{method}\n{path}\n{query}\n{lines}\n{}\n{body_digest}", names.join(";"));
        let text = format!("SLS4-HMAC-SHA256\n{date}\n{scope}\n{}", sha256_hex(canonical.as_bytes()));
        let mut key = b"aliyun_v4sk".to_vec();
        for part in scope.split('/') {
            key = hmac_sha256(&key, part.as_bytes()).to_vec();
        }
        let signature = hex::encode(hmac_sha256(&key, text.as_bytes()));
        format!("SLS4-HMAC-SHA256 Credential=ak/{scope},Signature={signature}")
    }
}

proptest! {
    #[test]
    fn what_is_signed_as_documented_is_authentic(draft in draft(), scheme in scheme()) {
        let request = draft.signed(scheme);
        let outcome = authentic(&request.call(), CAPTURED_AT);
        prop_assert!(outcome.is_ok(), "{outcome:?} {request:?}");
    }

    #[test]
    fn a_changed_letter_is_refused(draft in draft(), scheme in scheme(), which in any::<Index>()) {
        let mut changes = draft.signed(scheme).changes();
        if scheme != Scheme::V4 {
            changes.retain(|(part, _)| *part != Part::Header("host".to_owned()));
        }
        let (part, changed) = which.get(&changes);
        let refused = changed.parsed().is_none_or(|call| authentic(&call, CAPTURED_AT).is_err());
        prop_assert!(refused, "{part:?} {changed:?}");
    }

    #[test]
    fn a_signed_header_that_is_sent_twice_is_refused(draft in draft(), scheme in scheme(), last in any::<bool>()) {
        let request = draft.signed(scheme);
        // Every header of a draft is signed, or is the signature. Two of `Host` reach no service.
        for (name, value) in request.headers.iter().filter(|(name, _)| name != "host") {
            let mut twice = request.clone();
            let at = if last { twice.headers.len() } else { 0 };
            twice.headers.insert(at, (name.to_uppercase(), value.clone()));
            let error = authentic(&twice.call(), CAPTURED_AT).unwrap_err();
            prop_assert_eq!((error.status, error.code.as_str()), (400, "ParameterInvalid"), "{:?}", twice);
        }
    }

    #[test]
    fn another_parameter_or_signed_header_is_refused(
        draft in draft(),
        scheme in scheme(),
        name in "[a-z]{6}",
        value in "[a-z]{0,3}",
    ) {
        let request = draft.signed(scheme);
        let mark = if request.target.contains('?') { '&' } else { '?' };
        let target = format!("{}{mark}{name}={value}", request.target);
        let queried = Captured { target, ..request.clone() };
        prop_assert!(authentic(&queried.call(), CAPTURED_AT).is_err(), "{queried:?}");
        for prefix in ["x-log-", "x-acs-"] {
            let mut added = request.clone();
            added.headers.push((format!("{prefix}{name}"), value.clone()));
            prop_assert!(authentic(&added.call(), CAPTURED_AT).is_err(), "{added:?}");
        }
    }
}
