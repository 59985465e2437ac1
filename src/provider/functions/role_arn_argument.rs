//! The ARN of a role as an argument of a function.

use crate::role_arn;
use cloud::ram::RoleArn;
use schema::function::FunctionError;

/// Reads the first argument as the ARN of a role.
pub(super) fn parse(text: &str) -> Result<RoleArn, FunctionError> {
    role_arn::parse(text).map_err(|problem| {
        FunctionError::at(
            0,
            format!("{} is not the ARN of a RAM role: {problem}, as in \"acs:ram::1234567890123456:role/sls-byok\".", text::quote(text)),
        )
    })
}
