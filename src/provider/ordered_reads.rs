//! What list resources share: reads of which several are under way at once, results in order, and one warning about
//! what could not be read.

use std::{fmt::Display, pin::pin};

use futures_util::{Stream, StreamExt as _};

use crate::errors;
use cloud::error::Error;
use schema::{
    Diagnostic, Diagnostics, Model,
    list_resource::{ListSink, Listed},
};

/// How many of the objects that could not be read a warning names.
const NAMED: usize = 20;

/// Why an object is not in a list.
pub(super) enum Failure {
    /// The object could not be read; whether it belongs in the list is not known.
    Unreadable {
        /// The object: "Logstore audit:app".
        object: String,
        /// What went wrong, and what to do.
        problem: String,
    },
    /// No further call can succeed.
    Final(Diagnostic),
}

impl Failure {
    /// A failed call about an object; `summary` is that of the error if no further call can succeed.
    pub(super) fn of_call(summary: &'static str, object: impl Display, error: &Error) -> Failure {
        if errors::ends_all_calls(error) {
            return Failure::Final(errors::of_call(summary, object, error));
        }
        Failure::Unreadable { object: object.to_string(), problem: errors::in_words(error) }
    }
}

/// How a list is made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listing {
    /// How many reads are under way at once.
    pub(super) at_once: usize,
    /// The summary of the warning about what could not be read.
    pub(super) warning: &'static str,
}

impl Listing {
    /// Sends what the reads find, in their order. At most `at_once` reads are ahead of what was sent, so that few are
    /// in vain when the host takes no more.
    ///
    /// # Errors
    ///
    /// The first failure after which no call can succeed.
    pub(super) async fn send<M, R>(
        self,
        reads: impl Stream<Item = R> + Send,
        sink: &mut ListSink<'_, M>,
    ) -> Result<(), Diagnostics>
    where
        M: Model,
        R: Future<Output = Result<Option<Listed<M>>, Failure>> + Send,
    {
        let mut outcomes = pin!(reads.buffered(self.at_once.max(1)));
        let mut unreadable = Vec::new();
        while let Some(outcome) = outcomes.next().await {
            match outcome {
                Ok(None) => {}
                Ok(Some(listed)) => {
                    // The host takes nothing after the last object.
                    if sink.remaining() == 1 {
                        self.warn(&unreadable, sink);
                    }
                    sink.send(listed).await;
                }
                Err(Failure::Unreadable { object, problem }) => unreadable.push((object, problem)),
                Err(Failure::Final(problem)) => return Err(problem.into()),
            }
        }
        self.warn(&unreadable, sink);
        Ok(())
    }

    fn warn<M: Model>(self, unreadable: &[(String, String)], sink: &mut ListSink<'_, M>) {
        let Some((first, problem)) = unreadable.first() else { return };
        let lines = errors::first_lines(unreadable.iter().map(|(object, _)| object), NAMED);
        let detail = format!(
            "Some objects could not be read ({}), so it is not known whether they belong in the list:\n\n{lines}\n\n{first}: {problem}",
            unreadable.len()
        );
        let summary = self.warning;
        sink.warn(summary, detail);
    }
}
