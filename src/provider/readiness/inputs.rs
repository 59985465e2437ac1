//! What the checks are judged by.

use serde_json::json;

use super::Principal;
use crate::{errors, privileges};
use cloud::{
    error::{Error, ErrorKind},
    kms::KeyMetadata,
    ram::{PolicyDocument, PolicyId, Role},
};

/// The result of one read.
#[derive(Clone, Debug)]
pub(crate) enum Lookup<T> {
    /// It is there.
    Found(T),
    /// The service says that it does not exist.
    Absent,
    /// The caller may not read it.
    Denied(Denied),
    /// The service refuses to answer, whoever asks: it is not activated, the account is in debt, or the key's instance
    /// is not ready. Says so with the service's code, and what to do.
    Refused(String),
    /// It was not asked for, because of what is missing before it, or is of no form that is documented; says why.
    Unknown(String),
}

/// A read that a service denied to the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Denied {
    /// The action that is missing: `kms:DescribeKey`.
    pub(crate) action: String,
}

/// Everything the checks are judged by.
#[derive(Clone, Debug)]
pub(crate) struct Inputs {
    /// The key.
    pub(crate) key: Lookup<KeyMetadata>,
    /// The role.
    pub(crate) role: Lookup<Role>,
    /// The policies attached to the role.
    pub(crate) role_policies: Lookup<Vec<EffectivePolicy>>,
    /// Who configures encryption.
    pub(crate) principal: Lookup<Principal>,
    /// The policies the principal and its groups hold.
    pub(crate) principal_policies: Lookup<EffectivePolicies>,
}

/// The policies of a principal: its own, and those of its groups.
#[derive(Clone, Debug, Default)]
pub(crate) struct EffectivePolicies {
    /// Those that are known.
    pub(crate) policies: Vec<EffectivePolicy>,
    /// Why there may be more.
    pub(crate) unread: Vec<Denied>,
}

/// A policy of a principal.
#[derive(Clone, Debug)]
pub(crate) struct EffectivePolicy {
    /// Which it is.
    pub(crate) id: PolicyId,
    /// Its default version.
    pub(crate) document: Lookup<PolicyDocument>,
}

impl<T> Lookup<T> {
    /// Separates "does not exist" and "denied" from failures.
    ///
    /// # Errors
    ///
    /// Every other failure.
    pub(crate) fn from_result(answer: Result<T, Error>) -> Result<Lookup<T>, Error> {
        match answer {
            Ok(found) => Ok(Lookup::Found(found)),
            Err(error) => match error.kind() {
                ErrorKind::NotFound => Ok(Lookup::Absent),
                ErrorKind::Denied => Ok(Lookup::Denied(Denied::of(&error))),
                ErrorKind::Conflict => Ok(Lookup::Refused(errors::in_words(&error))),
                _ => Err(error),
            },
        }
    }

    /// What was found, if it was.
    pub(crate) fn found(&self) -> Option<&T> {
        match self {
            Lookup::Found(found) => Some(found),
            _ => None,
        }
    }

    /// The same outcome, if nothing was found, of another read that depends on this one.
    ///
    /// # Errors
    ///
    /// What was found.
    pub(super) fn without<U>(self) -> Result<Lookup<U>, T> {
        match self {
            Lookup::Found(found) => Err(found),
            Lookup::Absent => Ok(Lookup::Absent),
            Lookup::Denied(denied) => Ok(Lookup::Denied(denied)),
            Lookup::Refused(why) => Ok(Lookup::Refused(why)),
            Lookup::Unknown(why) => Ok(Lookup::Unknown(why)),
        }
    }
}

impl Denied {
    fn of(error: &Error) -> Denied {
        Denied { action: format!("{}:{}", error.service().to_lowercase(), error.action()) }
    }
}

/// The one policy that lets the caller read everything, so that no second permission turns out to be missing after the
/// first is granted.
pub(super) fn grant_reads() -> String {
    let statement =
        json!({ "Effect": "Allow", "Action": privileges::actions(privileges::CHECKS), "Resource": "*" });
    let policy = json!({ "Version": "1", "Statement": [statement] });
    format!(
        "To have everything checked, attach a custom policy with this document to the caller:\n\n  {policy}"
    )
}
