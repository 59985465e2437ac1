//! The `timeouts` attribute of resources and data sources.

use std::time::Duration;

use super::duration;
use schema::{Attribute, Field, Nesting, model, validator::ParseWith};

/// How long a read may take if `timeouts.read` does not say: about ten calls with retries.
pub(super) const READ: Duration = Duration::from_mins(2);

/// How long a write may take if `timeouts` does not say: several rounds of calls with retries, and the wait until what
/// was written is seen.
pub(super) const WRITE: Duration = Duration::from_mins(5);

model! {
    /// Time limits, as Go durations.
    pub struct TimeoutsModel {
        /// Of a create.
        pub create: String,
        /// Of a refresh.
        pub read: String,
        /// Of a change.
        pub update: String,
        /// Of a destroy.
        pub delete: String,
    }
}

model! {
    /// The time limit of a data source, as a Go duration.
    pub struct ReadTimeoutModel {
        /// Of a reading.
        pub read: String,
    }
}

/// The attribute. `description` says which limits apply by default, and `limits` what each one limits.
pub(super) fn attribute<const LIMITS: usize>(
    description: &'static str,
    limits: [(&'static str, &'static str); LIMITS],
) -> Attribute {
    let rule = "Must be a duration such as `30s`, `5m` or `1h30m`.";
    let limits = limits.into_iter().map(|(name, description)| {
        Attribute::string(name)
            .optional()
            .validator(ParseWith::new(rule, duration::parse))
            .description(description)
    });
    Attribute::nested("timeouts", Nesting::Single, limits.collect()).optional().description(description)
}

/// The limit of one operation; `default` where none is set.
pub(super) fn limit<M>(timeouts: &Field<M>, of: fn(&M) -> &Field<String>, default: Duration) -> Duration {
    let given = timeouts.known().and_then(|timeouts| of(timeouts).known());
    given.and_then(|text| duration::parse(text).ok()).unwrap_or(default)
}
