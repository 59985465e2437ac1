//! Resource Access Management, 2015-05-01: roles, policies, attachments, users, groups and tags
//! (<https://www.alibabacloud.com/help/en/ram/developer-reference/api-ram-2015-05-01-overview>).

mod access_key;
mod account_alias;
mod actions;
mod attachment;
mod error;
mod group;
mod input;
mod login_profile;
mod paging;
mod permission;
mod policy;
mod policy_version;
mod role;
mod tag;
#[cfg(test)]
mod tests;
mod user;

pub use actions::SERVICE;
