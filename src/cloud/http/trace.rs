//! Requests and answers in the debug log, without the secrets with which a reader could act as the caller.

use std::fmt::Write as _;

use crate::http::redact::{MASK, body, is_secret_name};
use crate::http::{HttpRequest, HttpResponse};

/// Method, address, headers and body of a request. Secrets are masked by their names.
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

/// Status, headers and body of the answer to a request. Secrets are masked by their names. If the request is marked as
/// secret, no part of the body is shown, because a body that is cut off or not JSON cannot be masked.
pub(crate) fn response(response: &HttpResponse, request: &HttpRequest) -> String {
    let body = if request.secret { MASK.to_owned() } else { body(&response.body) };
    format!("{} {:?} {body}", response.status, response.headers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::Endpoint;
    use crate::http::{Headers, Method};

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
}
