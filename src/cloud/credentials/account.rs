//! Checks which account the credentials belong to, and whether the provider may make calls for it.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::OnceCell;

use crate::context::CallContext;
use crate::credentials::error::{operation, source_error, unusable};
use crate::credentials::{CredentialProvider, Credentials, Refresh, SourceContext};
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::sts::{CallerIdentity, StsClient};

/// The accounts that calls may be made for.
#[derive(Clone, Debug, Default)]
pub struct AccountRule {
    /// The only accounts that are allowed; if it is empty, every account is.
    pub allowed: BTreeSet<String>,
    /// Accounts that are not allowed.
    pub forbidden: BTreeSet<String>,
}

/// A credential provider that returns credentials only if their account is allowed.
///
/// - If the rule is empty, it returns credentials without a check.
/// - It calls `GetCallerIdentity` when it needs the account for the first time, and never again after an answer,
///   because sources do not change their account. Concurrent calls wait for one `GetCallerIdentity`.
#[derive(Debug)]
pub struct CheckedAccount {
    credentials: Arc<dyn CredentialProvider>,
    sts: StsClient,
    source_context: SourceContext,
    rule: AccountRule,
    identity: OnceCell<CallerIdentity>,
}

impl AccountRule {
    fn is_empty(&self) -> bool {
        self.allowed.is_empty() && self.forbidden.is_empty()
    }

    /// Why calls may not be made for an account; `None` if they may.
    fn problem(&self, account_id: &str) -> Option<String> {
        if self.forbidden.contains(account_id) {
            return Some(format!(
                "they belong to account {account_id}, which forbidden_account_ids of the provider block lists"
            ));
        }
        if self.allowed.is_empty() || self.allowed.contains(account_id) {
            return None;
        }
        let allowed: Vec<&str> = self.allowed.iter().map(String::as_str).collect();
        let allowed = allowed.join(", ");
        Some(format!(
            "they belong to account {account_id}, and allowed_account_ids of the provider block allows only {allowed}"
        ))
    }
}

impl CheckedAccount {
    /// Checks the account of `credentials` before it returns them. It makes no call yet.
    pub fn new(
        credentials: Arc<dyn CredentialProvider>,
        sts: Endpoint,
        rule: AccountRule,
        source_context: SourceContext,
    ) -> Self {
        let sts = source_context.sts(Arc::clone(&credentials), sts);
        Self { credentials, sts, source_context, rule, identity: OnceCell::new() }
    }

    /// The identity that the credentials belong to, whether its account is allowed or not.
    ///
    /// # Errors
    /// The error of fetching credentials or of `GetCallerIdentity`.
    pub async fn identity(&self, context: &CallContext) -> Result<&CallerIdentity, Error> {
        let read = self.identity.get_or_try_init(|| Box::pin(self.sts.get_caller_identity(context)));
        self.source_context.bounded(context, &operation("GetCallerIdentity"), read).await?
    }

    async fn checked(&self, context: &CallContext) -> Result<Arc<Credentials>, Error> {
        let credentials = self.credentials.credentials(context).await?;
        if self.rule.is_empty() {
            return Ok(credentials);
        }
        let source = &credentials.source;
        let identity = self.identity(context).await.map_err(|error| source_error(error, source))?;
        match self.rule.problem(&identity.account_id) {
            Some(problem) => Err(unusable(source, problem)),
            None => Ok(credentials),
        }
    }
}

impl CredentialProvider for CheckedAccount {
    fn credentials<'a>(&'a self, context: &'a CallContext) -> BoxFuture<'a, Result<Arc<Credentials>, Error>> {
        Box::pin(self.checked(context))
    }

    fn on_expired(&self, credentials: &Credentials) -> Refresh {
        self.credentials.on_expired(credentials)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::credentials::StaticCredentials;
    use crate::error::ErrorKind;
    use crate::testing::{ManualClock, Reply, ScriptedHost, ScriptedTransport, scripted_source_context};

    fn checked(
        allowed: &[&str],
        forbidden: &[&str],
        replies: impl IntoIterator<Item = Reply>,
    ) -> (CheckedAccount, Arc<ScriptedTransport>) {
        let transport = Arc::new(ScriptedTransport::new(replies));
        let source_context =
            scripted_source_context(&Arc::new(ScriptedHost::default()), &transport, &ManualClock::new());
        let keys = StaticCredentials::new(Credentials {
            access_key_id: "id".into(),
            access_key_secret: "canary".into(),
            security_token: None,
            source: "the test".into(),
        });
        let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        let rule = AccountRule { allowed: ids(allowed), forbidden: ids(forbidden) };
        (CheckedAccount::new(Arc::new(keys), Endpoint::global_sts(), rule, source_context), transport)
    }

    fn identity() -> Reply {
        let body = json!({"IdentityType": "Account", "AccountId": "222", "Arn": "acs:ram::222:root"});
        Reply::answer(200, &body.to_string())
    }

    #[tokio::test]
    async fn credentials_of_an_allowed_account_are_returned_after_one_call() {
        for (allowed, forbidden, problem) in [
            (&["222"][..], &[][..], None),
            (&["111", "222"], &["333"], None),
            (&[], &["111"], None),
            (
                &["111"],
                &[],
                Some("account 222, and allowed_account_ids of the provider block allows only 111"),
            ),
            (&[], &["222"], Some("account 222, which forbidden_account_ids")),
            (&["222"], &["222"], Some("account 222, which forbidden_account_ids")),
        ] {
            let (checked, transport) = checked(allowed, forbidden, [identity()]);
            for _ in 0..2 {
                match (checked.credentials(&CallContext::default()).await, problem) {
                    (Ok(credentials), None) => assert_eq!(credentials.access_key_id, "id"),
                    (Err(error), Some(problem)) => {
                        assert_eq!(error.kind(), ErrorKind::Unauthenticated);
                        assert!(error.message().contains(problem), "{error}");
                    }
                    (outcome, _) => panic!("{allowed:?} {forbidden:?}: {outcome:?}"),
                }
            }
            assert_eq!(transport.requests().len(), 1, "{allowed:?} {forbidden:?}");
        }
    }

    #[tokio::test]
    async fn an_empty_rule_makes_no_call() {
        let (checked, transport) = checked(&[], &[], []);
        assert!(checked.credentials(&CallContext::default()).await.is_ok());
        assert_eq!(transport.requests().len(), 0);
    }

    #[tokio::test]
    async fn credentials_of_an_unknown_account_are_an_error() {
        let refused = Reply::answer(403, r#"{"Code": "NoPermission", "Message": "no"}"#);
        let (checked, _) = checked(&["222"], &[], [refused, identity()]);
        let error = checked.credentials(&CallContext::default()).await.unwrap_err();
        assert!(error.to_string().contains("the test"), "{error}");
        assert!(checked.credentials(&CallContext::default()).await.is_ok(), "the next call asks again");
    }
}
