//! Security Token Service (STS), API version 2015-04-01.

mod assume_role;
mod caller_identity;
mod client;

pub use assume_role::{AssumeRole, AssumedRole};
pub use caller_identity::{CallerIdentity, IdentityType};
pub use client::StsClient;
