//! Whether Simple Log Service (SLS) can use a KMS key of the user's own through a role, and whether somebody may
//! configure that: what has to be right, what is wrong, and what to do about it.
//!
//! Reading ([`reading`]) and judging (one file a subject) are apart: the checks are functions of what was read.
//! Sources: SLS documentation, "Data encryption"; KMS documentation, `DescribeKey` and "Impact of CMK states"; RAM
//! documentation, "Policy structure and syntax".

mod check;
mod inputs;
mod key;
pub(super) mod pass_role;
mod policy_evaluation;
mod principal;
mod read_cache;
pub(super) mod read_error;
pub(super) mod reading;
pub(super) mod role;

pub(super) use check::{Check, Subject};
pub(super) use inputs::Inputs;
pub(super) use principal::{Principal, PrincipalKind};
pub(super) use read_cache::ReadCache;

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

/// Every check of what is known, always in the same order.
pub(super) fn checks(subject: &Subject, inputs: &Inputs) -> Vec<Check> {
    let mut checks = service_checks(subject, inputs);
    checks.extend(subject.role.as_ref().map(|role| pass_role::check(role, inputs)));
    checks
}

/// The checks of what SLS uses: the key and the role.
pub(super) fn service_checks(subject: &Subject, inputs: &Inputs) -> Vec<Check> {
    let key = subject.key_id.as_ref().map(|key_id| key::checks(subject, key_id, &inputs.key));
    let role = subject.role.as_ref().map(|arn| role::checks(subject, arn, inputs));
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
}

#[cfg(test)]
mod tests;
