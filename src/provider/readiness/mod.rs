//! Whether Simple Log Service (SLS) can use a KMS key of the user's own through a role, and whether somebody may
//! configure that: what has to be right, what is wrong, and what to do about it.
//!
//! Reading ([`reading`]) and judging (one file a subject) are apart: the checks are functions of what was read.
//! Sources: SLS documentation, "Data encryption"; KMS documentation, `DescribeKey` and "Impact of CMK states"; RAM
//! documentation, "Policy structure and syntax".

mod facts;
mod grants;
mod key;
mod memory;
mod pass_role;
mod principal;
pub(super) mod reading;
mod role;

use crate::cloud::{names::Region, ram::RoleArn};
pub(super) use facts::{Facts, Read};
pub(super) use memory::Memory;
pub(super) use principal::Principal;

/// What is checked.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    /// The id of the KMS key, or an alias.
    pub(super) key_id: String,
    /// The role that SLS assumes.
    pub(super) role: RoleArn,
    /// The region the key should be in: that of the Logstore.
    pub(super) region: Region,
    /// The region of the Logstore, where that is known by itself.
    pub(super) log_store_region: Option<Region>,
    /// Who configures encryption; `None` is the caller.
    pub(super) principal: Option<Principal>,
}

/// The outcome of one check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Check {
    /// Which check it is, for configurations to pick it by.
    pub(super) name: &'static str,
    /// Whether it is as it has to be; `None` if that could not be found out.
    pub(super) ok: Option<bool>,
    /// What was found.
    pub(super) detail: String,
    /// What to do; `None` where nothing is to be done.
    pub(super) fix: Option<String>,
    /// The check that leaves this one open, by its own outcome.
    pub(super) because: Option<&'static str>,
}

/// What a check is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    /// The key.
    Key,
    /// The key's region.
    Region,
    /// The role, and who may pass it.
    Role,
}

/// The names of all checks, in the order of [`checks`].
#[cfg(test)]
pub(super) const NAMES: [&str; 10] = [
    "key_exists",
    "key_enabled",
    "key_symmetric",
    "key_usage",
    "key_region",
    "role_exists",
    "role_trust",
    "role_reads_keys",
    "role_uses_keys",
    "pass_role",
];

/// The service that assumes the role.
const SERVICE: &str = "log.aliyuncs.com";

/// Every check, always the same ones in the same order.
pub(super) fn checks(subject: &Subject, facts: &Facts) -> Vec<Check> {
    [
        key::checks(subject, &facts.key).to_vec(),
        role::checks(subject, facts).to_vec(),
        vec![pass_role::check(subject, facts)],
    ]
    .concat()
}

impl Check {
    /// What the check is about.
    pub(super) fn about(&self) -> About {
        match self.name {
            key::REGION => About::Region,
            name if name.starts_with("key_") => About::Key,
            _ => About::Role,
        }
    }

    fn passed(name: &'static str, detail: impl Into<String>) -> Check {
        Check { name, ok: Some(true), detail: detail.into(), fix: None, because: None }
    }

    /// Open because of another check.
    fn hanging_on(name: &'static str, other: &'static str) -> Check {
        let detail = format!("Not known, because {other} is not fulfilled.");
        Check { because: Some(other), ..Check::open(name, detail, None) }
    }

    fn failed(name: &'static str, detail: impl Into<String>, fix: impl Into<String>) -> Check {
        Check { name, ok: Some(false), detail: detail.into(), fix: Some(fix.into()), because: None }
    }

    fn open(name: &'static str, detail: impl Into<String>, fix: Option<String>) -> Check {
        Check { name, ok: None, detail: detail.into(), fix, because: None }
    }
}

#[cfg(test)]
mod tests;
