//! Errors in the words of the RPC services
//! (<https://www.alibabacloud.com/help/en/ram/developer-reference/api-ram-2015-05-01-errorcodes>).

use crate::error::Error;

impl Error {
    /// A required parameter is missing.
    pub fn missing_parameter(name: &str) -> Self {
        Self::new(400, "MissingParameter", format!("The parameter \"{name}\" is needed but not provided."))
    }

    /// A parameter has a value that is not allowed.
    pub fn incorrect(name: &str) -> Self {
        Self::new(
            400,
            format!("InvalidParameter.{name}"),
            format!("The parameter - \"{name}\" is incorrect."),
        )
    }

    /// The service has no such action, or this emulator does not.
    pub fn action_not_found(service: &str, action: &str) -> Self {
        let message = format!("Specified api is not found: the emulator does not serve {service} {action}.");
        Self::new(404, "InvalidAction.NotFound", message)
    }

    /// The version is that of no service.
    pub fn invalid_version() -> Self {
        Self::new(400, "InvalidVersion", "Specified parameter Version is not valid.")
    }

    /// The body is larger than the services take. Code and text are a guess.
    pub fn body_too_large(limit: usize) -> Self {
        Self::new(413, "RequestBodyTooLarge", format!("The request body is larger than {limit} bytes."))
    }

    /// The emulator itself failed.
    pub fn internal_error() -> Self {
        Self::new(500, "InternalError", "An internal error occurred.")
    }
}
