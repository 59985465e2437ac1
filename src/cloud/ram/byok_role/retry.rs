//! Repeats a write whose answer was lost, as often and with such pauses as the retry policy says.

use std::future::Future;

use super::actual::PAUSES;
use super::bound_role::BoundRole;
use crate::error::{Error, ErrorKind};

/// What a read has shown about a write whose answer was lost.
#[derive(Debug)]
pub(super) enum WriteCheck<T> {
    /// RAM has carried out the write.
    Applied(T),
    /// RAM has not carried out the write.
    NotApplied,
    /// The object exists, and another writer may have created it.
    Unclear,
}

/// The attempts of one write that RAM may have carried out.
#[derive(Debug, Default)]
struct Attempts {
    count: u32,
    last_error: Option<Error>,
}

impl BoundRole<'_> {
    /// Sends a write, and sends it again if its answer is lost. It must be a write that RAM may carry out twice.
    ///
    /// # Errors
    ///
    /// The error of the last attempt, or `Cancelled` if the operation is cancelled during a pause. It says that the
    /// write may have been applied if that is true of any attempt.
    pub(super) async fn retry_idempotent<T, F>(&self, send: impl Fn() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let mut attempts = Attempts::default();
        loop {
            match send().await {
                Err(error) if error.may_have_been_applied() => {
                    self.pause_before_retry(&mut attempts, error).await?;
                }
                Err(error) => return Err(error.with_may_have_been_applied(attempts.last_error.is_some())),
                Ok(value) => return Ok(value),
            }
        }
    }

    /// Sends a write as [`BoundRole::retry_idempotent`] does. If RAM does not know the role or the policy of the write,
    /// which may have been created shortly before, the write is sent again for some seconds.
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
                    if self.sleep(*pause).await.is_err() {
                        return Err(error);
                    }
                }
                (outcome, _) => return outcome,
            }
        }
    }

    /// Sends a write that RAM must not carry out twice. If its answer is lost, `find` reads what it would create, and
    /// the write is sent again only if that does not exist.
    ///
    /// # Errors
    ///
    /// As [`BoundRole::retry_idempotent`]; if the read does not show whether RAM has carried out the write, the error
    /// of the write.
    pub(super) async fn retry_unless_done<T, F, L>(
        &self,
        send: impl Fn() -> F,
        find: impl Fn() -> L,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
        L: Future<Output = Result<WriteCheck<T>, Error>>,
    {
        let mut attempts = Attempts::default();
        loop {
            let error = match (send().await, &attempts.last_error) {
                (Ok(made), _) => return Ok(made),
                (Err(error), _) if error.may_have_been_applied() => error,
                (Err(error), Some(before)) if error.kind() == ErrorKind::AlreadyExists => {
                    return match find().await {
                        Ok(WriteCheck::Applied(made)) => Ok(made),
                        Ok(WriteCheck::Unclear) => Err(error),
                        // Most likely the earlier attempt has created it.
                        Ok(WriteCheck::NotApplied) | Err(_) => {
                            Err(self.context.efforts.add_to(before.clone(), self.clock.monotonic()))
                        }
                    };
                }
                (Err(error), before) => return Err(error.with_may_have_been_applied(before.is_some())),
            };
            let again = self.pause_before_retry(&mut attempts, error.clone()).await;
            if self.context.is_over(self.clock) {
                return Err(again.err().unwrap_or(error));
            }
            match find().await {
                Ok(WriteCheck::Applied(made)) => return Ok(made),
                Ok(WriteCheck::NotApplied) => again?,
                Err(read_error) if read_error.kind() == ErrorKind::Cancelled => {
                    return Err(read_error.with_may_have_been_applied(true));
                }
                Ok(WriteCheck::Unclear) | Err(_) => return Err(again.err().unwrap_or(error)),
            }
        }
    }

    /// Waits before the next attempt.
    async fn pause_before_retry(&self, attempts: &mut Attempts, error: Error) -> Result<(), Error> {
        // The error counts all attempts of the operation.
        attempts.count = error.attempts().max(attempts.count.saturating_add(1));
        let outcome = self.client.pause_before_retry(self.context, attempts.count, &error).await;
        attempts.last_error = Some(error);
        outcome
    }
}

/// Whether RAM does not know the role or the policy of a write.
fn is_unknown(error: &Error) -> bool {
    error.kind() == ErrorKind::NotFound
        && (error.is_code("EntityNotExist.Role") || error.is_code("EntityNotExist.Policy"))
}
