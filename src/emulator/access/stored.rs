//! Access keys as part of a document of the store.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{AccessKey, Principal, Session, SessionPolicy};
use crate::emulator::stored::{StoredSecret, Unreadable};

/// An access key with its id.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredAccessKey {
    id: String,
    secret: StoredSecret,
    principal: StoredPrincipal,
    session: Option<StoredSession>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredSession {
    token: StoredSecret,
    expires: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum StoredPrincipal {
    AccountRoot { account_id: String },
    User { account_id: String, name: String },
    RoleSession { account_id: String, role: String, role_id: String, session: String, policy: Option<String> },
}

impl StoredAccessKey {
    /// The form of a key.
    pub fn of(id: &str, key: &AccessKey) -> Self {
        let AccessKey { secret, principal, session } = key.clone();
        let session = session.map(|Session { token, expires }| {
            let token = StoredSecret(token);
            StoredSession { token, expires }
        });
        let (id, secret) = (id.to_owned(), StoredSecret(secret));
        Self { id, secret, principal: StoredPrincipal::of(principal), session }
    }

    /// The key of a form, with its id.
    ///
    /// # Errors
    ///
    /// [`Unreadable`]
    pub fn into_key(self) -> Result<(String, AccessKey), Unreadable> {
        let Self { id, secret: StoredSecret(secret), principal, session } = self;
        let session =
            session.map(|StoredSession { token: StoredSecret(token), expires }| Session { token, expires });
        Ok((id, AccessKey { secret, principal: principal.into_principal()?, session }))
    }
}

impl StoredPrincipal {
    fn of(principal: Principal) -> Self {
        match principal {
            Principal::AccountRoot { account_id } => Self::AccountRoot { account_id },
            Principal::User { account_id, name } => Self::User { account_id, name },
            Principal::RoleSession { account_id, role, role_id, session, policy } => {
                let policy = policy.map(|policy| policy.text.clone());
                Self::RoleSession { account_id, role, role_id, session, policy }
            }
        }
    }

    fn into_principal(self) -> Result<Principal, Unreadable> {
        Ok(match self {
            Self::AccountRoot { account_id } => Principal::AccountRoot { account_id },
            Self::User { account_id, name } => Principal::User { account_id, name },
            Self::RoleSession { account_id, role, role_id, session, policy } => {
                let policy = policy.map(|text| SessionPolicy::parse(&text)).transpose();
                let policy = policy.map_err(|error| Unreadable::new(error.to_string()))?.map(Arc::new);
                Principal::RoleSession { account_id, role, role_id, session, policy }
            }
        })
    }
}
