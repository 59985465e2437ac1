//! Statistics of the calls of a process, by service and action.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::error::Operation;

/// Counts calls, and logs the totals when it is dropped.
#[derive(Debug, Default)]
pub(crate) struct CallStats(Mutex<BTreeMap<(&'static str, &'static str), ActionStats>>);

/// The calls of one action.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct ActionStats {
    calls: u32,
    failed: u32,
    attempts: u32,
    elapsed: Duration,
}

impl CallStats {
    /// Counts one call that has ended.
    pub(crate) fn record(&self, operation: &Operation, attempts: u32, elapsed: Duration, failed: bool) {
        let mut totals = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let total = totals.entry((operation.service, operation.action)).or_default();
        total.calls = total.calls.saturating_add(1);
        total.failed = total.failed.saturating_add(failed.into());
        total.attempts = total.attempts.saturating_add(attempts);
        total.elapsed = total.elapsed.saturating_add(elapsed);
    }
}

/// `SLS GetLogStore: 2 calls, 3 attempts, 0 failed, 41 ms; ...`, sorted by service and action; empty without calls.
impl fmt::Display for CallStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let totals = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (position, ((service, action), total)) in totals.iter().enumerate() {
            let ActionStats { calls, failed, attempts, elapsed } = total;
            f.write_str(if position == 0 { "" } else { "; " })?;
            let ms = elapsed.as_millis();
            write!(f, "{service} {action}: {calls} calls, {attempts} attempts, {failed} failed, {ms} ms")?;
        }
        Ok(())
    }
}

impl Drop for CallStats {
    fn drop(&mut self) {
        let totals = self.to_string();
        if !totals.is_empty() {
            tracing::debug!(totals, "calls in all");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_added_up_by_service_and_action() {
        let totals = CallStats::default();
        assert_eq!(totals.to_string(), "");
        let ms = Duration::from_millis;
        totals.record(&Operation::new("SLS", "UpdateLogStore", "p/l"), 1, ms(20), false);
        totals.record(&Operation::new("SLS", "GetLogStore", "p/l"), 1, ms(10), false);
        totals.record(&Operation::new("SLS", "GetLogStore", "p/m"), 3, ms(30), true);
        totals.record(&Operation::new("RAM", "GetRole", "r"), 1, ms(5), false);
        assert_eq!(
            totals.to_string(),
            "RAM GetRole: 1 calls, 1 attempts, 0 failed, 5 ms; SLS GetLogStore: 2 calls, 4 attempts, 1 failed, \
             40 ms; SLS UpdateLogStore: 1 calls, 1 attempts, 0 failed, 20 ms"
        );
    }
}
