//! Who signed a call, and whether the signature holds.
//!
//! Two versions of the service's own scheme, V1 (`LOG`) and V4 (`SLS4-HMAC-SHA256`), each in its own
//! file (<https://www.alibabacloud.com/help/en/sls/developer-reference/request-signatures>).

mod dates;
mod v1;
mod v4;
#[cfg(test)]
mod vectors;

use super::error::Error;
use crate::emulator::access::{AccessKeys, Principal, SecretKey};
use crate::emulator::clock::iso_8601;
use crate::emulator::digest::{equal_in_constant_time, md5_upper_hex, sha256_hex};
use crate::emulator::http::Call;

/// The one version of the API.
const API_VERSION: &str = "0.6.0";

/// How far a call's date may be from the service's clock, in seconds: 15 minutes.
const WINDOW: u64 = 15 * 60;

/// What a call claims about its origin, not yet believed.
#[derive(Debug)]
pub struct Claim<'a> {
    access_key_id: &'a str,
    signature: &'a str,
    /// The date as sent.
    date: &'a str,
    /// The date in seconds since the epoch.
    time: i64,
    scheme: Scheme<'a>,
}

#[derive(Debug)]
enum Scheme<'a> {
    V1(v1::Method),
    V4(v4::Scope<'a>),
}

/// Finds out who a call comes from: checks the date, the access key, the signature and the body's digest.
/// `region` is the one the addressed endpoint or project lies in.
///
/// # Errors
///
/// The service's own error for what is missing, malformed, too old, unknown or wrong.
pub fn authenticate<'k>(
    call: &Call,
    keys: &'k AccessKeys,
    now: i64,
    region: &str,
) -> Result<&'k Principal, Error> {
    let claim = Claim::read(call)?;
    if now.abs_diff(claim.time) > WINDOW {
        return Err(expired(claim.time, now));
    }
    if call.header("x-acs-security-token").is_some() {
        // Tokens come from STS, which has issued none.
        return Err(Error::unauthorized("The security token you provided is invalid."));
    }
    let key = keys
        .get(claim.access_key_id)
        .ok_or_else(|| Error::unauthorized(format!("AccessKeyId not found: {}", claim.access_key_id)))?;
    claim.verify(call, &key.secret, region)?;
    Ok(&key.principal)
}

impl<'a> Claim<'a> {
    /// Reads the headers a signature needs.
    ///
    /// # Errors
    ///
    /// The service's own error for the first header that is missing or malformed.
    pub fn read(call: &'a Call) -> Result<Self, Error> {
        check_general_headers(call)?;
        let authorization = call.header("authorization").ok_or_else(|| {
            Error::new(400, "MissAccessKeyId", "x-log-accesskeyid does not exist in header.")
        })?;
        match authorization.split_once(' ') {
            Some(("LOG", credentials)) => v1::read(call, credentials),
            Some(("SLS4-HMAC-SHA256", credentials)) => v4::read(call, credentials),
            Some((method, _)) => Err(invalid_method(method)),
            None => Err(invalid_method(authorization)),
        }
    }

    /// Checks signature and digests against the secret of the claimed access key.
    ///
    /// # Errors
    ///
    /// `SignatureNotMatch`. Which part did not match is in the emulator's log, not in the answer.
    pub fn verify(&self, call: &Call, secret: &SecretKey, region: &str) -> Result<(), Error> {
        let matches = match &self.scheme {
            Scheme::V1(method) => v1::signatures(call, *method, self.date, secret)
                .iter()
                .any(|expected| equal_in_constant_time(expected, self.signature)),
            Scheme::V4(scope) => {
                scope.region == region
                    && equal_in_constant_time(&v4::signature(call, scope, self.date, secret), self.signature)
            }
        };
        if !matches {
            tracing::debug!(access_key_id = self.access_key_id, region, "signature does not match");
        } else if !self.body_is_what_was_signed(call) {
            tracing::debug!(access_key_id = self.access_key_id, "the body is not the one that was signed");
        } else {
            return Ok(());
        }
        Err(Error::signature_not_match(self.signature))
    }

