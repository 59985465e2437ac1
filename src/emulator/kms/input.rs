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
    let is_member = |parameter: &str| parameter.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
    if parameters.iter().any(|parameter| is_member(&parameter.name)) {
        return Err(error::invalid(name));
    }
    Ok(parameters.get(name))
}
