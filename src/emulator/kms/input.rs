//! Parameters that are JSON.

use super::error;
use crate::rpc::{Error, Parameters};

/// A parameter whose value is JSON.
///
/// Some SDKs send its members as parameters of their own: `EncryptionContext.team=security`, `Tags.1.TagKey=team`. No
/// source says what the service makes of them. Here they are refused, so that no caller believes to have sent what
/// was not read.
///
/// # Errors
///
/// `InvalidParameter`
pub fn json<'p>(parameters: &'p Parameters, name: &str) -> Result<Option<&'p str>, Error> {
    let is_member = |parameter: &str| {
        let parts = parameter.split_at_checked(name.len());
        parts.is_some_and(|(start, rest)| start.eq_ignore_ascii_case(name) && rest.starts_with('.'))
    };
    if parameters.iter().any(|parameter| is_member(&parameter.name)) {
        return Err(error::invalid(name));
    }
    let Some(text) = parameters.get(name) else { return Ok(None) };
    // Of two members of one name, the one that is passed over would be one that the caller believes to have sent.
    match crate::json::parse(text.as_bytes()) {
        Ok(_) => Ok(Some(text)),
        Err(_) => Err(error::invalid(name)),
    }
}
