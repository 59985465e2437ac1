//! Quotas of calls: how many a second a service admits, so that clients meet throttling as they meet it there.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// A quota of one service, for the whole account.
///
/// A bucket of tokens: `burst` calls may come at once, after that `per_second` in each second. A call that is
/// refused takes nothing. The services do not say how they count; this is a guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// How many calls are admitted in a second; at least 1.
    pub per_second: u32,
    /// How many may come at once after a rest; at least 1.
    pub burst: u32,
}

/// What is left of a quota.
#[derive(Debug)]
struct Bucket {
    quota: Quota,
    /// The moment from which on the bucket is full again.
    full_at: Instant,
}

/// The quotas in force, by service. Without one a service admits everything.
#[derive(Debug, Default)]
pub struct Quotas(Mutex<BTreeMap<String, Bucket>>);

impl Quotas {
    /// Sets the quota of a service, in place of an earlier one; it begins unused.
    pub fn set(&self, service: &str, quota: Quota, now: Instant) {
        self.lock().insert(service.to_owned(), Bucket { quota, full_at: now });
    }

    /// Whether a call is admitted; one that is uses the quota.
    pub fn admits(&self, service: &str, now: Instant) -> bool {
        self.lock().get_mut(service).is_none_or(|bucket| bucket.admits(now))
    }

    /// Forgets every quota.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// The quotas as the control API gives them, each with how many calls it would admit now.
    pub fn to_json(&self, now: Instant) -> Value {
        let quotas = self.lock();
        let quotas = quotas.iter().map(|(service, bucket)| {
            let Quota { per_second, burst } = bucket.quota;
            json!({"service": service, "requests_per_second": per_second, "burst": burst,
                "tokens": bucket.tokens(now)})
        });
        quotas.collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Bucket>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bucket {
    /// Takes one token, if there is one. Each that is taken lets the bucket be full that much later.
    fn admits(&mut self, now: Instant) -> bool {
        let admitted = self.tokens(now) > 0;
        if admitted {
            self.full_at = self.full_at.max(now) + self.token();
        }
        admitted
    }

    /// How many whole tokens there are.
    fn tokens(&self, now: Instant) -> u64 {
        let missing = self.full_at.saturating_duration_since(now);
        let full = self.token() * self.quota.burst.max(1);
        let tokens = full.saturating_sub(missing).as_nanos() / self.token().as_nanos().max(1);
        u64::try_from(tokens).unwrap_or(u64::MAX)
    }

    /// The time in which a token comes.
    fn token(&self) -> Duration {
        Duration::from_secs(1) / self.quota.per_second.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_admitted_and_then_one_call_for_each_token() {
        let (quotas, start) = (Quotas::default(), Instant::now());
        quotas.set("sls", Quota { per_second: 10, burst: 3 }, start);
        let at = |ms: u64| quotas.admits("sls", start + Duration::from_millis(ms));
        let admitted: Vec<bool> = [0, 0, 0, 0, 99, 100, 100, 250, 5000, 5000, 5000, 5000].map(at).to_vec();
        let expected = [true, true, true, false, false, true, false, true, true, true, true, false];
        assert_eq!(admitted, expected);
    }

    #[test]
    fn the_tokens_that_are_shown_are_those_that_are_left() {
        let (quotas, start) = (Quotas::default(), Instant::now());
        quotas.set("sls", Quota { per_second: 10, burst: 3 }, start);
        let shown = |ms: u64| quotas.to_json(start + Duration::from_millis(ms))[0]["tokens"].clone();
        assert_eq!(
            quotas.to_json(start),
            json!([{"service": "sls", "requests_per_second": 10, "burst": 3, "tokens": 3}])
        );
        for left in [2, 1, 0] {
            assert!(quotas.admits("sls", start));
            assert_eq!(shown(0), left);
        }
        assert!(!quotas.admits("sls", start));
        assert_eq!([0, 99, 100, 250, 5000].map(shown), [0, 0, 1, 2, 3]);
    }

    #[test]
    fn in_the_long_run_exactly_the_rate_is_admitted() {
        let (quotas, start) = (Quotas::default(), Instant::now());
        quotas.set("sls", Quota { per_second: 10, burst: 10 }, start);
        let admitted = (0..10_000).filter(|ms| quotas.admits("sls", start + Duration::from_millis(*ms)));
        assert_eq!(admitted.count(), 10 + 99);
    }

    #[test]
    fn services_without_a_quota_admit_everything() {
        let (quotas, now) = (Quotas::default(), Instant::now());
        quotas.set("ram", Quota { per_second: 1, burst: 1 }, now);
        assert!((0..100).all(|_| quotas.admits("sls", now)));
        assert!(quotas.admits("ram", now) && !quotas.admits("ram", now));
        quotas.clear();
        assert!((0..100).all(|_| quotas.admits("ram", now)));
    }
}
