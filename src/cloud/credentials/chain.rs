//! Sources in their order, and the credentials they gave.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use time::OffsetDateTime;

use crate::cloud::context::CallContext;
use crate::cloud::credentials::error::{operation, unusable};
use crate::cloud::credentials::source::Fetched;
use crate::cloud::credentials::{CredentialProvider, Credentials, Means, RoleToAssume, Source};
use crate::cloud::error::Error;

/// Which sources are asked.
#[derive(Clone, Debug, Default)]
pub struct ChainConfig {
    /// The sources, in the order they are asked. One that is absent passes on to the next; one that is there and
    /// cannot be used is an error.
    pub sources: Vec<Source>,
    /// A role to assume with what they give.
    pub assume_role: Option<RoleToAssume>,
}

/// A provider of credentials that asks sources in their order.
///
/// - Nothing is read or dialled before the first call.
/// - The source that gave credentials is kept to; the others are not asked again.
/// - Credentials that expire are renewed five minutes before, by one of the callers that ask. While
///   they are still valid, others get them without waiting; once they are not, others wait for that one.
/// - Where renewing fails, credentials that are still valid are used on, and renewing is tried again
///   half a minute later.
/// - A failure is shared by those who waited for it, and forgotten then: the next call asks again.
/// - Cancellation of a caller ends its own waiting; if it was the one who asked, the next takes over.
#[derive(Debug)]
pub struct Chain {
    config: ChainConfig,
    means: Means,
    /// The position of the source that gave credentials.
    chosen: OnceLock<usize>,
    state: Mutex<State>,
    /// Held by the one who fetches; never while `state` is.
    fetching: tokio::sync::Mutex<()>,
}

/// How long before they expire credentials are renewed: longer than any call takes, and a third of the shortest
/// session there is (900 s).
const RENEW_BEFORE: Duration = Duration::from_mins(5);

/// How long renewing rests after it failed, or gave credentials that soon expire too.
const RENEW_AGAIN_AFTER: Duration = Duration::from_secs(30);

#[derive(Debug, Default)]
struct State {
    held: Option<Held>,
    /// How many fetches have failed, and the error of the last.
    failures: u64,
    last_failure: Option<Error>,
}

#[derive(Clone, Debug)]
struct Held {
    credentials: Arc<Credentials>,
    expiration: Option<OffsetDateTime>,
    /// From when on to renew; `None` is never.
    renew_at: Option<OffsetDateTime>,
}

/// What there is at a moment.
enum Standing {
    Good(Arc<Credentials>),
    Ageing(Arc<Credentials>),
    /// There are none, and so many fetches had failed.
    None(u64),
}

impl Chain {
    /// A chain that has asked nobody yet.
    pub fn new(config: ChainConfig, means: Means) -> Self {
        Self {
            config,
            means,
            chosen: OnceLock::new(),
            state: Mutex::default(),
            fetching: tokio::sync::Mutex::new(()),
        }
    }

    async fn current(&self, context: &CallContext) -> Result<Arc<Credentials>, Error> {
        match self.standing() {
            Standing::Good(credentials) => Ok(credentials),
            Standing::Ageing(credentials) => match self.fetching.try_lock() {
                Ok(_fetching) => self.renew(credentials, context).await,
                Err(_) => Ok(credentials),
            },
            Standing::None(failures) => {
                let operation = operation("every source");
                let _fetching = self.means.within(context, &operation, self.fetching.lock()).await?;
                match self.standing() {
                    Standing::Good(credentials) | Standing::Ageing(credentials) => Ok(credentials),
                    Standing::None(now) if now != failures => Err(self.last_failure()),
                    Standing::None(_) => self.fetch_and_hold(context).await,
                }
            }
        }
    }

