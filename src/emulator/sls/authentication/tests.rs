//! Signatures of official clients, and who is let in by them.

use super::vectors::{call, captured, vectors};
use super::*;
use crate::access::AccessKey;
use crate::access::AccessKeys;
use crate::captured::Captured;

/// Sun, 22 Nov 2026 01:20:28 GMT, when the requests were captured.
pub const CAPTURED_AT: i64 = 1_795_310_428;

fn secret() -> Secret {
    Secret::from("sk")
}

/// What a server does that knows the key, and the token if there is one.
fn verified(call: &Call) -> Result<(), Error> {
    Claim::from_call(call)?.verify(call, &secret(), "cn-hangzhou")
}

fn authenticate_with(call: &Call, keys: &AccessKeys, now: i64, region: &str) -> Result<Principal, Error> {
    authenticate(call, |id| keys.get(id).cloned(), &Clock::fixed(now), region)
}

/// Who a captured request comes from. The key of those with a token is a session's.
pub fn authentic(call: &Call, now: i64) -> Result<Principal, Error> {
    let key = if call.header("x-acs-security-token").is_some() {
        AccessKey::temporary("ak", secret(), root(), Secret::from("to+k/=="), now + 1)
    } else {
        AccessKey::lasting("ak", secret(), root())
    };
    authenticate_with(call, &AccessKeys::from([("ak".to_owned(), key)]), now, "cn-hangzhou")
}

fn keys() -> AccessKeys {
    AccessKeys::from([("ak".to_owned(), AccessKey::lasting("ak", secret(), root()))])
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

#[test]
fn every_published_vector_verifies() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 13);
    for vector in vectors {
        let claim = Claim::from_call(&vector.call).unwrap();
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
    for request in captured() {
        assert_eq!(authentic(&request.call(), CAPTURED_AT), Ok(root()), "{}", request.name);
    }
}

#[test]
fn what_is_added_to_query_or_body_is_refused() {
    for request in captured() {
        refused(&Captured { target: format!("{}?x=1", request.target), ..request.clone() });
        refused(&Captured { target: format!("{}&x=1", request.target), ..request.clone() });
        refused(&Captured { body: format!("{} ", request.body), ..request });
    }
}

#[test]
fn the_scope_must_name_the_region_of_the_endpoint() {
    for request in without_token() {
        let passes = authenticate_with(&request.call(), &keys(), CAPTURED_AT, "cn-beijing").is_ok();
        assert_eq!(passes, !request.is_v4(), "{}", request.name);
    }
}

