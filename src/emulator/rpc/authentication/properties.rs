//! Every call that is signed as the documentation says is authentic, and no longer once it was changed. The
//! signer here shares nothing with the verifier but the digests.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use proptest::sample::Index;

use super::tests::{CAPTURED_AT, authentic_call, keys};
use crate::captured::{Captured, Part, encoded, header_lines};
use crypto::{hmac_sha1, hmac_sha256, sha256_hex};

/// The moment the calls are signed at, in the forms that clients write.
const TIMES: [&str; 3] = ["2026-11-22T01:20:29Z", "2026-11-22T01:20:29.123Z", "2026-11-22T01:20:29.123456Z"];

/// What is to be sent.
#[derive(Clone, Debug)]
struct Draft {
    method: &'static str,
    in_query: BTreeMap<String, String>,
    in_form: BTreeMap<String, String>,
    has_token: bool,
    time: &'static str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    V1,
    Acs3,
}

fn draft() -> impl Strategy<Value = Draft> {
    let pairs = |names| prop::collection::btree_map(names, "[ -~日ä]{0,6}", 0..4);
    let form = pairs("f[a-z]{1,4}");
    let time = prop::sample::select(&TIMES[..]);
    (pairs("[a-e.0-9]{1,5}"), form, any::<bool>(), any::<bool>(), time).prop_map(
        |(in_query, mut in_form, is_post, has_token, time)| {
            let method = if is_post { "POST" } else { "GET" };
            if !is_post {
                in_form.clear();
            }
            Draft { method, in_query, in_form, has_token, time }
        },
    )
}

fn joined(pairs: &BTreeMap<String, String>) -> String {
    let pairs = pairs.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
    pairs.collect::<Vec<_>>().join("&")
}

impl Draft {
    fn signed(self, scheme: Scheme) -> Captured {
        let body = joined(&self.in_form);
        let mut headers = BTreeMap::from([("host".to_owned(), "127.0.0.1:8700".to_owned())]);
        if !body.is_empty() {
            let form = "application/x-www-form-urlencoded";
            headers.insert("content-type".to_owned(), form.to_owned());
        }
        let method = self.method.to_owned();
        let query = match scheme {
            Scheme::V1 => self.sign_v1(),
            Scheme::Acs3 => self.sign_acs3(&body, &mut headers),
        };
        Captured {
            name: format!("{scheme:?}"),
            scheme: String::new(),
            method,
            target: format!("/?{query}"),
            headers: headers.into_iter().collect(),
            body,
        }
    }

    /// The query with its signature.
    fn sign_v1(mut self) -> String {
        for (name, value) in [
            ("Action", "GetRole"),
            ("Version", "2015-05-01"),
            ("AccessKeyId", "ak"),
            ("SignatureMethod", "HMAC-SHA1"),
            ("SignatureVersion", "1.0"),
            ("SignatureNonce", "n"),
            ("Timestamp", self.time),
        ] {
            self.in_query.insert(name.to_owned(), value.to_owned());
        }
        if self.has_token {
            self.in_query.insert("SecurityToken".to_owned(), "to+k/==".to_owned());
        }
        let mut all = self.in_query.clone();
        all.extend(self.in_form);
        let text = format!("{}&%2F&{}", self.method, encoded(&joined(&all)));
        let signature = STANDARD.encode(hmac_sha1(b"sk&", text.as_bytes()));
        format!("{}&Signature={}", joined(&self.in_query), encoded(&signature))
    }

    /// The query; the signature is put among the headers.
    fn sign_acs3(self, body: &str, headers: &mut BTreeMap<String, String>) -> String {
        let digest = sha256_hex(body.as_bytes());
        for (name, value) in [
            ("x-acs-action", "GetRole"),
            ("x-acs-version", "2015-05-01"),
            ("x-acs-date", self.time),
            ("x-acs-signature-nonce", "n"),
            ("x-acs-content-sha256", &digest),
        ] {
            headers.insert(name.to_owned(), value.to_owned());
        }
        if self.has_token {
            headers.insert("x-acs-security-token".to_owned(), "to+k/==".to_owned());
        }
        let query = joined(&self.in_query);
        let lines = header_lines(headers.iter());
        let names = headers.keys().map(String::as_str).collect::<Vec<_>>().join(";");
        let canonical = format!("{}\n/\n{query}\n{lines}\n{names}\n{digest}", self.method);
        let text = format!("ACS3-HMAC-SHA256\n{}", sha256_hex(canonical.as_bytes()));
        let signature = hex::encode(hmac_sha256(b"sk", text.as_bytes()));
        let credentials = format!("Credential=ak,SignedHeaders={names},Signature={signature}");
        headers.insert("authorization".to_owned(), format!("ACS3-HMAC-SHA256 {credentials}"));
        query
    }
}

fn scheme() -> impl Strategy<Value = Scheme> {
    prop::sample::select(vec![Scheme::V1, Scheme::Acs3])
}

fn is_authentic(request: &Captured, key_of: &Captured) -> bool {
    request.parsed().is_some_and(|call| authentic_call(&call, &keys(key_of), CAPTURED_AT).is_ok())
}

proptest! {
    #[test]
    fn what_is_signed_as_documented_is_authentic(draft in draft(), scheme in scheme()) {
        let request = draft.signed(scheme);
        let outcome = authentic_call(&request.call(), &keys(&request), CAPTURED_AT);
        prop_assert!(outcome.is_ok(), "{outcome:?} {request:?}");
    }

    #[test]
    fn a_changed_letter_is_refused(draft in draft(), scheme in scheme(), which in any::<Index>()) {
        let request = draft.signed(scheme);
        let mut changes = request.changes();
        if scheme == Scheme::V1 {
            changes.retain(|(part, _)| *part != Part::Header("host".to_owned()));
        }
        let (part, changed) = which.get(&changes);
        prop_assert!(!is_authentic(changed, &request), "{part:?} {changed:?}");
    }

    #[test]
    fn an_acs3_header_that_is_sent_twice_is_refused(draft in draft(), last in any::<bool>()) {
        let request = draft.signed(Scheme::Acs3);
        for (name, value) in &request.headers {
            let mut twice = request.clone();
            let at = if last { twice.headers.len() } else { 0 };
            twice.headers.insert(at, (name.to_uppercase(), value.clone()));
            let error = authentic_call(&twice.call(), &keys(&request), CAPTURED_AT).unwrap_err();
            prop_assert_eq!((error.status, error.code.as_str()), (400, "InvalidParameter"), "{:?}", twice);
        }
    }

    #[test]
    fn another_parameter_is_refused(
        draft in draft(),
        scheme in scheme(),
        name in "[a-z]{6}",
        value in "[a-z]{0,3}",
    ) {
        let request = draft.signed(scheme);
        let target = format!("{}&{name}={value}", request.target);
        let queried = Captured { target, ..request.clone() };
        prop_assert!(!is_authentic(&queried, &request), "{queried:?}");
        let mut posted = request.clone();
        let form = ("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned());
        if !posted.has("content-type") {
            posted.headers.push(form);
        }
        posted.body = format!("{}&{name}={value}", posted.body);
        prop_assert!(!is_authentic(&posted, &request), "{posted:?}");
    }
}
