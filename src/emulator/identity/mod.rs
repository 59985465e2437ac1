//! The identities of an account and their permissions: users, groups, roles, policies, attachments, and the
//! access keys of users and of sessions. RAM manages it, STS issues sessions from it, and every service
//! asks it.

mod arn;
mod attachment;
mod authority;
mod directory;
mod documents;
mod entity;
mod names;
mod oidc_provider;
mod policy;
pub(super) mod seeding;
#[cfg(test)]
mod stored_tests;
mod system_policies;
mod verification_key;

pub use arn::{oidc_provider_arn, role_arn, role_of_arn, user_arn};
#[cfg(test)]
pub use attachment::Attached;
pub use attachment::{PolicyTarget, PolicyTargetKind};
pub use directory::Directory;
#[cfg(test)]
pub use documents::StoredAccount;
pub use entity::{Group, LoginProfile, Role, User};
pub use names::folded;
pub use oidc_provider::OidcProvider;
pub use policy::{Policy, PolicyKey, PolicyKind, PolicyVersion};
#[cfg(test)]
pub use verification_key::VerificationKey;
