//! Parses an answer of an RPC service: a success or a refusal.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::dispatcher::printable;
use crate::error::{Error, Operation};
use crate::http::HttpResponse;
use crate::json_object::{malformed, no_message, parse_object};

/// Where the string to sign begins in the message of `SignatureDoesNotMatch`. It is meant for developers of clients,
/// and quotes every parameter.
const STRING_TO_SIGN: &str = "server string to sign is";

/// The request id. It is a member of every answer of the service, and in the header `x-acs-request-id` also if the body
/// is not from the service.
pub(crate) fn request_id(response: &HttpResponse) -> Option<String> {
    let body = serde_json::from_slice::<Value>(&response.body).unwrap_or_default();
    let member = body.get("RequestId").and_then(Value::as_str);
    member.or_else(|| response.headers.get("x-acs-request-id")).map(printable)
}

/// The members of a success, or the refusal as an error. `secret` is whether the answer contains secrets.
pub(crate) fn success<A: DeserializeOwned>(
    operation: &Operation,
    response: &HttpResponse,
    secret: bool,
) -> Result<A, Error> {
    if !(200..300).contains(&response.status) {
        return Err(refusal(operation, response));
    }
    let fields = parse_object(operation, &response.body).map_err(|error| {
        if !secret {
            return error;
        }
        let length = response.body.len();
        error.with_message(format!("it should be a JSON object; found {length} bytes that are none"))
    })?;
    serde_path_to_error::deserialize(Value::Object(fields)).map_err(|error| {
        let problem = error.inner().to_string();
        // Any other message may quote a secret.
        let is_shown = !secret || problem.starts_with("missing field");
        let problem = if is_shown { printable(&problem) } else { "it is not as documented".to_owned() };
        match error.path().to_string().as_str() {
            "." => malformed(operation, problem),
            path => malformed(operation, format!("`{path}`: {problem}")),
        }
    })
}

/// Parses `Code`, `Message` and what newer answers add. Without `Code` the status decides, and the message says what
/// the answer is instead.
fn refusal(operation: &Operation, response: &HttpResponse) -> Error {
    let body = serde_json::from_slice::<Value>(&response.body).unwrap_or_default();
    let member = |name| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(printable);
    let code = member("Code");
    let said = member("Message").unwrap_or_else(|| no_message(operation.service, response, code.is_some()));
    let page = member("Recommend").map(|page| format!("; see {page}")).unwrap_or_default();
    let denial = denial(body.get("AccessDeniedDetail"));
    let message = format!("{}{denial}{page}", without_string_to_sign(&said));
    Error::from_answer(operation, response.status, code, message)
}

fn without_string_to_sign(message: &str) -> &str {
    message.find(STRING_TO_SIGN).and_then(|at| message.get(..at)).unwrap_or(message).trim_end()
}

/// `AccessDeniedDetail`: the principal, the action and the kind of policy of a refusal. Only the service can decode its
/// `EncodedDiagnosticMessage`.
fn denial(detail: Option<&Value>) -> String {
    let members = detail.and_then(Value::as_object).into_iter().flatten();
    let facts: Vec<String> = members
        .filter(|(name, _)| *name != "EncodedDiagnosticMessage")
        .filter_map(|(name, value)| Some((name, value.as_str().filter(|text| !text.is_empty())?)))
        .map(|(name, text)| format!("{} {}", printable(name), printable(text)))
        .collect();
    if facts.is_empty() { String::new() } else { format!(" [{}]", facts.join(", ")) }
}

#[cfg(test)]
mod tests {
    use serde::de::IgnoredAny;
    use serde_json::json;

    use super::*;
    use crate::error::ErrorKind;
    use crate::http::Headers;

    fn response(status: u16, body: &str) -> HttpResponse {
        HttpResponse { status, headers: Headers::default(), body: body.into() }
    }

    fn refused(status: u16, body: &str) -> Error {
        success::<IgnoredAny>(&Operation::new("RAM", "GetRole", "demo"), &response(status, body), false)
            .unwrap_err()
    }

    #[test]
    fn a_refusal_has_the_services_code_and_words() {
        let body = json!({ "RequestId": "R", "HostId": "ram.aliyuncs.com", "Code": "EntityNotExist.Role",
            "Message": "The role not exists: demo", "Recommend": "https://api.example/t" });
        let error = refused(404, &body.to_string());
        assert_eq!((error.kind(), error.code()), (ErrorKind::NotFound, Some("EntityNotExist.Role")));
        assert_eq!(error.message(), "The role not exists: demo; see https://api.example/t");
    }

    #[test]
    fn a_denial_tells_who_was_refused_what() {
        let body = json!({ "Code": "NoPermission", "Message": "You are not authorized.", "AccessDeniedDetail": {
            "AuthAction": "ram:GetRole", "NoPermissionType": "ImplicitDeny", "AuthPrincipalDisplayName": "",
            "EncodedDiagnosticMessage": "AQFo", "Number": 1 } });
        let error = refused(403, &body.to_string());
        assert_eq!(error.kind(), ErrorKind::Denied);
        assert_eq!(
            error.message(),
            "You are not authorized. [AuthAction ram:GetRole, NoPermissionType ImplicitDeny]"
        );
    }

    #[test]
    fn the_servers_string_to_sign_is_left_out() {
        let said =
            "Specified signature is not matched with our calculation. server string to sign is:POST&%2F&x";
        let error = refused(400, &json!({ "Code": "SignatureDoesNotMatch", "Message": said }).to_string());
        assert_eq!(error.message(), "Specified signature is not matched with our calculation.");
    }

    #[test]
    fn answers_of_something_else_say_what_came() {
        let error = refused(502, "<html>");
        let said = "the answer is not one of RAM: 6 bytes that begin with \"<html>\"";
        assert_eq!((error.code(), error.message()), (None, said));
        assert_eq!(refused(403, r#"{"Code":"NoPermission"}"#).message(), "the service gave no reason");
    }

    #[test]
    fn the_request_id_is_read_from_the_body_or_the_header() {
        let mut response = response(200, r#"{"RequestId":"R1"}"#);
        response.headers.set("x-acs-request-id", "R2");
        assert_eq!(request_id(&response).as_deref(), Some("R1"));
        response.body.clear();
        assert_eq!(request_id(&response).as_deref(), Some("R2"));
        assert_eq!(request_id(&self::response(200, "{}")), None);
    }

    #[test]
    fn an_answer_with_secrets_is_not_shown_when_it_cannot_be_read() {
        let operation = Operation::new("STS", "AssumeRole", "demo");
        let cut = response(200, r#"{"Credentials":{"AccessKeySecret":"canary"#);
        let shown = success::<IgnoredAny>(&operation, &cut, false).unwrap_err();
        assert!(format!("{shown:?}").contains("canary"));
        let hidden = success::<IgnoredAny>(&operation, &cut, true).unwrap_err();
        assert_eq!(hidden.kind(), ErrorKind::Malformed);
        assert!(!format!("{hidden:?} {hidden}").contains("canary"), "{hidden}");
    }
}
