//! Errors in KMS's own words
//! (<https://www.alibabacloud.com/help/en/kms/key-management-service/developer-reference/common-error-codes>).

use crate::rpc::Error;

/// No such key, or not in this region.
pub fn key_not_found() -> Error {
    Error::new(404, "Forbidden.KeyNotFound", "The specified Key is not found.")
}

/// No such alias.
pub fn alias_not_found() -> Error {
    Error::new(404, "Forbidden.AliasNotFound", "The specified Alias is not found.")
}

/// The alias is taken. No source has the real code.
pub fn alias_exists() -> Error {
    Error::new(409, "Rejected.AliasExists", "The request was rejected because the alias already exists.")
}

/// No such version of the key.
pub fn version_not_found() -> Error {
    Error::new(404, "Forbidden.KeyVersionNotFound", "The specified Key version is not found.")
}

/// The key cannot be used in its state.
pub fn rejected(state: &str) -> Error {
    let message = format!("The request was rejected because the key state is {state}.");
    Error::new(409, format!("Rejected.{state}"), message)
}

/// The key cannot change from the state it is in.
pub fn state_modified_failed() -> Error {
    Error::new(409, "Rejected.StateModifiedFailed", "Keystate modified failed.")
}

/// The key is protected from deletion. No source has the real code.
pub fn protected() -> Error {
    let message = "The request was rejected because deletion protection of the key is enabled.";
    Error::new(409, "Rejected.DeletionProtection", message)
}

/// There are as many as there can be, or as can be now. No source has the real code.
pub fn limit_exceeded() -> Error {
    Error::new(409, "Rejected.LimitExceeded", "The request was rejected because it exceeds a limit.")
}

/// The key is of a type that does not support the operation.
pub fn unsupported_operation() -> Error {
    let message = "This action is not allowed for the type of the specified key.";
    Error::new(400, "UnsupportedOperation", message)
}

/// A parameter has a value that is not allowed.
pub fn invalid(parameter: &str) -> Error {
    Error::new(400, "InvalidParameter", format!("The specified parameter \"{parameter}\" is not valid."))
}
