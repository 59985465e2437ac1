//! What the provider read after a write that may have been applied.

use super::{encrypt_conf::describe, gone::is_gone};
use cloud::{
    error::{Error, ErrorKind},
    sls::{
        LogStore,
        encryption::{ApplyError, ApplyFailure},
    },
};

/// A read shows the final result only if no write is under way any more.
const MAY_CHANGE: &str = "A call that is still under way may change that.";

/// What the final read of a Logstore found after a failed sequence; `None` without a final read.
pub(super) fn of_log_store(failure: &ApplyFailure) -> Option<String> {
    Some(match (failure.final_read.as_ref()?, &failure.last_seen) {
        (Ok(()), Some(seen)) => {
            format!("After that, a read shows the Logstore with {}. {MAY_CHANGE}", found(seen))
        }
        (Ok(()), None) => return None,
        (Err(ApplyError::Call(error)), _) if is_gone(error) => {
            format!("After that the service said: {}", error.message())
        }
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

/// What the final read of a role found.
pub(super) fn of_role(look: Result<(), &Error>) -> String {
    match look {
        Ok(()) => {
            format!("After that, the provider read the role, and the state shows what it found. {MAY_CHANGE}")
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            format!("After that RAM said that there is no such role. {MAY_CHANGE}")
        }
        Err(error) => not_looked_at("role", error),
    }
}

fn not_looked_at(what: &str, error: &Error) -> String {
    format!(
        "It is not known whether it was carried out: the provider could not read the {what} after that. {error}"
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::*;
    use cloud::error::Operation;

    fn operation() -> Operation {
        Operation::new("SLS", "GetLogStore", "audit/app")
    }

    fn cancelled() -> ApplyError {
        Error::new(ErrorKind::Cancelled, &operation(), "the run was interrupted").into()
    }

    fn log_store(conf: Value) -> LogStore {
        let Value::Object(mut fields) = json!({"logstoreName": "app", "createTime": 100}) else { panic!() };
        if !conf.is_null() {
            fields.insert("encrypt_conf".to_owned(), conf);
        }
        LogStore::from_fields(operation(), fields, Duration::ZERO)
    }

    #[track_caller]
    fn check(final_read: Option<Result<(), ApplyError>>, conf: Value, expected: Option<&str>) {
        let last_seen = Some(log_store(conf));
        let failure =
            ApplyFailure { error: cancelled(), written: true, last_seen, final_read, unrestored: Vec::new() };
        assert_eq!(of_log_store(&failure).as_deref(), expected);
    }

    #[test]
    fn what_was_found_of_a_logstore_is_told_as_what_may_change() {
        check(None, Value::Null, None);
        check(
            Some(Ok(())),
            json!({"enable": true, "encrypt_type": "sm4_gcm"}),
            Some(
                "After that, a read shows the Logstore with encryption enabled, encrypt_type \"sm4_gcm\", with the service's key. A call that is still under way may change that.",
            ),
        );
        check(
            Some(Ok(())),
            Value::Null,
            Some(
                "After that, a read shows the Logstore with no encryption configuration. A call that is still under way may change that.",
            ),
        );
    }

    #[test]
    fn a_look_that_found_no_such_logstore_says_so() {
        let code = Some("LogStoreNotExist".to_owned());
        let gone = Error::from_answer(&operation(), 404, code, "logstore app does not exist.");
        check(
            Some(Err(gone.into())),
            Value::Null,
            Some("After that the service said: logstore app does not exist."),
        );
        check(
            Some(Err(ApplyError::Recreated { known: 100, found: 200 })),
            Value::Null,
            Some(
                "After that: the Logstore was created at 200, but the plan was made for the one created at 100.",
            ),
        );
        check(
            Some(Err(Error::new(ErrorKind::Timeout, &operation(), "too late").into())),
            Value::Null,
            Some(
                "It is not known whether it was carried out: the provider could not read the Logstore after that. SLS GetLogStore on audit/app failed: too late (never sent).",
            ),
        );
    }
}
