//! Asks sources of credentials in their order, and caches what they return.

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

/// A credential provider that asks sources in their order.
///
/// - It reads no file and sends no request before the first call.
/// - Once a source has returned credentials, the chain uses this source only.
/// - Credentials are renewed five minutes before they expire, by one of the calls that need them. While they are valid,
///   other calls use them without waiting; after that, other calls wait for the renewal.
/// - Credentials that a service has refused as expired are not used any more, if their source can return others (keys
///   that are given cannot be renewed). The next call fetches others, and other calls wait for it. If the source
///   returns the same credentials again, that is an error. If the new ones are refused within five minutes as well,
///   they are kept. A service that refuses all credentials thus causes one fetch in five minutes, however many calls
///   there are.
/// - If a renewal fails, credentials that are still valid stay in use, and the renewal is tried again half a minute
///   later.
/// - All calls that waited for a fetch get its failure. The next call asks the source again, unless the source did not
///   answer in time: then each call would wait as long.
/// - Cancelling a call ends only its own wait. If it was the one that fetched, the next call fetches.
#[derive(Debug)]
pub struct Chain {
    sources: Vec<Arc<dyn CredentialSource>>,
    source_context: SourceContext,
    /// The position of the source that has returned credentials.
    chosen: OnceLock<usize>,
    state: Mutex<Cache>,
    /// Locked by the call that fetches; never while `state` is locked.
    fetching: tokio::sync::Mutex<()>,
}

impl Chain {
    /// A chain that has asked no source yet.
    pub fn new(sources: Vec<Arc<dyn CredentialSource>>, source_context: SourceContext) -> Self {
        Self {
            sources,
            source_context,
            chosen: OnceLock::new(),
            state: Mutex::default(),
            fetching: tokio::sync::Mutex::new(()),
        }
    }

    /// A chain of one source, with credentials that the source has returned.
    pub(super) fn with_cached(
        source: Arc<dyn CredentialSource>,
        fetched: Fetched,
        source_context: SourceContext,
    ) -> Self {
        let chain = Self::new(vec![source], source_context);
        chain.chosen.get_or_init(|| 0);
        // `store` fails only for refused credentials, and there are none yet.
        let _ = chain.state().store(fetched, &*chain.source_context.clock);
        chain
    }

    async fn current(&self, context: &CallContext) -> Result<Arc<Credentials>, Error> {
        match self.cache_state() {
            CacheState::Good(credentials) => Ok(credentials),
            CacheState::RefreshDue(credentials) => match self.fetching.try_lock() {
                Ok(_fetching) => self.renew(credentials, context).await,
                Err(_) => Ok(credentials),
            },
            CacheState::None(failures) => {
                self.fail_if_silent()?;
                let operation = operation("every source");
                let _fetching =
                    self.source_context.bounded(context, &operation, self.fetching.lock()).await?;
                match self.cache_state() {
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
        // Another call may have renewed them meanwhile.
        if let CacheState::Good(renewed) = self.cache_state() {
            return Ok(renewed);
        }
        let error = match self.fetch(context).await {
            Ok(renewed) => return Ok(renewed),
            Err(error) => error,
        };
        if context.is_over(&*self.source_context.clock) {
            return Err(error);
        }
        let is_usable =
            self.state().postpone_renewal(self.source_context.clock.now().saturating_add(RENEW_AGAIN_AFTER));
        if !is_usable {
            self.record_failure(&error);
            return Err(error);
        }
        let reason = error.to_string();
        tracing::warn!(source = credentials.source, reason, "credentials cannot be renewed yet");
        Ok(credentials)
    }

    /// Fetches credentials when there are none that can be used. Other calls wait for the result.
    async fn fetch_for_all(&self, context: &CallContext) -> Result<Arc<Credentials>, Error> {
        let began = self.source_context.clock.monotonic();
        let fetched = self.fetch(context).await;
        if let Err(error) = &fetched {
            let waited = self.source_context.clock.monotonic().saturating_sub(began);
            let is_silence = error.kind() == ErrorKind::Timeout && waited >= SILENT_AFTER;
            // If this call was interrupted, the waiting calls fetch themselves.
            if is_silence || !context.is_over(&*self.source_context.clock) {
                self.record_failure(error);
            }
        }
        fetched
    }

    /// # Errors
    /// The last failure, if the source did not answer in time. It is not asked again.
    fn fail_if_silent(&self) -> Result<(), Error> {
        let state = self.state();
        let silent = state.last_failure.as_ref().filter(|error| error.kind() == ErrorKind::Timeout);
        silent.map_or(Ok(()), |error| {
            let said = error.message().trim_end_matches('.');
            Err(error.clone().with_message(format!("{said}; it is not asked again in this run")))
        })
    }

    /// Fetches credentials and caches them.
    async fn fetch(&self, context: &CallContext) -> Result<Arc<Credentials>, Error> {
        let fetched = self.fetch_keys(context).await?;
        let expiration = fetched.expiration;
        let credentials = self.state().store(fetched, &*self.source_context.clock)?;
        tracing::info!(
            source = credentials.source,
            expiration = expiration.map(|expiration| expiration.to_string()),
            "credentials found"
        );
        Ok(credentials)
    }

    /// Asks the source that has returned credentials before, or else the sources in their order.
    async fn fetch_keys(&self, context: &CallContext) -> Result<Fetched, Error> {
        let first = self.chosen.get().copied().unwrap_or_default();
        let mut asked = Vec::new();
        for (position, source) in self.sources.iter().enumerate().skip(first) {
            let Some(fetched) = source.fetch(&self.source_context, context).await? else {
                tracing::debug!(source = source.describe(), "no credentials there");
                asked.push(source.describe());
                if self.chosen.get().is_some() {
                    break;
                }
                continue;
            };
            fetched.check_expiration(self.source_context.clock.now())?;
            self.chosen.get_or_init(|| position);
            return Ok(fetched);
        }
        Err(nothing_found(&asked))
    }

    /// Whether the source of the cached credentials can return others.
    fn is_renewable(&self) -> bool {
        let source = self.chosen.get().and_then(|position| self.sources.get(*position));
        source.is_some_and(|source| source.is_renewable())
    }

    fn cache_state(&self) -> CacheState {
        self.state().at(self.source_context.clock.now())
    }

    fn record_failure(&self, error: &Error) {
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

    fn on_expired(&self, credentials: &Credentials) -> Refresh {
        if !self.is_renewable() {
            return Refresh::Impossible;
        }
        let mut state = self.state();
        let was_known = state.is_refused();
        let renewal = state.record_refusal(credentials, self.source_context.clock.monotonic());
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
