//! Log lines in the form Terraform merges into its own log.
//!
//! Only the events of the crates that the program names are written: what libraries log may hold headers and bodies,
//! and a host masks nothing.

mod layer;
mod level;

use std::{
    io::{self, Write},
    panic::{self, PanicHookInfo},
};

use time::OffsetDateTime;
use tracing_subscriber::{Registry, layer::SubscriberExt, util::SubscriberInitExt};

use self::layer::HclogLayer;
use super::environment::Environment;

/// Starts writing log lines to standard error, as far as `TF_LOG_PROVIDER` or `TF_LOG` asks for it,
/// and sends panics there too. Events of other crates than `crates` and this one are not written.
///
/// Called a second time in a process it changes nothing.
pub fn init(environment: &Environment, crates: &'static [&'static str]) {
    let level = level::wanted(environment);
    let layer = HclogLayer::new(level, crates, OffsetDateTime::now_utc, write_to_stderr);
    // It fails only if a log is already kept.
    if Registry::default().with(layer).try_init().is_ok() {
        panic::set_hook(Box::new(log_panic));
    }
}

/// Writes a whole line at once, so that lines of several threads do not mix.
fn write_to_stderr(line: &str) {
    // There is nowhere left to report that standard error is closed.
    let _ = io::stderr().lock().write_all(line.as_bytes());
}

/// Logs a panic as an ordinary event. A line that begins with `panic: ` would make the host declare
/// the whole process dead, while only one call failed.
fn log_panic(info: &PanicHookInfo<'_>) {
    let payload = info.payload();
    let message = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(place, "panicked: {message}");
}
