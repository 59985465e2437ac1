//! What keys can be used for, over their lives
//! (<https://www.alibabacloud.com/help/en/kms/key-management-service/user-guide/manage-a-key>).

use super::{KeyState, Keys, error};
use crate::rpc::{Outcome, Request, empty_answer};

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
    let at = request.now.saturating_add(days * DAY);
    key.enter(KeyState::PendingDeletion { at }, request.now);
    empty_answer()
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
