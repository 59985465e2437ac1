//! What a thing looked like after a write of which nobody knows what came of it.

use super::describe;
use crate::cloud::{
    error::{Error, ErrorKind},
    sls::{
        LogStore,
        encryption::{ApplyError, Failure},
    },
};

/// No look is the last word as long as the write may be under way.
const MAY_CHANGE: &str = "A call that is still under way may change that.";

/// What was found of a Logstore after a sequence that failed, if it was looked at once more.
pub(super) fn of_log_store(failure: &Failure) -> Option<String> {
    Some(match (failure.last_look.as_ref()?, &failure.last_seen) {
        (Ok(()), Some(seen)) => {
            format!("After that the Logstore was found with {}. {MAY_CHANGE}", found(seen))
        }
        (Ok(()), None) => return None,
        (Err(ApplyError::Call(error)), _) => not_looked_at("Logstore", error),
        (Err(error), _) => format!("After that: {error}."),
    })
}

fn found(seen: &LogStore) -> String {
    match seen.encrypt_conf() {
        Ok(Some(conf)) => describe(&conf),
        Ok(None) => "no encryption configuration".to_owned(),
        Err(error) => format!("an encryption configuration that cannot be read ({error})"),
    }
}

/// What came of looking at a role once more.
pub(super) fn of_role(look: Result<(), &Error>) -> String {
    match look {
        Ok(()) => {
            format!("After that the role was looked at, and the state shows what was found. {MAY_CHANGE}")
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            format!("After that RAM said that there is no such role. {MAY_CHANGE}")
        }
        Err(error) => not_looked_at("role", error),
    }
}

fn not_looked_at(what: &str, error: &Error) -> String {
    format!("Whether it was carried out is not known: the {what} could not be looked at after that. {error}")
}
