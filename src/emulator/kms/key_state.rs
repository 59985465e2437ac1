//! What keys can be used for, over their lives
//! (<https://www.alibabacloud.com/help/en/kms/key-management-service/user-guide/manage-a-key>).

use super::{KeyState, Keys, error};
use crate::rpc::{Error, Outcome, Request, empty_answer};

/// Days a deletion can be away.
const WINDOW_DAYS: std::ops::RangeInclusive<i64> = 7..=366;
/// Seconds in a day.
const DAY: i64 = 86_400;

/// `EnableKey`
pub fn enable(keys: &mut Keys, request: &Request<'_>) -> Outcome {
    switch(keys, request, KeyState::Enabled)
}

/// `DisableKey`
pub fn disable(keys: &mut Keys, request: &Request<'_>) -> Outcome {
    switch(keys, request, KeyState::Disabled)
}

fn switch(keys: &mut Keys, request: &Request<'_>, to: KeyState) -> Outcome {
    let key = keys.required_mut(request)?;
    match key.state {
        KeyState::Enabled | KeyState::Disabled => key.enter(to, request.now),
        KeyState::PendingDeletion { .. } | KeyState::PendingImport => {
            return Err(error::state_modified_failed());
        }
    }
    empty_answer()
}

/// `ScheduleKeyDeletion`: the key is deleted by the clock alone.
pub fn schedule_deletion(keys: &mut Keys, request: &Request<'_>) -> Outcome {
    request.parameters.required("PendingWindowInDays")?;
    let days = request.parameters.number("PendingWindowInDays")?.unwrap_or_default();
    let key = keys.required_mut(request)?;
    if !WINDOW_DAYS.contains(&days) {
        return Err(error::invalid("PendingWindowInDays"));
    }
    if matches!(key.state, KeyState::PendingDeletion { .. }) {
        return Err(error::state_modified_failed());
    }
    if key.protection.is_some() {
        return Err(error::protected());
    }
    let at = request.now.saturating_add(days * DAY);
    key.enter(KeyState::PendingDeletion { at }, request.now);
    empty_answer()
}

/// `SetDeletionProtection` of the key in `KeyId`, or in `ProtectedResourceArn` as older clients name it.
pub fn set_protection(keys: &mut Keys, request: &Request<'_>) -> Outcome {
    let parameters = request.parameters;
    parameters.required("EnableDeletionProtection")?;
    let is_on = parameters.flag("EnableDeletionProtection")?.unwrap_or_default();
    let description = parameters.get("DeletionProtectionDescription").unwrap_or_default();
    let key = keys.named_mut(protected_key(request)?, request)?;
    if is_on && matches!(key.state, KeyState::PendingDeletion { .. }) {
        return Err(error::state_modified_failed());
    }
    key.protection = is_on.then(|| description.to_owned());
    empty_answer()
}

/// The ARN of the key that [`set_protection`] is about.
pub fn protected_arn(keys: &Keys, request: &Request<'_>) -> Result<String, Error> {
    Ok(keys.named(protected_key(request)?, request)?.arn(request.account_id))
}

fn protected_key<'r>(request: &Request<'r>) -> Result<&'r str, Error> {
    match request.parameters.get("KeyId") {
        Some(id) => Ok(id),
        None => request.parameters.required("ProtectedResourceArn"),
    }
}

/// `CancelKeyDeletion`: the key is enabled after it.
pub fn cancel_deletion(keys: &mut Keys, request: &Request<'_>) -> Outcome {
    let key = keys.required_mut(request)?;
    if !matches!(key.state, KeyState::PendingDeletion { .. }) {
        return Err(error::state_modified_failed());
    }
    key.enter(KeyState::Enabled, request.now);
    empty_answer()
}
