//! The functions of the provider: pure, and served without a configuration.

mod byok_trust_policy;
mod log_store_id_parse;
mod pass_role_policy;
mod role_arn_parse;

use crate::{
    cloud::ram::RoleArn,
    schema::function::{AnyFunction, FunctionError},
};

/// All of them.
pub(super) fn all() -> Vec<AnyFunction> {
    vec![
        AnyFunction::new(log_store_id_parse::LogStoreIdParse),
        AnyFunction::new(role_arn_parse::RoleArnParse),
        AnyFunction::new(byok_trust_policy::ByokTrustPolicy),
        AnyFunction::new(pass_role_policy::PassRolePolicy),
    ]
}

/// Reads the first argument as the ARN of a role.
fn role_arn(text: &str) -> Result<RoleArn, FunctionError> {
    super::role_arn::parse(text).map_err(|problem| {
        FunctionError::at(
            0,
            format!("{text:?} is not the ARN of a RAM role: {problem}, as in \"acs:ram::1234567890123456:role/sls-byok\"."),
        )
    })
}
