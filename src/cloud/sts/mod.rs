//! Security Token Service (STS), API version 2015-04-01.

mod assume_role;
mod assume_role_with_oidc;
mod caller_identity;
mod client;

pub use assume_role::{AssumeRole, AssumedRole};
pub use assume_role_with_oidc::AssumeRoleWithOidc;
pub use caller_identity::{CallerIdentity, IdentityType};
pub use client::StsClient;
