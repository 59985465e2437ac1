//! Telling success from refusal in an answer of SLS.

use serde_json::Value;

use crate::dispatcher::printable;
use crate::error::{Error, Operation};
use crate::http::HttpResponse;
use crate::json_object::{describe_bytes, malformed, no_message};

/// The request id; SLS gives it nowhere but in this header (SLS documentation, "Public response headers").
pub(crate) fn request_id(response: &HttpResponse) -> Option<String> {
    response.headers.get("x-log-requestid").map(str::to_owned)
}

/// The body of a success, or the refusal.
pub(crate) fn success<'a>(operation: &Operation, response: &'a HttpResponse) -> Result<&'a [u8], Error> {
    if (200..300).contains(&response.status) { Ok(&response.body) } else { Err(refusal(operation, response)) }
}

/// Checks the answer to a write, which has no body. Text that is not JSON is not from SLS: some gateway
/// between here and there answered in its place.
pub(crate) fn written(operation: &Operation, response: &HttpResponse) -> Result<(), Error> {
    let body = success(operation, response)?;
    if body.trim_ascii().is_empty() || serde_json::from_slice::<Value>(body).is_ok() {
        return Ok(());
    }
    let message = format!("it should be empty; found {}", describe_bytes(body));
    Err(malformed(operation, message).with_status(response.status))
}

/// Reads `{"errorCode": ..., "errorMessage": ...}` (SLS documentation, "Common error codes"). Without it the
/// status has to do, and the message says what came instead.
fn refusal(operation: &Operation, response: &HttpResponse) -> Error {
    let body = serde_json::from_slice::<Value>(&response.body).unwrap_or_default();
    let member = |name| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(printable);
    let code = member("errorCode");
    let message =
        member("errorMessage").unwrap_or_else(|| no_message(operation.service, response, code.is_some()));
    Error::from_answer(operation, response.status, code, message)
}
