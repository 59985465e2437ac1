//! Resource Access Management (RAM), API version 2015-05-01.

mod attachment;
pub mod byok_role;
mod client;
mod entity;
mod group;
pub mod permission;
mod policy;
mod policy_document;
mod policy_id;
mod role;
mod role_arn;
mod tag;
mod user;

pub use attachment::{AttachedPolicy, is_already_attached, is_not_attached};
pub use client::RamClient;
pub use entity::{AttachedGroup, AttachedRole, AttachedUser, PolicyEntities};
pub use group::Group;
pub use policy::{CreatePolicy, Policy, PolicyDescription, PolicyVersion};
pub use policy_document::{BYOK_SYSTEM_POLICIES, PolicyDocument, PolicyDocumentError};
pub use policy_id::{PolicyId, PolicyKind};
pub(crate) use role::is_young;
pub use role::{CreateRole, ListedRole, Role, RolePage, UpdateRole};
pub use role_arn::{RoleArn, RoleArnError};
pub use tag::{Tag, TagPage};
pub use user::User;
