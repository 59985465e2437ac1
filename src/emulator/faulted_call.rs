//! Running a call under a fault, in one way for every service.

use std::time::Duration;

use super::error::Error;
use super::faults::{Effect, Fault};
use super::http::{Answer, Reply};
use super::state::State;

/// A call that passed every check, so that it may be carried out.
pub trait EvaluatedCall {
    /// Carries the call out. What the call wrote is submitted when this returns, and durable when it is answered.
    fn run(&self) -> impl Future<Output = Result<Reply, Error>> + Send;

    /// Carries the call out as if the last `writes` writes were not seen yet.
    fn run_stale(&self, writes: usize) -> impl Future<Output = Result<Reply, Error>> + Send;

    /// Answers as [`EvaluatedCall::run`] does, and applies nothing.
    fn run_unapplied(&self) -> impl Future<Output = Result<Reply, Error>> + Send;

    /// The service's own throttling error.
    fn throttled(&self) -> Error;
}

/// Runs a call, under a fault if there is one. An emulator that stops does not wait as a fault demands, and
/// drops the call.
///
/// # Errors
///
/// What the service refuses the call with.
pub async fn run_under_fault<C: EvaluatedCall>(
    call: &C,
    fault: Option<Fault<'_>>,
    state: &State,
) -> Result<Answer, Error> {
    let Some(fault) = fault else { return call.run().await.map(Answer::Reply) };
    let reply = match fault.effect.clone() {
        Effect::Throttle => Err(call.throttled()),
        Effect::Error { status, code, message } => Err(Error::new(status, code, message)),
        Effect::Respond { status, content_type, body } => {
            Ok(Reply::raw(status, &content_type, body.into_bytes()))
        }
        Effect::Ignore => call.run_unapplied().await,
        Effect::Stale { writes, .. } => call.run_stale(writes).await,
        Effect::DropBefore => return Ok(Answer::Drop),
        Effect::Delay { ms } => {
            if !state.wait_or_stop(tokio::time::sleep(Duration::from_millis(ms))).await {
                return Ok(Answer::Drop);
            }
            call.run().await
        }
        Effect::Hold {} => {
            if !state.wait_or_stop(fault.released()).await {
                return Ok(Answer::Drop);
            }
            call.run().await
        }
        Effect::DropAfter => {
            // The outcome goes nowhere: the client gets no answer.
            let _ = call.run().await;
            return Ok(Answer::Drop);
        }
        Effect::HoldAfter => {
            let outcome = call.run().await;
            if !state.wait_or_stop(fault.released()).await {
                return Ok(Answer::Drop);
            }
            outcome
        }
    };
    reply.map(Answer::Reply)
}
