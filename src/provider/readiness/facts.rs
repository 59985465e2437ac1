//! What was read.

use serde_json::json;

use super::Principal;
use crate::{
    cloud::{
        error::{Error, ErrorKind},
        kms::KeyMetadata,
        ram::{PolicyDocument, PolicyId, Role},
    },
    provider::{errors, privileges},
};

/// What came of reading one thing.
#[derive(Clone, Debug)]
pub(in crate::provider) enum Read<T> {
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

/// A read that the caller may not do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::provider) struct Denied {
    /// The action that is missing: `kms:DescribeKey`.
    pub(in crate::provider) action: String,
}

/// Everything the checks are judged by.
#[derive(Clone, Debug)]
pub(in crate::provider) struct Facts {
    /// The key.
    pub(in crate::provider) key: Read<KeyMetadata>,
    /// The role.
    pub(in crate::provider) role: Read<Role>,
    /// The policies attached to the role.
    pub(in crate::provider) role_policies: Read<Vec<HeldPolicy>>,
    /// Who configures encryption.
    pub(in crate::provider) principal: Read<Principal>,
    /// The policies the principal and its groups hold.
    pub(in crate::provider) principal_policies: Read<Holdings>,
}

/// The policies that somebody holds.
#[derive(Clone, Debug, Default)]
pub(in crate::provider) struct Holdings {
    /// Those that are known.
    pub(in crate::provider) policies: Vec<HeldPolicy>,
    /// Why there may be more.
    pub(in crate::provider) unread: Vec<Denied>,
}

/// A policy that somebody holds.
#[derive(Clone, Debug)]
pub(in crate::provider) struct HeldPolicy {
    /// Which it is.
    pub(in crate::provider) id: PolicyId,
    /// What its version in force says.
    pub(in crate::provider) document: Read<PolicyDocument>,
}

impl<T> Read<T> {
    /// Tells a thing that does not exist, and a read that is denied, from failures.
    ///
    /// # Errors
    ///
    /// Every other failure.
    pub(in crate::provider) fn of(answer: Result<T, Error>) -> Result<Read<T>, Error> {
        match answer {
            Ok(found) => Ok(Read::Found(found)),
            Err(error) => match error.kind() {
                ErrorKind::NotFound => Ok(Read::Absent),
                ErrorKind::Denied => Ok(Read::Denied(Denied::of(&error))),
                ErrorKind::Conflict => Ok(Read::Refused(errors::in_words(&error))),
                _ => Err(error),
            },
        }
    }

    /// What was found, if it was.
    pub(in crate::provider) fn found(&self) -> Option<&T> {
        match self {
            Read::Found(found) => Some(found),
            _ => None,
        }
    }

    /// The same outcome, if nothing was found, of another read that depends on this one.
    ///
    /// # Errors
    ///
    /// What was found.
    pub(super) fn without<U>(self) -> Result<Read<U>, T> {
        match self {
            Read::Found(found) => Err(found),
            Read::Absent => Ok(Read::Absent),
            Read::Denied(denied) => Ok(Read::Denied(denied)),
            Read::Refused(why) => Ok(Read::Refused(why)),
            Read::Unknown(why) => Ok(Read::Unknown(why)),
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
