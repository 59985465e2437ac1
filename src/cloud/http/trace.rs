//! Requests and answers as log lines show them: everything but what would let a reader act as the caller.

use std::fmt::Write as _;

use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::cloud::http::{HttpRequest, HttpResponse, percent_encode};

/// What stands in a secret's place.
const MASK: &str = "[secret]";

/// Members and parameters that hold secrets, in small letters: those of STS and KMS, and the signature.
const SECRET_NAMES: [&str; 9] = [
    "accesskeysecret",
    "securitytoken",
    "signature",
    "oidctoken",
    "samlassertion",
    "externalid",
    "plaintext",
    "password",
    "privatekeyplaintextblob",
];

/// Headers that sign a request or identify its sender, in small letters.
const SECRET_HEADERS: [&str; 5] = [
    "authorization",
    "proxy-authorization",
    "x-acs-security-token",
    "x-aliyun-ecs-metadata-token",
    "set-cookie",
];

/// Whether a member or parameter of this name holds a secret.
pub(crate) fn is_secret_name(name: &str) -> bool {
    SECRET_NAMES.iter().any(|secret| name.eq_ignore_ascii_case(secret))
}

/// Whether a header holds a secret; `name` in lower case.
pub(crate) fn is_secret_header(name: &str) -> bool {
    SECRET_HEADERS.contains(&name)
}

/// Replaces every occurrence of `secret` by a placeholder: as it is and percent-encoded up to twice, as services
/// quote what they were sent.
pub(crate) fn without(text: &str, secret: &str) -> String {
    let mut text = text.to_owned();
    let mut spelling = secret.to_owned();
    for _ in 0..3 {
        if !spelling.is_empty() && text.contains(&spelling) {
            text = text.replace(&spelling, MASK);
        }
        spelling = percent_encode(&spelling);
    }
    text
}

/// Method, address, headers and body of a request, with secrets masked by where they stand.
pub(crate) fn request(request: &HttpRequest) -> String {
    let mut text = format!("{} {}{}", request.method.as_str(), request.origin.url, request.path);
    for (position, (name, value)) in request.query.iter().enumerate() {
        let value = if request.secret || is_secret_name(name) { MASK } else { value };
        // Writing to a string cannot fail.
        let _ = write!(text, "{}{name}={value}", if position == 0 { '?' } else { '&' });
    }
    let body = if request.secret { MASK.to_owned() } else { body(&request.body) };
    format!("{text} {:?} {body}", request.headers)
}

/// Status, headers and body of the answer to a request, with secrets masked by where they stand. Of the answer to a
/// request that is marked as secret no part of the body is shown, whatever it is: it may be cut off or no JSON.
pub(crate) fn response(response: &HttpResponse, request: &HttpRequest) -> String {
    let body = if request.secret { MASK.to_owned() } else { body(&response.body) };
    format!("{} {:?} {body}", response.status, response.headers)
}

/// A body: JSON and forms with the secret members masked, other text as it is, and of bytes only their number.
pub(crate) fn body(body: &[u8]) -> String {
    if let Ok(mut value) = serde_json::from_slice::<Value>(body) {
        mask(&mut value);
        return value.to_string();
    }
    match std::str::from_utf8(body) {
        Ok(text) if text.contains('=') && !text.contains(['<', ' ', '\n']) => form(text),
        Ok(text) => text.to_owned(),
        Err(_) => format!("{} bytes", body.len()),
    }
}

fn mask(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                if is_secret_name(name) { *value = Value::from(MASK) } else { mask(value) }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask),
        _ => {}
    }
}

fn form(text: &str) -> String {
    let masked = |pair: &str| match pair.split_once('=') {
        Some((name, _)) if is_secret_name(&percent_decode_str(name).decode_utf8_lossy()) => {
            format!("{name}={MASK}")
        }
        _ => pair.to_owned(),
    };
    text.split('&').map(masked).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloud::endpoint::Endpoint;
    use crate::cloud::http::{Headers, Method};

    #[test]
    fn a_request_that_holds_a_secret_is_shown_without_query_and_bodies() {
        let origin = Endpoint::parse("http://127.0.0.1:1").unwrap().origin();
        let mut sent = HttpRequest::new(Method::Get, origin, "/p");
        sent.query.insert("key".to_owned(), "canary-1".to_owned());
        sent.headers.set("x-aliyun-ecs-metadata-token", "canary-2");
        sent.body = b"canary-3".to_vec();
        sent.secret = true;
        let answer = HttpResponse { status: 200, headers: Headers::default(), body: b"canary-4".to_vec() };
        let shown = request(&sent) + &response(&answer, &sent);
        assert!(shown.contains("/p") && shown.contains("200") && !shown.contains("canary"), "{shown}");
    }

    #[test]
    fn a_request_is_shown_without_what_signs_it() {
        let origin = Endpoint::parse("http://127.0.0.1:1").unwrap().origin();
        let mut sent = HttpRequest::new(Method::Post, origin, "/");
        sent.query.insert("Action".into(), "AssumeRoleWithOIDC".into());
        sent.query.insert("SecurityToken".into(), "canary-1".into());
        sent.query.insert("Signature".into(), "canary-2".into());
        sent.headers.set("Authorization", "canary-3");
        sent.headers.set("x-acs-security-token", "canary-4");
        sent.body = b"RoleArn=acs%3Aram&OIDCToken=canary-5&%4FIDCToken=canary-6&ExternalId=canary-7".to_vec();
        let text = request(&sent);
        assert!(!text.contains("canary"), "{text}");
        for part in
            ["POST http://127.0.0.1:1/?Action=AssumeRoleWithOIDC&", "RoleArn=acs%3Aram", "127.0.0.1:1"]
        {
            assert!(text.contains(part), "{part} is not in {text}");
        }
    }

    #[test]
    fn an_answer_is_shown_without_keys_and_tokens_however_deep_they_stand() {
        let body = r#"{"Credentials":[{"AccessKeyId":"STS.1","AccessKeySecret":"canary","SecurityToken":{"a":"canary"}}],"Plaintext":"canary"}"#;
        let mut headers = Headers::default();
        headers.set("set-cookie", "canary");
        let origin = Endpoint::parse("http://127.0.0.1:1").unwrap().origin();
        let sent = HttpRequest::new(Method::Post, origin, "/");
        let text = response(&HttpResponse { status: 200, headers, body: body.into() }, &sent);
        assert!(text.starts_with("200 ") && text.contains("STS.1") && !text.contains("canary"), "{text}");
    }

    #[test]
    fn what_is_neither_json_nor_a_form_is_shown_as_text_or_counted() {
        assert_eq!(body(b"<html>a=b</html>"), "<html>a=b</html>");
        assert_eq!(body(&[0xff, 0xfe]), "2 bytes");
        assert_eq!(body(b""), "");
    }

    #[test]
    fn quoted_secrets_are_replaced_in_every_spelling() {
        let quoted = "Token%3Da%252Fb%253D and a%2Fb%3D and a/b=";
        assert_eq!(without(quoted, "a/b="), "Token%3D[secret] and [secret] and [secret]");
        assert_eq!(without("text", ""), "text");
    }
}
