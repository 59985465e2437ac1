//! The credentials that a chain holds, and what is known about them.

use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;

use crate::clock::Clock;
use crate::credentials::error::unusable;
use crate::credentials::{Credentials, Fetched, Refresh};
use crate::error::Error;

/// How long before they expire credentials are renewed: longer than any call takes, and a third of the shortest
/// session there is (900 s).
const RENEW_BEFORE: time::Duration = time::Duration::minutes(5);

/// How long renewing rests after it failed, or gave credentials that soon expire too.
pub(super) const RENEW_AGAIN_AFTER: time::Duration = time::Duration::seconds(30);

/// How long credentials that replaced refused ones stay when they are refused too. It bounds how often a service that
/// refuses all of them makes a chain fetch more, and is a third of the shortest session there is.
pub(super) const REPLACED_AFTER: Duration = Duration::from_mins(5);

#[derive(Debug, Default)]
pub(super) struct Cache {
    held: Option<CachedCredentials>,
    /// How many fetches have failed, and the error of the last.
    pub(super) failures: u64,
    pub(super) last_failure: Option<Error>,
}

#[derive(Debug)]
struct CachedCredentials {
    credentials: Arc<Credentials>,
    expiration: Option<OffsetDateTime>,
    /// From when on to renew; `None` is never.
    renew_at: Option<OffsetDateTime>,
    /// Whether a service has said that they have expired.
    is_refused: bool,
    /// Up to when they are not replaced if they are refused, on the scale of [`Clock::monotonic`].
    kept_until: Option<Duration>,
}

/// What there is at a moment.
pub(super) enum CacheState {
    Good(Arc<Credentials>),
    RefreshDue(Arc<Credentials>),
    /// There are none that can be used, and so many fetches had failed.
    None(u64),
}

impl Cache {
    pub(super) fn standing(&self, now: OffsetDateTime) -> CacheState {
        match &self.held {
            Some(held) if held.is_usable(now) => {
                let credentials = Arc::clone(&held.credentials);
                let ageing = held.renew_at.is_some_and(|renew_at| renew_at <= now);
                if ageing { CacheState::RefreshDue(credentials) } else { CacheState::Good(credentials) }
            }
            _ => CacheState::None(self.failures),
        }
    }

    /// Holds what was fetched from here on.
    ///
    /// # Errors
    /// When it is what was held and refused.
    pub(super) fn hold(&mut self, fetched: Fetched, clock: &dyn Clock) -> Result<Arc<Credentials>, Error> {
        let Fetched { credentials, expiration } = fetched;
        let refused = self.held.as_ref().filter(|held| held.is_refused);
        if refused.is_some_and(|held| *held.credentials == credentials) {
            let problem = "a service says that its credentials have expired, and it gives no others";
            return Err(unusable(&credentials.source, problem));
        }
        let kept_until = refused.map(|_| clock.monotonic().saturating_add(REPLACED_AFTER));
        let soonest = clock.now().saturating_add(RENEW_AGAIN_AFTER);
        let renew_at = expiration.map(|expiration| expiration.saturating_sub(RENEW_BEFORE).max(soonest));
        let credentials = Arc::new(credentials);
        let held = Arc::clone(&credentials);
        self.held = Some(CachedCredentials {
            credentials: held,
            expiration,
            renew_at,
            is_refused: false,
            kept_until,
        });
        Ok(credentials)
    }

    /// Puts renewing off. False if what is held cannot be used until then because it was refused.
    pub(super) fn put_off(&mut self, later: OffsetDateTime) -> bool {
        let Some(held) = &mut self.held else { return false };
        held.renew_at = Some(later);
        !held.is_refused
    }

    /// Takes note of a refusal; `now` is on the scale of [`Clock::monotonic`].
    pub(super) fn refuse(&mut self, credentials: &Credentials, now: Duration) -> Refresh {
        match &mut self.held {
            Some(held) if *held.credentials == *credentials => {
                if !held.is_refused && held.kept_until.is_some_and(|until| now < until) {
                    return Refresh::AlreadyTried;
                }
                held.is_refused = true;
                Refresh::Scheduled
            }
            _ => Refresh::Scheduled,
        }
    }

    /// Whether what is held was refused.
    pub(super) fn is_refused(&self) -> bool {
        self.held.as_ref().is_some_and(|held| held.is_refused)
    }
}

impl CachedCredentials {
    fn is_usable(&self, now: OffsetDateTime) -> bool {
        !self.is_refused && self.expiration.is_none_or(|expiration| now < expiration)
    }
}
