//! Security Token Service, 2015-04-01: who calls, and sessions of roles
//! (<https://www.alibabacloud.com/help/en/ram/developer-reference/api-sts-2015-04-01-overview>).

mod actions;
mod assume_role;
mod assume_role_with_oidc;
mod caller_identity;
mod id_token;
mod session;

pub use actions::SERVICE;
pub use session::for_service;
