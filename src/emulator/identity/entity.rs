//! Users, groups and roles.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::names::{folded, new_id};
use crate::policy::PolicyText;
use crate::stored::Keyed;
use crate::table::OwnDocument;

/// How long a session may be where a role does not say, in seconds
/// (<https://www.alibabacloud.com/help/en/ram/developer-reference/api-ram-2015-05-01-createrole>).
pub const DEFAULT_SESSION_DURATION: i64 = 3_600;

/// A user.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(PartialEq))]
#[serde(deny_unknown_fields)]
pub struct User {
    /// As given; names that differ only in case are the same.
    pub name: String,
    /// Digits.
    pub id: String,
    /// What people read; empty unless one is given.
    pub display_name: String,
    /// Free text.
    pub comments: String,
    /// An address, unchecked.
    pub email: String,
    /// A number, unchecked.
    pub mobile_phone: String,
    /// Whether and how they sign in to the console.
    pub login_profile: Option<LoginProfile>,
    /// Seconds since the epoch.
    pub created: i64,
    /// Seconds since the epoch.
    pub updated: i64,
}

/// How a user signs in to the console. There is none here, so that the password is not kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(PartialEq))]
#[serde(deny_unknown_fields)]
pub struct LoginProfile {
    /// Whether they have to set another password at the next sign-in.
    pub password_reset_required: bool,
    /// Whether they have to bind an MFA device at the next sign-in.
    pub mfa_bind_required: bool,
    /// Seconds since the epoch.
    pub created: i64,
}

impl User {
    /// A user with nothing but a name.
    pub fn new(name: &str, now: i64) -> Self {
        Self {
            name: name.to_owned(),
            id: new_id('2'),
            display_name: String::new(),
            comments: String::new(),
            email: String::new(),
            mobile_phone: String::new(),
            login_profile: None,
            created: now,
            updated: now,
        }
    }
}

/// A group.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(PartialEq))]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// As given.
    pub name: String,
    /// Free text.
    pub comments: String,
    /// The folded names of its users.
    pub members: BTreeSet<String>,
    /// Seconds since the epoch.
    pub created: i64,
    /// Seconds since the epoch.
    pub updated: i64,
}

impl Group {
    /// A group without members.
    pub fn new(name: &str, now: i64) -> Self {
        let (name, comments) = (name.to_owned(), String::new());
        Self { name, comments, members: BTreeSet::new(), created: now, updated: now }
    }
}

/// A role.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(PartialEq))]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// As given; names that differ only in case are the same.
    pub name: String,
    /// Digits.
    pub id: String,
    /// Free text.
    pub description: String,
    /// Who may assume it.
    #[serde(deserialize_with = "PolicyText::deserialize_trust")]
    pub trust: PolicyText,
    /// Seconds.
    pub max_session_duration: i64,
    /// Whether people may switch to it in the console.
    pub allow_console_login: bool,
    /// Whether it is a cloud service's own role in the account.
    pub is_service_linked: bool,
    /// By key.
    pub tags: BTreeMap<String, String>,
    /// Seconds since the epoch.
    pub created: i64,
    /// Seconds since the epoch.
    pub updated: i64,
}

impl Role {
    /// A role with nothing but a name and a trust policy. That people may switch to it is a guess: no source has
    /// the default.
    pub fn new(name: &str, trust: PolicyText, now: i64) -> Self {
        Self {
            name: name.to_owned(),
            id: new_id('3'),
            description: String::new(),
            trust,
            max_session_duration: DEFAULT_SESSION_DURATION,
            allow_console_login: true,
            is_service_linked: false,
            tags: BTreeMap::new(),
            created: now,
            updated: now,
        }
    }
}

impl Keyed for User {
    type Key = String;

    fn key(&self) -> String {
        folded(&self.name)
    }
}

impl Keyed for Group {
    type Key = String;

    fn key(&self) -> String {
        folded(&self.name)
    }
}

impl Keyed for Role {
    type Key = String;

    fn key(&self) -> String {
        folded(&self.name)
    }
}

impl OwnDocument for User {
    const PREFIX: &'static str = "user";
}

impl OwnDocument for Group {
    const PREFIX: &'static str = "group";
}

impl OwnDocument for Role {
    const PREFIX: &'static str = "role";
}
