//! Sources in their order, and the credentials they gave.

mod cache;

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use futures_util::future::BoxFuture;

use crate::context::CallContext;
use crate::credentials::error::{operation, unusable};
use crate::credentials::{
    CredentialProvider, CredentialSource, Credentials, Fetched, Refresh, SourceContext,
};
use crate::dispatcher::SILENT_AFTER;
use crate::error::{Error, ErrorKind};
use cache::{Cache, CacheState, RENEW_AGAIN_AFTER};

/// A provider of credentials that asks sources in their order.
///
/// - Nothing is read or dialled before the first call.
/// - The source that gave credentials is kept to; the others are not asked again.
/// - Credentials that expire are renewed five minutes before, by one of the callers that ask. While
///   they are still valid, others get them without waiting; once they are not, others wait for that one.
/// - Credentials that a service says have expired are not used any more, if their source can give others: keys that
///   are given cannot. They are fetched by one of the callers that ask next, and others wait for that one. A source
///   that gives the same again cannot be used. If the new ones are refused within five minutes too, they are kept: a
///   service that refuses all of them causes one fetch in that time, however many calls there are.
/// - Where renewing fails, credentials that are still valid are used on, and renewing is tried again
///   half a minute later.
/// - A failure is shared by those who waited for it, and forgotten then: the next call asks again. A source that did not
///   answer in time is not asked again: each call would wait as long.
/// - Cancellation of a caller ends its own waiting; if it was the one who asked, the next takes over.
#[derive(Debug)]
pub struct Chain {
    sources: Vec<Arc<dyn CredentialSource>>,
    means: SourceContext,
    /// The position of the source that gave credentials.
    chosen: OnceLock<usize>,
    state: Mutex<Cache>,
    /// Held by the one who fetches; never while `state` is.
    fetching: tokio::sync::Mutex<()>,
}

impl Chain {
    /// A chain that has asked nobody yet.
    pub fn new(sources: Vec<Arc<dyn CredentialSource>>, means: SourceContext) -> Self {
        Self {
            sources,
            means,
            chosen: OnceLock::new(),
            state: Mutex::default(),
            fetching: tokio::sync::Mutex::new(()),
        }
    }

    /// A chain of one source, with what that has given.
    pub(super) fn holding(source: Arc<dyn CredentialSource>, fetched: Fetched, means: SourceContext) -> Self {
        let chain = Self::new(vec![source], means);
        chain.chosen.get_or_init(|| 0);
        // Nothing was refused that this could be.
        let _ = chain.state().hold(fetched, &*chain.means.clock);
        chain
    }

