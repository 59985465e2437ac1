//! Who configures encryption.

use std::fmt;

use cloud::{names::RoleName, sts::CallerIdentity};

/// Somebody in an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Principal {
    /// The id of the account.
    pub(crate) account_id: String,
    /// Who it is in the account.
    pub(crate) kind: PrincipalKind,
}

/// Who somebody is in an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PrincipalKind {
    /// The account itself, which may do everything.
    Account,
    /// A RAM user, by its name.
    User(String),
    /// A RAM role, by its name; also a session of it.
    Role(String),
}

/// A text that is not the ARN of a principal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "it must have the form acs:ram::<account id>:user/<name>, acs:ram::<account id>:role/<name> or acs:ram::<account id>:root"
)]
pub(crate) struct NotAPrincipal;

impl Principal {
    /// Reads an ARN. That of a session, `acs:ram::<account id>:assumed-role/<name>/<session>`, stands for the role.
    ///
    /// # Errors
    ///
    /// The text has another form.
    pub(crate) fn parse(arn: &str) -> Result<Principal, NotAPrincipal> {
        let (account_id, who) =
            arn.strip_prefix("acs:ram::").and_then(|rest| rest.split_once(':')).ok_or(NotAPrincipal)?;
        let kind = match who.split_once('/') {
            None if who == "root" => PrincipalKind::Account,
            Some(("user", name)) => PrincipalKind::User(parse_name(name)?),
            Some(("role", name)) => PrincipalKind::Role(parse_name(name)?),
            Some(("assumed-role", session)) => {
                let (role, _) = session.split_once('/').ok_or(NotAPrincipal)?;
                PrincipalKind::Role(parse_name(role)?)
            }
            _ => return Err(NotAPrincipal),
        };
        if account_id.is_empty() || !account_id.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NotAPrincipal);
        }
        Ok(Principal { account_id: account_id.to_owned(), kind })
    }

    /// The caller; `None` if STS names it in a way that no page describes.
    pub(crate) fn of_caller(caller: &CallerIdentity) -> Option<Principal> {
        Principal::parse(&caller.arn).ok()
    }
}

/// The name of a role, or of a user, whose names follow the same rule.
fn parse_name(name: &str) -> Result<String, NotAPrincipal> {
    RoleName::parse(name).map(|name| name.as_str().to_owned()).map_err(|_| NotAPrincipal)
}

impl fmt::Display for Principal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            PrincipalKind::Account => write!(out, "account {}", self.account_id),
            PrincipalKind::User(name) => write!(out, "RAM user {name}"),
            PrincipalKind::Role(name) => write!(out, "role {name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_roles_sessions_and_accounts_are_told_apart() {
        for (arn, kind) in [
            ("acs:ram::1:root", PrincipalKind::Account),
            ("acs:ram::1:user/ci.x", PrincipalKind::User("ci.x".to_owned())),
            ("acs:ram::1:role/Ops", PrincipalKind::Role("Ops".to_owned())),
            ("acs:ram::1:assumed-role/ops/run-7", PrincipalKind::Role("ops".to_owned())),
        ] {
            assert_eq!(Principal::parse(arn), Ok(Principal { account_id: "1".to_owned(), kind }), "{arn}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for arn in [
            "",
            "ci",
            "acs:ram::1:group/ops",
            "acs:ram::1:user/",
            "acs:ram::1:user/a/b",
            "acs:ram::*:user/a",
            "acs:ram:::root",
            "acs:ram::1:assumed-role/ops",
            "acs:kms::1:user/a",
            "acs:ram::1:user/*",
        ] {
            assert_eq!(Principal::parse(arn), Err(NotAPrincipal), "{arn}");
        }
    }
}
