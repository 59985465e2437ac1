//! Whether the credentials belong to the account that an object belongs to.

use std::time::Duration;

use super::{errors, session::Session};
use crate::{cloud::CallContext, schema::Diagnostic};

/// How long a phase waits to learn the account that it stores. The next refresh asks again.
const LOOKUP_AT_MOST: Duration = Duration::from_secs(5);

/// Checks that the credentials belong to an account. It is asked before an object is changed, or is believed to be gone:
/// what another account has, or has not, says nothing about the object. `object` begins a sentence: "Role sls-byok".
///
/// # Errors
///
/// The account is another one, or cannot be found out.
pub(super) async fn check(
    session: &Session,
    context: &CallContext,
    object: &str,
    account_id: &str,
) -> Result<(), Diagnostic> {
    let account = session.account()?;
    let identity = account.identity(context).await;
    let identity = identity.map_err(|error| errors::of_call(&unknown_caller(object), &error))?;
    if identity.account_id == account_id {
        return Ok(());
    }
    Err(another_account(object, account_id, &identity.account_id))
}

/// The account of the credentials, to be stored with an object. It is looked up once in a phase; `None` if that fails.
pub(super) async fn to_note(session: &Session, context: &CallContext) -> Option<String> {
    let account = session.held.account_to_note();
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
            "{object} belongs to account {account_id}, and the provider's credentials to account {caller}. What that account has says nothing about the object, so the state was kept and nothing was changed.\n\nUse credentials of account {account_id}. To have those of other accounts refused before anything is read, write into the provider block:\n\n  allowed_account_ids = [\"{account_id}\"]\n\nTo give the object up as it is, take it out of the state, which sends nothing:\n\n  terraform state rm ADDRESS"
        ),
    )
}

/// The error that nobody knows which account an object belongs to that the caller's account has not.
pub(super) async fn unknown_account(session: &Session, context: &CallContext, object: &str) -> Diagnostic {
    let caller = to_note(session, context).await;
    let caller = caller.map_or_else(String::new, |caller| format!(" to account {caller}"));
    Diagnostic::error(
        "Gone, or looked for in the wrong account",
        format!(
            "{object} does not exist, says the service{caller}. The state does not say which account it belongs to, because STS did not answer when that was to be stored. So this may be the wrong account, and the state was kept.\n\nIf the account is the right one, take the object out of the state, which sends nothing:\n\n  terraform state rm ADDRESS"
        ),
    )
}

fn unknown_caller(object: &str) -> String {
    let mut object = object.to_owned();
    if let Some(first) = object.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    format!("Cannot check which account {object} is looked for in")
}