    async fn current(&self, context: &CallContext) -> Result<Arc<Credentials>, Error> {
        match self.standing() {
            CacheState::Good(credentials) => Ok(credentials),
            CacheState::RefreshDue(credentials) => match self.fetching.try_lock() {
                Ok(_fetching) => self.renew(credentials, context).await,
                Err(_) => Ok(credentials),
            },
            CacheState::None(failures) => {
                self.expect_answer()?;
                let operation = operation("every source");
                let _fetching = self.means.within(context, &operation, self.fetching.lock()).await?;
                match self.standing() {
                    CacheState::Good(credentials) | CacheState::RefreshDue(credentials) => Ok(credentials),
                    CacheState::None(now) if now != failures => Err(self.last_failure()),
                    CacheState::None(_) => self.fetch_for_all(context).await,
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
        if let CacheState::Good(renewed) = self.standing() {
            return Ok(renewed);
        }
        let error = match self.fetch(context).await {
            Ok(renewed) => return Ok(renewed),
            Err(error) => error,
        };
        if context.is_over(&*self.means.clock) {
            return Err(error);
        }
        let is_usable = self.state().put_off(self.means.clock.now().saturating_add(RENEW_AGAIN_AFTER));
        if !is_usable {
            self.note_failure(&error);
            return Err(error);
        }
        let reason = error.to_string();
        tracing::warn!(source = credentials.source, reason, "credentials cannot be renewed yet");
        Ok(credentials)
    }

    /// Fetches credentials where there are none that can be used.
    async fn fetch_for_all(&self, context: &CallContext) -> Result<Arc<Credentials>, Error> {
        let began = self.means.clock.monotonic();
        let fetched = self.fetch(context).await;
        if let Err(error) = &fetched {
            let waited = self.means.clock.monotonic().saturating_sub(began);
            let is_silence = error.kind() == ErrorKind::Timeout && waited >= SILENT_AFTER;
            // An interruption is the caller's own; those who wait go on.
            if is_silence || !context.is_over(&*self.means.clock) {
                self.note_failure(error);
            }
        }
        fetched
    }

    /// # Errors
    /// The last failure, if the source has not answered: it is not asked again.
    fn expect_answer(&self) -> Result<(), Error> {
        let state = self.state();
        let silent = state.last_failure.as_ref().filter(|error| error.kind() == ErrorKind::Timeout);
        silent.map_or(Ok(()), |error| {
            let said = error.message().trim_end_matches('.');
            Err(error.clone().with_message(format!("{said}; it is not asked again in this run")))
        })
    }

    /// Fetches credentials and holds them from here on.
    async fn fetch(&self, context: &CallContext) -> Result<Arc<Credentials>, Error> {
        let fetched = self.ask(context).await?;
        let expiration = fetched.expiration;
        let credentials = self.state().hold(fetched, &*self.means.clock)?;
        tracing::info!(
            source = credentials.source,
            expiration = expiration.map(|expiration| expiration.to_string()),
            "credentials found"
        );
        Ok(credentials)
    }

    /// Asks the source that is kept to, or the sources in their order.
    async fn ask(&self, context: &CallContext) -> Result<Fetched, Error> {
        let first = self.chosen.get().copied().unwrap_or_default();
        let mut asked = Vec::new();
        for (position, source) in self.sources.iter().enumerate().skip(first) {
            let Some(fetched) = source.fetch(&self.means, context).await? else {
                tracing::debug!(source = source.describe(), "no credentials there");
                asked.push(source.describe());
                if self.chosen.get().is_some() {
                    break;
                }
                continue;
            };
            fetched.check_expiration(self.means.clock.now())?;
            self.chosen.get_or_init(|| position);
            return Ok(fetched);
        }
        Err(nothing_found(&asked))
    }

    /// Whether others can follow the credentials that are held.
    fn is_renewable(&self) -> bool {
        let source = self.chosen.get().and_then(|position| self.sources.get(*position));
        source.is_some_and(|source| source.is_renewable())
    }

    fn standing(&self) -> CacheState {
        self.state().standing(self.means.clock.now())
    }

    fn note_failure(&self, error: &Error) {
        let mut state = self.state();
        state.failures = state.failures.wrapping_add(1);
        state.last_failure = Some(error.clone());
    }

    fn last_failure(&self) -> Error {
        self.state().last_failure.clone().unwrap_or_else(|| nothing_found(&[]))
    }

    fn state(&self) -> MutexGuard<'_, Cache> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl CredentialProvider for Chain {
    fn credentials<'a>(&'a self, context: &'a CallContext) -> BoxFuture<'a, Result<Arc<Credentials>, Error>> {
        Box::pin(self.current(context))
    }

    fn refused(&self, credentials: &Credentials) -> Refresh {
        if !self.is_renewable() {
            return Refresh::Impossible;
        }
        let mut state = self.state();
        let was_known = state.is_refused();
        let renewal = state.refuse(credentials, self.means.clock.monotonic());
        let is_news = state.is_refused() && !was_known;
        drop(state);
        if is_news {
            tracing::info!(source = credentials.source, "a service says that credentials have expired");
        }
        renewal
    }
}

fn nothing_found(asked: &[String]) -> Error {
    if asked.is_empty() {
        return unusable("every source", "no source of credentials is configured");
    }
    unusable("every source", format!("there are none; asked in this order: {}", asked.join("; ")))
}

#[cfg(test)]
mod tests;