    /// V1 signs the MD5 in `Content-MD5`, V4 the SHA-256 in `x-log-content-sha256`. A body that comes
    /// without a digest is not bound to the signature and not accepted.
    fn body_is_what_was_signed(&self, call: &Call) -> bool {
        match self.scheme {
            Scheme::V1(_) => {
                let digest = call.header("content-md5").unwrap_or_default();
                let may_be_absent = call.body.is_empty() && digest.is_empty();
                may_be_absent || digest == md5_upper_hex(&call.body)
            }
            Scheme::V4(_) => call.header("x-log-content-sha256") == Some(&sha256_hex(&call.body)),
        }
    }
}

fn check_general_headers(call: &Call) -> Result<(), Error> {
    if call.host.is_empty() {
        return Err(Error::missing_header("MissingHost", "Host"));
    }
    if call.hosts_disagree() {
        return Err(Error::new(
            400,
            "InvalidHost",
            "The Host header and the request target name different hosts.",
        ));
    }
    match call.header("x-log-apiversion") {
        None => Err(Error::missing_header("MissingAPIVersion", "x-log-apiversion")),
        Some(API_VERSION) => Ok(()),
        Some(version) => {
            let message = format!("x-log-apiversion {version} is unsupported.");
            Err(Error::new(400, "InvalidAPIVersion", message))
        }
    }
}

fn invalid_method(method: &str) -> Error {
    Error::new(400, "InvalidSignatureMethod", format!("signature method {method} is unsupported."))
}

fn invalid_date(date: &str) -> Error {
    Error::new(400, "InvalidDateFormat", format!("Date {date} must follow RFC822."))
}

fn expired(time: i64, now: i64) -> Error {
    let (time, now) = (iso_8601(time), iso_8601(now));
    let message = format!("Request time {time} has been expired while server time is {now}.");
    Error::new(400, "RequestTimeExpired", message)
}

/// The headers that take part in both versions: `x-log-*` without `x-log-meta-*`, and `x-acs-*`.
fn is_signed_by_prefix(name: &str) -> bool {
    (name.starts_with("x-log-") && !name.starts_with("x-log-meta-")) || name.starts_with("x-acs-")
}

/// `name:value` lines.
fn lines(headers: &[(&str, &str)]) -> String {
    let mut lines = String::new();
    for (name, value) in headers {
        for part in [name, ":", value, "\n"] {
            lines.push_str(part);
        }
    }
    lines
}

/// Names and trimmed values of the headers `include` picks, sorted by name.
fn picked_headers(call: &Call, include: impl Fn(&str) -> bool) -> Vec<(&str, &str)> {
    let names = call.headers.keys().map(hyper::header::HeaderName::as_str).filter(|name| include(name));
    let mut headers: Vec<_> = names.map(|name| (name, call.header(name).unwrap_or_default())).collect();
    headers.sort_unstable();
    headers
}

#[cfg(test)]
mod tests {
    use crate::emulator::access::AccessKey;

    use super::vectors::{Captured, captured, vectors};
    use super::*;

    /// Sun, 22 Nov 2026 01:20:28 GMT, when the requests were captured.
    const CAPTURED_AT: i64 = 1_795_310_428;

    fn secret() -> SecretKey {
        SecretKey::new("sk".to_owned())
    }

    /// What a server does that knows the key and, unlike the emulator so far, the token.
    fn verified(call: &Call) -> Result<(), Error> {
        Claim::read(call)?.verify(call, &secret(), "cn-hangzhou")
    }

    fn keys() -> AccessKeys {
        AccessKeys::from([("ak".to_owned(), AccessKey { secret: secret(), principal: root() })])
    }

    fn root() -> Principal {
        Principal::AccountRoot { account_id: "1234567890123456".to_owned() }
    }

    fn without_token() -> impl Iterator<Item = Captured> {
        captured().into_iter().filter(|request| !request.has("x-acs-security-token"))
    }

