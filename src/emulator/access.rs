//! Who calls: access keys, the principals behind them, and what a principal may do.

use std::collections::BTreeMap;

use crate::crypto::Secret;

/// An access key: the secret, and whose it is.
#[derive(Clone, Debug)]
pub struct AccessKey {
    /// The secret.
    pub secret: Secret,
    /// Whose calls it signs.
    pub principal: Principal,
}

/// The access keys that are known, by id.
pub type AccessKeys = BTreeMap<String, AccessKey>;

/// An authenticated caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// The account itself, through one of its own access keys.
    AccountRoot {
        /// The account's id.
        account_id: String,
    },
}

impl Principal {
    /// The caller's name as RAM writes it.
    pub fn arn(&self) -> String {
        match self {
            Self::AccountRoot { account_id } => format!("acs:ram::{account_id}:root"),
        }
    }

    /// Whether the caller may perform `action`, for example `log:GetLogStore`. The account's own keys
    /// may do everything.
    pub fn may(&self, action: &str) -> bool {
        match self {
            Self::AccountRoot { .. } => !action.is_empty(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_itself_may_do_everything() {
        let root = Principal::AccountRoot { account_id: "1234567890123456".to_owned() };
        assert_eq!(root.arn(), "acs:ram::1234567890123456:root");
        assert!(root.may("log:DeleteProject"));
    }
}
