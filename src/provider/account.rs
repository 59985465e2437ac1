//! Whether the credentials belong to the account that an object belongs to.

use std::time::Duration;

use super::{errors, session::Session};
use cloud::CallContext;
use schema::Diagnostic;

/// How long a phase waits for STS to name the account that it stores. If STS does not answer, the next refresh asks
/// again: in a network without STS every plan waits this long.
const LOOKUP_AT_MOST: Duration = Duration::from_secs(2);

/// Checks that the credentials belong to an account. Callers check before they change an object, and before they
/// believe that it is gone. `object` begins a sentence: "Role sls-byok".
///
/// # Errors
///
/// The account is another one, or STS does not say which one it is.
pub(super) async fn verify(
    session: &Session,
    context: &CallContext,
    object: &str,
    account_id: &str,
) -> Result<(), Diagnostic> {
    let account = session.account()?;
    match account.identity(context).await {
        Ok(identity) if identity.account_id == account_id => Ok(()),
        Ok(identity) => Err(another_account(object, account_id, &identity.account_id)),
        Err(error) => {
            let summary = "Cannot find out the account of the credentials";
            Err(errors::of_call(summary, object, &error))
        }
    }
}

/// The account of the credentials, to be stored with an object. A phase looks it up once; `None` if that fails.
pub(super) async fn to_record(session: &Session, context: &CallContext) -> Option<String> {
    let account = session.run_state.account_to_store();
    account.get_or_init(|| look_up(session, context)).await.clone()
}

async fn look_up(session: &Session, context: &CallContext) -> Option<String> {
    let (account, client) = (session.account().ok()?, session.ram().ok()?);
    let context = context.clone().with_timeout(client.clock(), LOOKUP_AT_MOST);
    match account.identity(&context).await {
        Ok(identity) => Some(identity.account_id.clone()),
        Err(error) => {
            tracing::warn!(reason = error.to_string(), "the account of the credentials is not known");
            None
        }
    }
}

/// The error that an object belongs to another account than the credentials.
pub(super) fn another_account(object: &str, account_id: &str, caller: &str) -> Diagnostic {
    Diagnostic::error(
        "The credentials belong to another account",
        format!(
            "{object} belongs to account {account_id}. The provider's credentials belong to account {caller}, which cannot tell whether the object exists. The state was kept, and nothing was changed.\n\nUse credentials of account {account_id}. To have those of other accounts refused before anything is read, write into the provider block:\n\n  allowed_account_ids = [\"{account_id}\"]\n\nTo give the object up as it is, take it out of the state, which sends nothing:\n\n  terraform state rm ADDRESS"
        ),
    )
}

/// The error that an object is not found, and that the state does not say which account it belongs to.
pub(super) async fn unknown_account(session: &Session, context: &CallContext, object: &str) -> Diagnostic {
    let caller = to_record(session, context).await;
    let caller = caller.map_or_else(String::new, |caller| format!(" in account {caller}"));
    Diagnostic::error(
        "Gone, or looked for in the wrong account",
        format!(
            "{object}: the service says that it does not exist{caller}. The state does not hold the account that it belongs to, because STS did not name it when the provider asked. This may be the wrong account, so the state was kept.\n\nIf the account is the right one, take the object out of the state, which sends nothing:\n\n  terraform state rm ADDRESS"
        ),
    )
}
