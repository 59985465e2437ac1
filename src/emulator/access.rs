//! Who calls: access keys, the principals behind them, and what is known about a call.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::clock::iso_8601;
use super::http::Call;
use super::identity::user_arn;
use super::policy::{ConditionContext, PolicyText};
use super::stored::{self, Keyed};
use super::table::OwnDocument;
use crypto::Secret;

/// How long the key of a session that is over is still known to have been one, in seconds: a day.
const REMEMBERED: i64 = 24 * 60 * 60;

/// An access key: the secret, and whose it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(PartialEq))]
#[serde(deny_unknown_fields)]
pub struct AccessKey {
    /// What calls name it by.
    pub id: String,
    /// The secret.
    #[serde(with = "stored::secret")]
    pub secret: Secret,
    /// Whose calls it signs.
    pub principal: Principal,
    session: Option<Session>,
    /// Seconds since the epoch; 0 for a key of a seed.
    pub created: i64,
    /// Whether it was switched off.
    pub is_inactive: bool,
}

/// What makes an access key one of a session: it works with its token only, and until it expires.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(PartialEq))]
#[serde(deny_unknown_fields)]
struct Session {
    #[serde(with = "stored::secret")]
    token: Secret,
    /// Seconds since the epoch.
    expires: i64,
}

impl AccessKey {
    /// A key that works until it is taken away.
    pub fn lasting(id: &str, secret: Secret, principal: Principal) -> Self {
        Self { id: id.to_owned(), secret, principal, session: None, created: 0, is_inactive: false }
    }

    /// The key, with the time it was created.
    pub fn created_at(self, now: i64) -> Self {
        Self { created: now, ..self }
    }

    /// A key that works together with `token`, and before `expires` (seconds since the epoch).
    pub fn temporary(id: &str, secret: Secret, principal: Principal, token: Secret, expires: i64) -> Self {
        Self { session: Some(Session { token, expires }), ..Self::lasting(id, secret, principal) }
    }

    /// Whether the key was of a session that is over by `now`.
    fn is_over(&self, now: i64) -> bool {
        self.session.as_ref().is_some_and(|session| session.expires <= now)
    }

    /// When a session is over for so long that its key need not be known any more, in seconds since the epoch. Never
    /// for a key that has no session.
    pub fn forgotten_at(&self) -> i64 {
        self.session.as_ref().map_or(i64::MAX, |session| session.expires.saturating_add(REMEMBERED))
    }
}

impl Keyed for AccessKey {
    type Key = String;

    fn key(&self) -> String {
        self.id.clone()
    }
}

impl OwnDocument for AccessKey {
    const PREFIX: &'static str = "access-key";
}

/// Why the access key a call names cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// There is no such key.
    UnknownKey,
    /// The key is a session's, and the call has no token.
    MissingToken,
    /// The token is not that of the key's session, or the key has no session.
    InvalidToken,
    /// The session is over.
    ExpiredToken,
    /// The key was switched off.
    Inactive,
}

/// Checks the token that a call comes with against the key it names, if there is one.
///
/// # Errors
///
/// [`KeyError`]
pub fn usable(key: Option<AccessKey>, token: Option<&str>, now: i64) -> Result<AccessKey, KeyError> {
    let Some(key) = key else {
        return Err(if token.is_some() { KeyError::InvalidToken } else { KeyError::UnknownKey });
    };
    match (&key.session, token) {
        _ if key.is_inactive => Err(KeyError::Inactive),
        (None, Some(_)) => Err(KeyError::InvalidToken),
        (Some(_), None) => Err(KeyError::MissingToken),
        (Some(session), Some(token)) if session.token != Secret::from(token) => Err(KeyError::InvalidToken),
        (Some(_), Some(_)) if key.is_over(now) => Err(KeyError::ExpiredToken),
        (None, None) | (Some(_), Some(_)) => Ok(key),
    }
}

/// The access keys that are known, by id.
pub type AccessKeys = BTreeMap<String, AccessKey>;

/// An authenticated caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Principal {
    /// The account itself, through one of its own access keys.
    AccountRoot {
        /// The account's id.
        account_id: String,
    },
    /// A RAM user, through an access key of theirs.
    User {
        /// The account's id.
        account_id: String,
        /// The user's name.
        name: String,
    },
    /// A session of a role that was assumed.
    RoleSession {
        /// The account's id.
        account_id: String,
        /// The role's name.
        role: String,
        /// The role's id: a later role of the same name has another id.
        role_id: String,
        /// The session's name.
        session: String,
        /// What the session was narrowed down to.
        policy: Option<PolicyText>,
    },
}

impl Principal {
    /// The caller's name as STS writes it.
    pub fn arn(&self) -> String {
        match self {
            Self::AccountRoot { account_id } => format!("acs:ram::{account_id}:root"),
            Self::User { account_id, name } => user_arn(account_id, name),
            Self::RoleSession { account_id, role, session, .. } => {
                format!("acs:ram::{account_id}:assumed-role/{}/{session}", role.to_lowercase())
            }
        }
    }

    /// The account the caller belongs to.
    pub fn account_id(&self) -> &str {
        match self {
            Self::AccountRoot { account_id }
            | Self::User { account_id, .. }
            | Self::RoleSession { account_id, .. } => account_id,
        }
    }
}

/// What is known about a call that a cloud service makes for the account: it comes over TLS, and from no address
/// of the account's.
pub fn service_condition_context(now: i64) -> ConditionContext {
    ConditionContext::default()
        .with("acs:CurrentTime", iso_8601(now))
        .with("acs:SecureTransport", "true")
        .with("acs:MFAPresent", "false")
}

/// What is known about a call, for the conditions of policies.
pub fn condition_context(call: &Call, now: i64) -> ConditionContext {
    let condition_context = ConditionContext::default()
        .with("acs:CurrentTime", iso_8601(now))
        .with("acs:SecureTransport", call.secure.to_string())
        .with("acs:MFAPresent", "false");
    match call.peer {
        Some(peer) => condition_context.with("acs:SourceIp", peer.to_string()),
        None => condition_context,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn callers_are_named_as_sts_names_them() {
        let account_id = "1234567890123456".to_owned();
        let root = Principal::AccountRoot { account_id: account_id.clone() };
        assert_eq!(root.arn(), "acs:ram::1234567890123456:root");
        let user = Principal::User { account_id: account_id.clone(), name: "alice".to_owned() };
        assert_eq!(user.arn(), "acs:ram::1234567890123456:user/alice");
        let [role, role_id, session] = ["Deployer", "3001", "s1"].map(str::to_owned);
        let session = Principal::RoleSession { account_id, role, role_id, session, policy: None };
        assert_eq!(session.arn(), "acs:ram::1234567890123456:assumed-role/deployer/s1");
    }
}
