//! Plain lines on stderr: what the emulator's binary logs.

use std::fmt::{self, Write as _};
use std::io::{self, Write as _};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

use super::clock::{Clock, iso_8601};

/// The environment variable that the level can be given in, as the emulator's binary reads it.
pub const LEVEL_VARIABLE: &str = "ALICLOUD_EMULATOR_LOG_LEVEL";

/// The names of the levels, from nothing to every call.
pub const LEVELS: [&str; 5] = ["off", "error", "warn", "info", "debug"];

/// The level without another: what whoever has started the emulator should know, and no calls.
pub const DEFAULT_LEVEL: &str = "info";

/// Sends the emulator's events of a level, one line each, to stderr for the rest of the process:
/// `2026-11-20T08:00:00Z DEBUG answered request_id=5FC458AE54F7D19F960DB515 status=200`. Nothing is sent where `level`
/// is not one of [`LEVELS`].
///
/// Nothing happens when the process already has a subscriber.
pub fn to_stderr(level: &str) {
    let level = level.parse().unwrap_or(LevelFilter::OFF);
    let subscriber = tracing_subscriber::registry().with(PlainText.with_filter(level));
    let _ = tracing::subscriber::set_global_default(subscriber);
}

struct PlainText;

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for PlainText {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let own = ["emulator", "storage"];
        if !event.metadata().target().split("::").next().is_some_and(|room| own.contains(&room)) {
            return;
        }
        let mut line = Line::default();
        event.record(&mut line);
        let time = iso_8601(Clock::system().unix());
        let Line { message, fields } = line;
        // A log that cannot be written must not stop the emulator.
        let _ = writeln!(io::stderr(), "{time} {} {message}{fields}", event.metadata().level());
    }
}

/// A text of a caller or a file as it may stand on a line of a log or a terminal: with Rust's escapes for control and
/// bidirectional characters, line ends, and others that are not printed.
pub fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' | '\'' | '\\' => shown.push(character),
            _ => shown.extend(character.escape_debug()),
        }
    }
    shown
}

/// The parts of a line.
#[derive(Debug, Default)]
struct Line {
    message: String,
    fields: String,
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.message = shown(value);
        } else {
            let _ = write!(self.fields, " {}={}", field.name(), shown(value));
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}
