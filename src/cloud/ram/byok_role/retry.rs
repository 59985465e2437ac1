//! What follows a write whose answer was tried: another attempt, as often and as long after the one before as the retry
//! policy says.

use std::future::Future;

use super::actual::PAUSES;
use super::bound::BoundRole;
use crate::error::{Error, ErrorKind};

/// What a look for the outcome of a write has found.
#[derive(Debug)]
pub(super) enum WriteCheck<T> {
    /// What the write makes: it was carried out.
    Applied(T),
    /// Nothing of it.
    NotApplied,
    /// Something that the write may not have made.
    Unclear,
}

/// The attempts at one write that may have been carried out.
#[derive(Debug, Default)]
struct Attempts {
    attempts: u32,
    last: Option<Error>,
}

impl BoundRole<'_> {
    /// Sends a write, and again where its answer was tried. It has to be one that does no harm when it is carried out
    /// twice.
    ///
    /// # Errors
    ///
    /// That of the last attempt, or `Cancelled` where that happens in a pause. It tells that the write may have been
    /// carried out if that is so of any attempt.
    pub(super) async fn retry_idempotent<T, F>(&self, send: impl Fn() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let mut tried = Attempts::default();
        loop {
            match send().await {
                Err(error) if error.may_have_been_applied() => self.pause(&mut tried, error).await?,
                Err(error) => return Err(error.with_may_have_been_applied(tried.last.is_some())),
                Ok(value) => return Ok(value),
            }
        }
    }

    /// Sends a write as [`BoundRole::retry_idempotent`] does, and again while RAM does not know the role or the policy that it
    /// is about, for some seconds: either may have been made a moment ago.
    ///
    /// # Errors
    ///
    /// As [`BoundRole::retry_idempotent`].
    pub(super) async fn retry_until_known<T, F>(&self, send: impl Fn() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let mut pauses = PAUSES.iter();
        loop {
            match (self.retry_idempotent(&send).await, pauses.next()) {
                (Err(error), Some(pause)) if is_unknown(&error) => {
                    if self.wait(*pause).await.is_err() {
                        return Err(error);
                    }
                }
                (outcome, _) => return outcome,
            }
        }
    }

    /// Sends a write that must not be carried out twice. Where its answer was tried, `find` looks for what it makes, and
    /// it is sent again only where there is nothing.
    ///
    /// # Errors
    ///
    /// As [`BoundRole::retry_idempotent`]; where it cannot be told whether the write was carried out, its own error.
    pub(super) async fn retry_unless_done<T, F, L>(
        &self,
        send: impl Fn() -> F,
        find: impl Fn() -> L,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
        L: Future<Output = Result<WriteCheck<T>, Error>>,
    {
        let mut tried = Attempts::default();
        loop {
            let error = match (send().await, &tried.last) {
                (Ok(made), _) => return Ok(made),
                (Err(error), _) if error.may_have_been_applied() => error,
                (Err(error), Some(before)) if error.kind() == ErrorKind::AlreadyExists => {
                    return match find().await {
                        Ok(WriteCheck::Applied(made)) => Ok(made),
                        Ok(WriteCheck::Unclear) => Err(error),
                        // Most likely it was made by the attempt before.
                        Ok(WriteCheck::NotApplied) | Err(_) => {
                            Err(self.context.efforts.on(before.clone(), self.clock.monotonic()))
                        }
                    };
                }
                (Err(error), before) => return Err(error.with_may_have_been_applied(before.is_some())),
            };
            let again = self.pause(&mut tried, error.clone()).await;
            if self.context.is_over(self.clock) {
                return Err(again.err().unwrap_or(error));
            }
            match find().await {
                Ok(WriteCheck::Applied(made)) => return Ok(made),
                Ok(WriteCheck::NotApplied) => again?,
                Err(look) if look.kind() == ErrorKind::Cancelled => {
                    return Err(look.with_may_have_been_applied(true));
                }
                Ok(WriteCheck::Unclear) | Err(_) => return Err(again.err().unwrap_or(error)),
            }
        }
    }

    /// Waits before another attempt.
    async fn pause(&self, tried: &mut Attempts, error: Error) -> Result<(), Error> {
        // The error tells of all attempts of the operation.
        tried.attempts = error.attempts().max(tried.attempts.saturating_add(1));
        let outcome = self.client.pause_before_retry(self.context, tried.attempts, &error).await;
        tried.last = Some(error);
        outcome
    }
}

/// Whether RAM does not know the role or the policy of a write.
fn is_unknown(error: &Error) -> bool {
    error.kind() == ErrorKind::NotFound
        && (error.is_code("EntityNotExist.Role") || error.is_code("EntityNotExist.Policy"))
}
