//! Signatures of official clients, and who is let in by them.

use super::vectors::vectors;
use super::*;
use crate::access::AccessKey;
use crate::access::AccessKeys;
use crate::captured::{Captured, captured};

/// Sun, 22 Nov 2026 01:20:29 GMT, when the requests were captured.
pub const CAPTURED_AT: i64 = 1_795_310_429;

/// When the token of the captured requests expires.
const EXPIRES: i64 = CAPTURED_AT + 600;

fn root() -> Principal {
    Principal::AccountRoot { account_id: "1234567890123456".to_owned() }
}

/// The key of a captured request, that of a session where the request has a token.
pub fn keys(request: &Captured) -> AccessKeys {
    let secret = Secret::from("sk");
    let key = if has_token(request) {
        AccessKey::temporary("ak", secret, root(), Secret::from("to+k/=="), EXPIRES)
    } else {
        AccessKey::lasting("ak", secret, root())
    };
    AccessKeys::from([("ak".to_owned(), key)])
}

fn has_token(request: &Captured) -> bool {
    request.has("x-acs-security-token") || request.target.contains("SecurityToken=")
}

pub fn requests() -> Vec<Captured> {
    let requests = captured(|scheme| !scheme.starts_with("sls-"));
    assert_eq!(requests.len(), 6);
    requests
}

/// Who a call comes from that is the first the service gets.
pub fn authentic_call(call: &Call, keys: &AccessKeys, now: i64) -> Result<Principal, Error> {
    let clock = Clock::fixed(now);
    authenticate(call, &Parameters::from_call(call), |id| keys.get(id).cloned(), &Nonces::default(), &clock)
}

fn authentic_at(request: &Captured, keys: &AccessKeys, now: i64) -> Result<Principal, Error> {
    authentic_call(&request.call(), keys, now)
}

fn authentic(request: &Captured) -> Result<Principal, Error> {
    authentic_at(request, &keys(request), CAPTURED_AT)
}

#[track_caller]
fn refused(request: &Captured) {
    let error = authentic(request).expect_err(&request.name);
    assert!(error.status == 400 || error.status == 404, "{}: {error}", request.name);
}

#[test]
fn every_published_vector_is_authentic_at_its_time() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 10);
    for vector in vectors {
        let parameters = Parameters::from_call(&vector.call);
        let claim = Claim::from_call(&vector.call, &parameters).unwrap();
        assert_eq!(claim.verify(&vector.call, &parameters, &vector.secret), Ok(()), "{}", vector.id);
        assert_eq!(claim.time, 1_795_161_600, "{}", vector.id);
        assert_eq!(claim.token.is_some(), vector.id.ends_with("-sts"), "{}", vector.id);
    }
}

#[test]
fn every_captured_request_is_authentic_at_its_time() {
    for request in requests() {
        assert_eq!(authentic(&request), Ok(root()), "{}", request.name);
    }
}

#[test]
fn what_is_added_to_query_or_body_is_refused() {
    for request in requests() {
        refused(&Captured { target: format!("{}&x=1", request.target), ..request.clone() });
        refused(&Captured { body: format!("{}x", request.body), ..request.clone() });
        if !request.body.is_empty() {
            refused(&Captured { body: String::new(), ..request });
        }
    }
}

#[test]
fn an_acs3_header_that_is_not_signed_is_refused() {
    for request in requests().iter().filter(|request| request.scheme.starts_with("acs3")) {
        let mut added = request.clone();
        added.headers.push(("x-acs-added".to_owned(), "1".to_owned()));
        refused(&added);
        let mut elsewhere = request.clone();
        elsewhere.headers.push(("x-other".to_owned(), "1".to_owned()));
        assert_eq!(authentic(&elsewhere), Ok(root()));
    }
}

#[test]
fn a_nonce_is_good_for_one_call_and_only_a_good_signature_uses_it_up() {
    for request in requests() {
        let (call, nonces, keys) = (request.call(), Nonces::default(), keys(&request));
        let parameters = Parameters::from_call(&call);
        let mut forged = call.clone();
        forged.method = "PUT".to_owned();
        let outcome = |call: &Call| {
            authenticate(call, &parameters, |id| keys.get(id).cloned(), &nonces, &Clock::fixed(CAPTURED_AT))
                .err()
                .map(|error| error.code)
        };
        assert_eq!(outcome(&forged).as_deref(), Some("SignatureDoesNotMatch"));
        assert_eq!(outcome(&call), None);
        assert_eq!(outcome(&call).as_deref(), Some("SignatureNonceUsed"));
    }
}