    /// Renews credentials that are still valid.
    async fn renew(
        &self,
        credentials: Arc<Credentials>,
        context: &CallContext,
    ) -> Result<Arc<Credentials>, Error> {
        // Somebody may have done it since.
        if let Standing::Good(renewed) = self.standing() {
            return Ok(renewed);
        }
        match self.fetch(context).await {
            Ok(fetched) => Ok(self.hold(fetched)),
            Err(error) if context.is_over(&*self.means.clock) => Err(error),
            Err(error) => {
                tracing::warn!(
                    source = credentials.source,
                    reason = error.to_string(),
                    "credentials cannot be renewed yet"
                );
                let later = self.means.clock.now() + RENEW_AGAIN_AFTER;
                if let Some(held) = &mut self.state().held {
                    held.renew_at = Some(later);
                }
                Ok(credentials)
            }
        }
    }

    async fn fetch_and_hold(&self, context: &CallContext) -> Result<Arc<Credentials>, Error> {
        match self.fetch(context).await {
            Ok(fetched) => Ok(self.hold(fetched)),
            Err(error) => {
                // An interruption is the caller's own; those who wait go on.
                if !context.is_over(&*self.means.clock) {
                    let mut state = self.state();
                    state.failures += 1;
                    state.last_failure = Some(error.clone());
                }
                Err(error)
            }
        }
    }

    /// Asks the source that is kept to, or the sources in their order.
    async fn fetch(&self, context: &CallContext) -> Result<Fetched, Error> {
        let first = self.chosen.get().copied().unwrap_or_default();
        let mut asked = Vec::new();
        for (position, source) in self.config.sources.iter().enumerate().skip(first) {
            let Some(fetched) = source.fetch(&self.means, context).await? else {
                tracing::debug!(source = source.describe(), "no credentials there");
                asked.push(source.describe());
                if self.chosen.get().is_some() {
                    break;
                }
                continue;
            };
            self.check_expiration(&fetched)?;
            let fetched = match &self.config.assume_role {
                Some(role) => role.assume(fetched, &self.means, context).await?,
                None => fetched,
            };
            self.check_expiration(&fetched)?;
            self.chosen.get_or_init(|| position);
            return Ok(fetched);
        }
        Err(nothing_found(&asked))
    }

    fn check_expiration(&self, fetched: &Fetched) -> Result<(), Error> {
        match fetched.expiration {
            Some(expiration) if expiration <= self.means.clock.now() => {
                let problem = format!("its credentials expired at {expiration}");
                Err(unusable(&fetched.credentials.source, problem))
            }
            _ => Ok(()),
        }
    }

    fn hold(&self, fetched: Fetched) -> Arc<Credentials> {
        let Fetched { credentials, expiration } = fetched;
        tracing::info!(
            source = credentials.source,
            expiration = expiration.map(|expiration| expiration.to_string()),
            "credentials found"
        );
        let soonest = self.means.clock.now() + RENEW_AGAIN_AFTER;
        let renew_at = expiration.map(|expiration| (expiration - RENEW_BEFORE).max(soonest));
        let credentials = Arc::new(credentials);
        self.state().held = Some(Held { credentials: Arc::clone(&credentials), expiration, renew_at });
        credentials
    }

    fn standing(&self) -> Standing {
        let now = self.means.clock.now();
        let state = self.state();
        match &state.held {
            Some(held) if held.expiration.is_none_or(|expiration| now < expiration) => {
                let credentials = Arc::clone(&held.credentials);
                let ageing = held.renew_at.is_some_and(|renew_at| renew_at <= now);
                if ageing { Standing::Ageing(credentials) } else { Standing::Good(credentials) }
            }
            _ => Standing::None(state.failures),
        }
    }

    fn last_failure(&self) -> Error {
        self.state().last_failure.clone().unwrap_or_else(|| nothing_found(&[]))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CredentialProvider for Chain {
    fn credentials<'a>(&'a self, context: &'a CallContext) -> BoxFuture<'a, Result<Arc<Credentials>, Error>> {
        Box::pin(self.current(context))
    }
}

fn nothing_found(asked: &[String]) -> Error {
    unusable("every source", format!("there are none; asked in this order: {}", asked.join("; ")))
}

#[cfg(test)]
mod tests;
