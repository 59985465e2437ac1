//! The name of the account in the addresses of its users.

use serde_json::json;

use super::{error, input};
use crate::identity::Directory;
use crate::rpc::{Outcome, Request, answer, empty_answer};

/// `SetAccountAlias`
pub fn set(directory: &mut Directory, request: &Request<'_>) -> Outcome {
    directory.account_alias = Some(input::account_alias(request.parameters)?.to_owned());
    empty_answer()
}

/// `GetAccountAlias`
pub fn get(directory: &Directory, _: &Request<'_>) -> Outcome {
    let alias = directory.account_alias.as_deref().ok_or_else(error::account_alias_not_exist)?;
    answer(json!({"AccountAlias": alias}))
}

/// `ClearAccountAlias`
pub fn clear(directory: &mut Directory, _: &Request<'_>) -> Outcome {
    directory.account_alias.take().ok_or_else(error::account_alias_not_exist)?;
    empty_answer()
}
