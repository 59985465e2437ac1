//! Parses an answer of an RPC service: a success or a refusal.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::dispatcher::printable;
use crate::error::{Error, Operation};
use crate::http::HttpResponse;
use crate::json_object::{LONGEST_TEXT, is_one_line, malformed, no_message, parse_object};

/// Where the string to sign begins in the message of `SignatureDoesNotMatch`. It is meant for developers of clients,
/// and quotes every parameter.
const STRING_TO_SIGN: &str = "server string to sign is";

/// The request id. It is a member of every answer of the service, and in the header `x-acs-request-id` also if the body
/// is not from the service.
pub(crate) fn request_id(response: &HttpResponse) -> Option<String> {
    let body = serde_json::from_slice::<Value>(&response.body).unwrap_or_default();
    let member = body.get("RequestId").and_then(Value::as_str);
    member.or_else(|| response.headers.get("x-acs-request-id")).map(str::to_owned)
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
    let mut fields = parse_object(operation, &response.body).map_err(|error| {
        if !secret {
            return error;
        }
        let length = response.body.len();
        error.with_message(format!("it should be a JSON object; found {length} bytes that are none"))
    })?;
    make_printable(&mut fields).map_err(|problem| malformed(operation, problem))?;
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

/// Members whose text may have several lines.
const OF_SEVERAL_LINES: [&str; 3] = ["AssumeRolePolicyDocument", "Description", "PolicyDocument"];

/// Members that later calls send back. With other characters they would name something else.
const SENT_BACK: [&str; 8] =
    ["GroupName", "Marker", "NextToken", "PolicyName", "RoleName", "TagKey", "TagValue", "UserName"];

/// What a session consists of. Each call sends it back as it is. STS documents no longest token.
const OF_SESSIONS: [&str; 3] = ["AccessKeyId", "AccessKeySecret", "SecurityToken"];

/// Replaces the characters that are not printable in all texts of an answer, and cuts texts of one line, before
/// anything is shown, stored or compared: whoever may write a description must not write on the terminal of whoever
/// reads it.
///
/// # Errors
/// A text that is sent back has such characters, or is too long for what it is.
fn make_printable(members: &mut Map<String, Value>) -> Result<(), String> {
    members.iter_mut().try_for_each(|(name, value)| make_value_printable(name, value))
}

fn make_value_printable(name: &str, value: &mut Value) -> Result<(), String> {
    match value {
        Value::Object(members) => make_printable(members),
        Value::Array(items) => items.iter_mut().try_for_each(|item| make_value_printable(name, item)),
        Value::String(text) if OF_SEVERAL_LINES.contains(&name) => {
            *text = text::lines(text);
            Ok(())
        }
        Value::String(text) if is_one_line(text) => Ok(()),
        Value::String(text) if OF_SESSIONS.contains(&name) && text.chars().all(text::is_printable) => Ok(()),
        // The text may be a secret.
        Value::String(_) if OF_SESSIONS.contains(&name) => {
            Err(format!("`{name}` has characters that are not printable"))
        }
        Value::String(text) if SENT_BACK.contains(&name) => Err(format!(
            "`{name}` should be a text of at most {LONGEST_TEXT} characters, all printable; found {}",
            text::quote(text)
        )),
        Value::String(text) => {
            *text = text::line_of(text, LONGEST_TEXT);
            Ok(())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
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
    if facts.is_empty() { String::new() } else { format!(" [{}]", printable(&facts.join(", "))) }
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
    fn a_denial_of_many_members_is_cut() {
        let detail: Map<String, Value> =
            (0..1_000).map(|number| (format!("m{number}"), json!("x"))).collect();
        let body = json!({ "Code": "NoPermission", "Message": "No.", "AccessDeniedDetail": detail });
        let error = refused(403, &body.to_string());
        assert!(error.message().chars().count() < 1_100, "{}", error.message());
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
    fn texts_of_a_success_are_printable_and_those_that_are_sent_back_are_refused() {
        let read = |member: &str, text: &str| {
            let body = json!({ "Keys": [{ member: text, "Other": 1 }] }).to_string();
            success::<Value>(&Operation::new("KMS", "DescribeKey", "k"), &response(200, &body), false)
                .map(|answer| answer["Keys"][0][member].as_str().unwrap().to_owned())
        };
        let hostile = "a\u{1b}[2J\u{9b}1m\u{202e}b\nc";
        assert_eq!(read("KeyState", hostile).unwrap(), "a\u{fffd}[2J\u{fffd}1m\u{fffd}b c");
        assert_eq!(read("Description", hostile).unwrap(), "a\u{fffd}[2J\u{fffd}1m\u{fffd}b\nc");
        for member in SENT_BACK {
            let error = read(member, hostile).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Malformed);
            let said = error.to_string();
            assert!(said.contains(member) && said.chars().all(text::is_printable), "{said}");
            assert_eq!(read(member, "名-1").unwrap(), "名-1");
        }
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