#[test]
fn a_date_more_than_15_minutes_away_is_refused() {
    for request in requests().into_iter().filter(|request| !has_token(request)) {
        for (offset, passes) in [(-901, false), (-900, true), (900, true), (901, false)] {
            let outcome = authentic_at(&request, &keys(&request), CAPTURED_AT + offset);
            assert_eq!(outcome.is_ok(), passes, "{offset}");
            if let Err(error) = outcome {
                assert_eq!((error.status, error.code.as_str()), (400, "InvalidTimeStamp.Expired"));
                assert_eq!(error.message, "Specified time stamp or date value is expired.");
            }
        }
    }
}

#[test]
fn unknown_keys_and_wrong_tokens_have_their_own_codes() {
    for request in requests() {
        let code = |keys: &AccessKeys, now| authentic_at(&request, keys, now).unwrap_err().code;
        let lasting = AccessKey::lasting("ak", Secret::from("sk"), root());
        let session = |token: &str| {
            AccessKey::temporary("ak", Secret::from("sk"), root(), Secret::from(token), EXPIRES)
        };
        let only = |key: AccessKey| AccessKeys::from([("ak".to_owned(), key)]);
        if has_token(&request) {
            assert_eq!(code(&only(lasting), CAPTURED_AT), "InvalidSecurityToken.Malformed");
            assert_eq!(code(&only(session("other")), CAPTURED_AT), "InvalidSecurityToken.Malformed");
            assert_eq!(code(&keys(&request), EXPIRES), "InvalidSecurityToken.Expired");
        } else {
            let error = authentic_at(&request, &AccessKeys::new(), CAPTURED_AT).unwrap_err();
            let expected = "404 InvalidAccessKeyId.NotFound: Specified access key is not found.";
            assert_eq!(error.to_string(), expected);
            assert_eq!(code(&only(session("other")), CAPTURED_AT), "MissingSecurityToken");
        }
    }
}

#[test]
fn what_is_missing_or_malformed_says_so() {
    let v1 = requests().into_iter().find(|request| request.scheme.starts_with("rpc-v1")).unwrap();
    for (from, to, code) in [
        ("AccessKeyId=ak", "A=", "MissingAccessKeyId"),
        ("Signature=", "S=", "MissingSignature"),
        ("Action=", "A=", "MissingAction"),
        ("Version=", "V=", "MissingVersion"),
        ("SignatureNonce=", "S=", "MissingSignatureNonce"),
        ("Timestamp=2026-11-22T", "Timestamp=x", "InvalidTimeStamp.Format"),
        ("SignatureMethod=HMAC-SHA1", "SignatureMethod=HMAC-SHA256", "InvalidParameter.SignatureMethod"),
    ] {
        let request = Captured { target: v1.target.replacen(from, to, 1), ..v1.clone() };
        assert_eq!(authentic(&request).unwrap_err().code, code);
    }
    let acs3 = requests().into_iter().find(|request| request.scheme.starts_with("acs3")).unwrap();
    for (name, value, code) in [
        ("authorization", "ACS3-HMAC-SHA256 Credential=ak", "IncompleteSignature"),
        ("authorization", "ACS3-HMAC-SHA256", "IncompleteSignature"),
        ("x-acs-date", "yesterday", "InvalidTimeStamp.Format"),
    ] {
        let request = acs3.with_header(name, |_| value.to_owned());
        assert_eq!(authentic(&request).unwrap_err().code, code, "{name}: {value}");
    }
}

#[test]
fn the_answer_gives_the_string_to_sign_for_sdks_to_compare() {
    let request = &requests()[2];
    let target = request.target.replacen("Description=a", "Description=b", 1);
    let error = authentic(&Captured { target, ..request.clone() }).unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (400, "SignatureDoesNotMatch"));
    let prefix =
        "Specified signature is not matched with our calculation. server string to sign is:POST&%2F&";
    assert!(error.message.starts_with(prefix), "{error}");
}
