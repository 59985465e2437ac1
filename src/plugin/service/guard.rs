//! Keeps a panic in one call from ending the others.

use std::{any::Any, future::Future, panic::AssertUnwindSafe, time::Instant};

use futures_util::FutureExt;
use tracing::Instrument;

use schema::{Diagnostic, Diagnostics};

/// Makes a call of the protocol method `method`, and logs when it began and how long it took.
///
/// # Errors
///
/// The call panicked: the error is what to tell the person. Without it the host would only see a
/// connection reset.
pub(super) async fn guard<T>(method: &'static str, call: impl Future<Output = T>) -> Result<T, Diagnostics> {
    let guarded = async {
        tracing::debug!("call received");
        let begun = Instant::now();
        // What the call left half done behind a lock is the provider's to judge: locks here recover
        // from poisoning, and the values they hold are replaced as a whole.
        let outcome = AssertUnwindSafe(call).catch_unwind().await;
        let milliseconds = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::debug!(milliseconds, panicked = outcome.is_err(), "call answered");
        outcome.map_err(|panic| diagnostic(method, panic.as_ref()).into())
    };
    guarded.instrument(tracing::info_span!("call", rpc = method)).await
}

fn diagnostic(method: &str, panic: &(dyn Any + Send)) -> Diagnostic {
    let message = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    Diagnostic::error(
        "The provider panicked",
        format!(
            "{method}: the provider panicked ({message}). This is a bug in the provider. {}\
             Please report this with the output of a run with TF_LOG=debug.",
            consequence(method)
        ),
    )
}

/// What the person should know about the state; nothing for calls that no state depends on.
fn consequence(method: &str) -> &'static str {
    match method {
        "ApplyResourceChange" => {
            "The state holds what was known before. \
             If something was being created it may exist all the same: look for it before you apply again. "
        }
        "UpgradeResourceState" | "ReadResource" | "PlanResourceChange" | "ImportResourceState" => {
            "The state holds what was known before. "
        }
        "InvokeAction" => "The action may have taken effect in part. ",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(outcome: Result<(), Diagnostics>, message: &str) {
        let diagnostics = outcome.unwrap_err();
        let diagnostic = diagnostics.iter().next().unwrap();
        assert_eq!(diagnostic.summary, "The provider panicked");
        let begins = format!("ReadResource: the provider panicked ({message})");
        assert!(diagnostic.detail.starts_with(&begins), "{}", diagnostic.detail);
    }

    #[tokio::test]
    async fn a_panic_becomes_a_diagnostic_that_names_the_method() {
        let text = guard("ReadResource", async { panic!("plain") }).await;
        check(text, "plain");
        let formatted = guard("ReadResource", async { panic!("number {}", 7) }).await;
        check(formatted, "number 7");
        let other = guard("ReadResource", async { std::panic::panic_any(7_u8) }).await;
        check(other, "no message");
    }

    #[tokio::test]
    async fn an_answer_passes_through() {
        assert_eq!(guard("ReadResource", async { 7 }).await, Ok(7));
    }
}
