//! The functions of the provider: pure, and served without a configuration.

mod byok_trust_policy;
mod log_store_id_parse;
mod pass_role_policy;
mod role_arn_argument;
mod role_arn_parse;

use schema::function::AnyFunction;

/// All of them.
pub(super) fn all() -> Vec<AnyFunction> {
    vec![
        AnyFunction::new(log_store_id_parse::LogStoreIdParse),
        AnyFunction::new(role_arn_parse::RoleArnParse),
        AnyFunction::new(byok_trust_policy::ByokTrustPolicy),
        AnyFunction::new(pass_role_policy::PassRolePolicy),
    ]
}
