//! The cached credentials of a chain, and when they are renewed.

use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;

use crate::clock::Clock;
use crate::credentials::error::unusable;
use crate::credentials::{Credentials, Fetched, Refresh};
use crate::error::Error;

/// How long before their expiration credentials are renewed: longer than any call takes, and a third of the shortest
/// session (900 s).
const RENEW_BEFORE: time::Duration = time::Duration::minutes(5);

/// How long the next renewal waits after one that failed, or that returned credentials which soon expire.
pub(super) const RENEW_AGAIN_AFTER: time::Duration = time::Duration::seconds(30);

/// How long credentials that replaced refused ones are kept if they are refused as well. It limits how often a chain
/// fetches if a service refuses all credentials. It is a third of the shortest session.
pub(super) const REPLACED_AFTER: Duration = Duration::from_mins(5);

#[derive(Debug, Default)]
pub(super) struct Cache {
    cached: Option<CachedCredentials>,
    /// How many fetches have failed, and the last error.
    pub(super) failures: u64,
    pub(super) last_failure: Option<Error>,
}

#[derive(Debug)]
struct CachedCredentials {
    credentials: Arc<Credentials>,
    expiration: Option<OffsetDateTime>,
    /// When to renew them; `None` is never.
    renew_at: Option<OffsetDateTime>,
    /// Whether a service has refused them as expired.
    is_refused: bool,
    /// They are not replaced before this time of [`Clock::monotonic`], even if they are refused.
    not_replaced_before: Option<Duration>,
}

/// The state of the cache at a moment.
pub(super) enum CacheState {
    Good(Arc<Credentials>),
    RefreshDue(Arc<Credentials>),
    /// There are no credentials that can be used. The number is how many fetches have failed so far.
    None(u64),
}

impl Cache {
    pub(super) fn at(&self, now: OffsetDateTime) -> CacheState {
        match &self.cached {
            Some(cached) if cached.is_usable(now) => {
                let credentials = Arc::clone(&cached.credentials);
                let is_due = cached.renew_at.is_some_and(|renew_at| renew_at <= now);
                if is_due { CacheState::RefreshDue(credentials) } else { CacheState::Good(credentials) }
            }
            _ => CacheState::None(self.failures),
        }
    }

    /// Stores fetched credentials.
    ///
    /// # Errors
    /// When they equal the refused ones.
    pub(super) fn store(&mut self, fetched: Fetched, clock: &dyn Clock) -> Result<Arc<Credentials>, Error> {
        let Fetched { credentials, expiration } = fetched;
        let refused = self.cached.as_ref().filter(|cached| cached.is_refused);
        if refused.is_some_and(|cached| *cached.credentials == credentials) {
            let problem = "a service says that its credentials have expired, and it gives no others";
            return Err(unusable(&credentials.source, problem));
        }
        let not_replaced_before = refused.map(|_| clock.monotonic().saturating_add(REPLACED_AFTER));
        let soonest = clock.now().saturating_add(RENEW_AGAIN_AFTER);
        let renew_at = expiration.map(|expiration| expiration.saturating_sub(RENEW_BEFORE).max(soonest));
        let credentials = Arc::new(credentials);
        let cached = Arc::clone(&credentials);
        self.cached = Some(CachedCredentials {
            credentials: cached,
            expiration,
            renew_at,
            is_refused: false,
            not_replaced_before,
        });
        Ok(credentials)
    }

    /// Postpones the renewal. False if the cached credentials were refused, so they cannot be used until then.
    pub(super) fn postpone_renewal(&mut self, later: OffsetDateTime) -> bool {
        let Some(cached) = &mut self.cached else { return false };
        cached.renew_at = Some(later);
        !cached.is_refused
    }

    /// Records a refusal; `now` is a time of [`Clock::monotonic`].
    pub(super) fn record_refusal(&mut self, credentials: &Credentials, now: Duration) -> Refresh {
        match &mut self.cached {
            Some(cached) if *cached.credentials == *credentials => {
                if !cached.is_refused && cached.not_replaced_before.is_some_and(|until| now < until) {
                    return Refresh::AlreadyTried;
                }
                cached.is_refused = true;
                Refresh::Scheduled
            }
            _ => Refresh::Scheduled,
        }
    }

    /// Whether the cached credentials were refused.
    pub(super) fn is_refused(&self) -> bool {
        self.cached.as_ref().is_some_and(|cached| cached.is_refused)
    }
}

impl CachedCredentials {
    fn is_usable(&self, now: OffsetDateTime) -> bool {
        !self.is_refused && self.expiration.is_none_or(|expiration| now < expiration)
    }
}