#[test]
fn a_date_more_than_15_minutes_away_is_refused() {
    for request in without_token() {
        let call = request.call();
        let time = Claim::from_call(&call).unwrap().time;
        let window = i64::try_from(WINDOW).unwrap();
        for now in [time - window, time + window] {
            assert_eq!(authenticate_with(&call, &keys(), now, "cn-hangzhou"), Ok(root()));
        }
        for now in [time - window - 1, time + window + 1] {
            let error = authenticate_with(&call, &keys(), now, "cn-hangzhou").unwrap_err();
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
        let error = authenticate_with(&request.call(), &keys, CAPTURED_AT, "cn-hangzhou").unwrap_err();
        assert_eq!(error, Error::unauthorized(expected), "{}", request.name);
    }
}

#[test]
fn calls_of_a_session_need_its_token_and_end_with_it() {
    let expires = CAPTURED_AT + 100;
    let key = |token: &str| AccessKey::temporary("ak", secret(), root(), Secret::from(token), expires);
    let keys = AccessKeys::from([("ak".to_owned(), key("to+k/=="))]);
    let others = AccessKeys::from([("ak".to_owned(), key("other"))]);
    for request in captured() {
        let call = request.call();
        let answer = |keys: &AccessKeys, now| authenticate_with(&call, keys, now, "cn-hangzhou");
        let invalid = Err(Error::unauthorized("The security token you provided is invalid."));
        if request.has("x-acs-security-token") {
            assert_eq!(answer(&keys, CAPTURED_AT), Ok(root()), "{}", request.name);
            assert_eq!(answer(&others, CAPTURED_AT), invalid, "{}", request.name);
            let is_over = Err(Error::unauthorized("The security token you provided has expired."));
            assert_eq!(answer(&keys, expires), is_over, "{}", request.name);
        } else {
            assert_eq!(answer(&keys, CAPTURED_AT), invalid, "{}", request.name);
        }
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
        assert_eq!(Claim::from_call(&call).unwrap_err().code, code);
    }
    let mut call = v1.call();
    call.headers.remove("x-log-date");
    assert!(Claim::from_call(&call).is_ok(), "Date alone is enough");
    call.headers.remove("date");
    assert_eq!(Claim::from_call(&call).unwrap_err().code, "MissingDate");

    for (name, value, code) in [
        ("x-log-apiversion", "0.4.0", "InvalidAPIVersion"),
        ("authorization", "Bearer x", "InvalidSignatureMethod"),
        ("authorization", "LOG", "InvalidSignatureMethod"),
        ("authorization", "LOG ak", "SignatureNotMatch"),
        ("x-log-signaturemethod", "md5", "InvalidSignatureMethod"),
        ("x-log-date", "yesterday", "InvalidDateFormat"),
    ] {
        let request = v1.with_header(name, |_| value.to_owned());
        assert_eq!(Claim::from_call(&request.call()).unwrap_err().code, code, "{name}: {value}");
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
        let error = Claim::from_call(&request.call()).unwrap_err();
        assert!(["SignatureNotMatch", "InvalidSignatureMethod"].contains(&error.code.as_str()), "{error}");
    }
}

#[test]
fn a_body_without_its_digest_is_refused() {
    let mut with_body = captured().into_iter().filter(|request| !request.is_v4() && !request.body.is_empty());
    let mut call = with_body.next().unwrap().call();
    call.headers.remove("content-md5");
    assert_eq!(verified(&call).unwrap_err().code, "SignatureNotMatch");
}

/// The vector without a body in the unit tests of aliyun-log-go-sdk for version 1.
#[test]
fn vector_of_the_go_sdk_for_version_1() {
    let secret = Secret::from("mockAccessKeySecret");
    let date = "Mon, 3 Jan 2010 08:33:47 GMT";
    let headers = [
        ("x-log-apiversion", "0.6.0"),
        ("x-log-bodyrawsize", "0"),
        ("x-log-signaturemethod", "hmac-sha1"),
        ("date", date),
    ];
    let call = call("GET", "/logstores", headers.into_iter(), "");
    let [signature, _] = v1::signatures(&call, claim::Method::HmacSha1, date, &secret);
    assert_eq!(signature, "Rwm6cTKzoti4HWoe+GKcb6Kv07E=");
}

/// The vectors in the unit tests of aliyun-log-go-sdk for version 4, with a query no sane client sends.
#[test]
fn vectors_of_the_go_sdk_for_version_4() {
    let secret = Secret::from("zxasdasdasw2");
    let own = [("x-log-test", "het123"), ("x-acs-ppp", "dds"), ("unsigned", "x")];
    let odd = "/logstores?%20abc=efg&%20agc%20=&=efg&A-bc=eFg";
    let body = "adasd= -asd zcas";
    for (method, target, headers, body, region, expected) in [
        (
            "POST",
            odd,
            &own[..],
            body,
            "cn-hangzhou",
            "a98f5632e93836e63839cd836a54055f480020a9364ca944e2d34f2eb9bf1bed",
        ),
        (
            "GET",
            odd,
            &own[..],
            "",
            "cn-hangzhou",
            "d92741852500791d662a8d469ff61627c0559ecd86c3f59b7bf6772b6c62666a",
        ),
        (
            "POST",
            "/logstores",
            &[],
            body,
            "cn-shanghai",
            "8a10a5e723cb2e75964816de660b2c16a58af8bc0261f7f0722d832468c76ce8",
        ),
    ] {
        let authorization = format!(
            "SLS4-HMAC-SHA256 Credential=acsddda21dsd/20220808/{region}/sls/aliyun_v4_request,Signature={expected}"
        );
        let digest = sha256_hex(body.as_bytes());
        let general = [
            ("x-log-date", "20220808T032330Z"),
            ("x-log-content-sha256", digest.as_str()),
            ("authorization", authorization.as_str()),
        ];
        let call = call(method, target, general.iter().chain(headers).copied(), body);
        let claim = v4::parse_claim(&call, authorization.split_once(' ').unwrap().1).unwrap();
        assert_eq!(claim.verify(&call, &secret, region), Ok(()), "{method} {target} {region}");
    }
}
