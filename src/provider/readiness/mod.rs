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
pub(super) mod pass_role;
mod principal;
pub(super) mod reading;
pub(super) mod role;

use crate::cloud::{names::Region, ram::RoleArn};
use facts::Denied;
pub(super) use facts::Facts;
pub(super) use memory::Memory;
pub(super) use principal::{Principal, PrincipalKind};

/// What is checked. What is not known is not checked.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    /// The id of the KMS key, as configured.
    pub(super) key_id: Option<String>,
    /// The role that SLS assumes.
    pub(super) role: Option<RoleArn>,
    /// The region the key should be in: that of the Logstore.
    pub(super) region: Region,
    /// The region of the Logstore, where that is known by itself.
    pub(super) log_store_region: Option<Region>,
    /// The algorithm, `encrypt_type`, where one is configured: which key fits best depends on it.
    pub(super) encrypt_type: Option<String>,
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
    /// Whether it is open because the caller may not read what it takes.
    pub(super) is_denied: bool,
    /// What has happened to a Logstore that is configured already; `None` for what cannot come to be afterwards.
    pub(super) outage: Option<&'static str>,
    /// What to do about that, where it is something else than `fix`.
    pub(super) outage_fix: Option<&'static str>,
}

/// What a check is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum About {
    /// The key.
    Key,
    /// The key's region.
    Region,
    /// The role.
    Role,
    /// Who may pass the role.
    Caller,
}

/// The names of all checks, in the order of [`checks`].
#[cfg(test)]
pub(super) const NAMES: [&str; 11] = [
    "key_exists",
    "key_id",
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

/// Every check of what is known, always in the same order.
pub(super) fn checks(subject: &Subject, facts: &Facts) -> Vec<Check> {
    let mut checks = of_service(subject, facts);
    checks.extend(subject.role.as_ref().map(|role| pass_role::check(role, facts)));
    checks
}

/// The checks of what SLS uses: the key and the role.
pub(super) fn of_service(subject: &Subject, facts: &Facts) -> Vec<Check> {
    let key = subject.key_id.as_ref().map(|key_id| key::checks(subject, key_id, &facts.key));
    let role = subject.role.as_ref().map(|arn| role::checks(subject, arn, facts));
    key.into_iter().flatten().chain(role.into_iter().flatten()).collect()
}

impl Check {
    /// What the check is about.
    pub(super) fn about(&self) -> About {
        match self.name {
            key::REGION => About::Region,
            pass_role::NAME => About::Caller,
            name if name.starts_with("key_") => About::Key,
            _ => About::Role,
        }
    }

    fn passed(name: &'static str, detail: impl Into<String>) -> Check {
        Check { ok: Some(true), ..Check::open(name, detail, None) }
    }

    /// Open because of another check.
    fn hanging_on(name: &'static str, other: &'static str) -> Check {
        let detail = format!("Not known, because {other} is not known to be fulfilled.");
        Check { because: Some(other), ..Check::open(name, detail, None) }
    }

    fn failed(name: &'static str, detail: impl Into<String>, fix: impl Into<String>) -> Check {
        Check { ok: Some(false), ..Check::open(name, detail, Some(fix.into())) }
    }

    fn with_outage(self, outage: &'static str) -> Check {
        Check { outage: Some(outage), ..self }
    }

    fn with_outage_fix(self, fix: &'static str) -> Check {
        Check { outage_fix: Some(fix), ..self }
    }

    fn open(name: &'static str, detail: impl Into<String>, fix: Option<String>) -> Check {
        Check {
            name,
            ok: None,
            detail: detail.into(),
            fix,
            because: None,
            is_denied: false,
            outage: None,
            outage_fix: None,
        }
    }

    /// Open because the caller may not read `what`.
    fn unread(name: &'static str, what: &str, denied: &Denied) -> Check {
        let detail = format!("{what} could not be read: the caller lacks {}.", denied.action);
        Check { is_denied: true, ..Check::open(name, detail, Some(facts::grant_reads())) }
    }
}

#[cfg(test)]
mod tests;