    #[track_caller]
    fn refused(request: &Captured) {
        let error = verified(&request.call()).expect_err(&request.name);
        assert!(matches!(error.code.as_str(), "SignatureNotMatch" | "InvalidSignatureMethod"), "{error}");
    }

    /// Changes the last letter of a text to another letter.
    fn other(text: &str) -> String {
        let mut changed = text.to_owned();
        let last = changed.pop().unwrap_or('a');
        changed.push(if last == 'x' { 'y' } else { 'x' });
        changed
    }

    #[test]
    fn every_published_vector_verifies() {
        let vectors = vectors();
        assert_eq!(vectors.len(), 13);
        for vector in vectors {
            let claim = Claim::read(&vector.call).unwrap();
            assert_eq!(claim.verify(&vector.call, &vector.secret, "cn-hangzhou"), Ok(()), "{}", vector.id);
            assert_eq!(claim.time, 1_795_161_600, "{}", vector.id);
        }
    }

    #[test]
    fn every_captured_request_verifies() {
        let requests = captured();
        assert_eq!(requests.len(), 24);
        for request in requests {
            assert_eq!(verified(&request.call()), Ok(()), "{}", request.name);
        }
    }

    #[test]
    fn captured_requests_are_authentic_at_their_time() {
        for request in without_token() {
            let call = request.call();
            assert_eq!(
                authenticate(&call, &keys(), CAPTURED_AT, "cn-hangzhou"),
                Ok(&root()),
                "{}",
                request.name
            );
        }
    }

    #[test]
    fn a_changed_method_path_query_or_body_is_refused() {
        for request in captured() {
            let method = if request.method == "GET" { "PUT" } else { "GET" };
            refused(&Captured { method: method.to_owned(), ..request.with_header("", str::to_owned) });
            let path = request.target.replacen("logstores", "logstorex", 1);
            refused(&Captured { target: path, ..request.with_header("", str::to_owned) });
            if request.target.contains('?') {
                refused(&Captured {
                    target: other(&request.target),
                    ..request.with_header("", str::to_owned)
                });
            }
            refused(&Captured {
                target: format!("{}?x=1", request.target),
                ..request.with_header("", str::to_owned)
            });
            refused(&Captured {
                body: format!("{} ", request.body),
                ..request.with_header("", str::to_owned)
            });
            if !request.body.is_empty() {
                refused(&Captured { body: other(&request.body), ..request.with_header("", str::to_owned) });
            }
        }
    }

    #[test]
    fn a_changed_signed_header_is_refused() {
        for request in captured() {
            for name in ["content-type", "x-log-bodyrawsize", "x-acs-security-token", "authorization"] {
                if request.has(name) {
                    refused(&request.with_header(name, other));
                }
            }
            let date = if request.has("x-log-date") { "x-log-date" } else { "date" };
            refused(&request.with_header(date, |date| date.replace("28", "27").replace("29", "27")));
            if request.is_v4() {
                refused(&request.with_header("x-log-content-sha256", other));
            } else {
                if !request.body.is_empty() {
                    refused(&request.with_header("content-md5", other));
                }
                let swap = |method: &str| match method {
                    "hmac-sha1" => "hmac-sha256".to_owned(),
                    _ => "hmac-sha1".to_owned(),
                };
                refused(&request.with_header("x-log-signaturemethod", swap));
            }
        }
    }

    #[test]
    fn only_version_4_covers_the_host() {
        for request in captured() {
            let elsewhere = request.with_header("host", |host| format!("x{host}"));
            assert_eq!(verified(&elsewhere.call()).is_ok(), !request.is_v4(), "{}", request.name);
        }
    }

    #[test]
    fn the_scope_must_name_the_region_of_the_endpoint() {
        for request in without_token() {
            let passes = authenticate(&request.call(), &keys(), CAPTURED_AT, "cn-beijing").is_ok();
            assert_eq!(passes, !request.is_v4(), "{}", request.name);
        }
    }

