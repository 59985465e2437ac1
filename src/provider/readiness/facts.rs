//! What was read.

use serde_json::json;

use super::Principal;
use crate::cloud::{
    error::{Error, ErrorKind},
    kms::KeyMetadata,
    ram::{PolicyDocument, PolicyId, Role},
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
                _ => Err(error),
            },
        }
    }

    /// What was found, if it was.
    pub(in crate::provider) fn found(&self) -> Option<&T> {
        match self {
            Read::Found(found) => Some(found),
            Read::Absent | Read::Denied(_) | Read::Unknown(_) => None,
        }
    }
}

impl Denied {
    fn of(error: &Error) -> Denied {
        Denied { action: format!("{}:{}", error.service().to_lowercase(), error.action()) }
    }

    /// The action as a permission in words.
    pub(super) fn sentence(&self, what: &str) -> String {
        format!("{what} could not be read: the caller lacks {}.", self.action)
    }

    /// The policy that lets the caller read.
    pub(super) fn fix(&self, resource: &str) -> String {
        let policy = json!({
            "Version": "1",
            "Statement": [{ "Effect": "Allow", "Action": self.action, "Resource": resource }],
        });
        format!("To have this checked, attach a custom policy with this document to the caller: {policy}")
    }
}