    #[test]
    fn a_date_more_than_15_minutes_away_is_refused() {
        for request in without_token() {
            let call = request.call();
            let time = Claim::read(&call).unwrap().time;
            let window = i64::try_from(WINDOW).unwrap();
            for now in [time - window, time + window] {
                assert_eq!(authenticate(&call, &keys(), now, "cn-hangzhou"), Ok(&root()));
            }
            for now in [time - window - 1, time + window + 1] {
                let error = authenticate(&call, &keys(), now, "cn-hangzhou").unwrap_err();
                assert_eq!((error.status, error.code.as_str()), (400, "RequestTimeExpired"));
            }
        }
    }

    #[test]
    fn unknown_keys_and_tokens_are_unauthorized() {
        for request in captured() {
            let (expected, keys) = if request.has("x-acs-security-token") {
                ("The security token you provided is invalid.", keys())
            } else {
                ("AccessKeyId not found: ak", AccessKeys::new())
            };
            let error = authenticate(&request.call(), &keys, CAPTURED_AT, "cn-hangzhou").unwrap_err();
            assert_eq!(error, Error::unauthorized(expected), "{}", request.name);
        }
    }

    #[test]
    fn missing_and_malformed_headers_have_their_own_codes() {
        let v1 = &captured()[0];
        assert!(!v1.is_v4());
        for (name, code) in [
            ("host", "MissingHost"),
            ("x-log-apiversion", "MissingAPIVersion"),
            ("authorization", "MissAccessKeyId"),
            ("x-log-signaturemethod", "MissingSignatureMethod"),
        ] {
            let mut call = v1.call();
            call.headers.remove(name);
            if name == "host" {
                call.host.clear();
            }
            assert_eq!(Claim::read(&call).unwrap_err().code, code);
        }
        let mut call = v1.call();
        call.headers.remove("x-log-date");
        assert!(Claim::read(&call).is_ok(), "Date alone is enough");
        call.headers.remove("date");
        assert_eq!(Claim::read(&call).unwrap_err().code, "MissingDate");

        for (name, value, code) in [
            ("x-log-apiversion", "0.4.0", "InvalidAPIVersion"),
            ("authorization", "Bearer x", "InvalidSignatureMethod"),
            ("authorization", "LOG", "InvalidSignatureMethod"),
            ("authorization", "LOG ak", "SignatureNotMatch"),
            ("x-log-signaturemethod", "md5", "InvalidSignatureMethod"),
            ("x-log-date", "yesterday", "InvalidDateFormat"),
        ] {
            let request = v1.with_header(name, |_| value.to_owned());
            assert_eq!(Claim::read(&request.call()).unwrap_err().code, code, "{name}: {value}");
        }
    }

    #[test]
    fn malformed_version_4_credentials_do_not_match() {
        let v4 = captured().into_iter().find(Captured::is_v4).unwrap();
        for credentials in [
            "",
            "Credential=ak",
            "Credential=ak/20261122/cn-hangzhou/sls,Signature=0",
            "Credential=ak/20261122/cn-hangzhou/oss/aliyun_v4_request,Signature=0",
            "Credential=ak/20261123/cn-hangzhou/sls/aliyun_v4_request,Signature=0",
            "Credential=ak/2026/cn-hangzhou/sls/aliyun_v4_request,Signature=0",
        ] {
            let request = v4.with_header("authorization", |_| format!("SLS4-HMAC-SHA256 {credentials}"));
            let error = Claim::read(&request.call()).unwrap_err();
            assert!(
                ["SignatureNotMatch", "InvalidSignatureMethod"].contains(&error.code.as_str()),
                "{error}"
            );
        }
    }

    #[test]
    fn a_body_without_its_digest_is_refused() {
        let mut with_body =
            captured().into_iter().filter(|request| !request.is_v4() && !request.body.is_empty());
        let mut call = with_body.next().unwrap().call();
        call.headers.remove("content-md5");
        assert_eq!(verified(&call).unwrap_err().code, "SignatureNotMatch");
    }
}
