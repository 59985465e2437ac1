//! Events as hclog JSON, the format Terraform's plugin library reads from standard error.

use std::fmt;

use serde_json::{Map, Value};
use time::{OffsetDateTime, format_description::StaticFormatDescription, macros::format_description};
use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    span,
    subscriber::Interest,
};
use tracing_subscriber::{
    Layer,
    layer::Context,
    registry::{LookupSpan, Scope, SpanRef},
};

/// Events of this crate are always written.
const OWN_CRATE: &str = env!("CARGO_CRATE_NAME");

/// Exactly six digits of the second: with fewer or more hosts take the line for plain text.
const TIME: StaticFormatDescription =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");

/// The longest text of one field, in characters. Hosts cut lines of 64 KiB and more in two, and a text
/// can grow sixfold when it is written as JSON.
const MAX_TEXT: usize = 8_000;

/// The longest line, in bytes.
const MAX_LINE: usize = 60_000;

/// Formats events and hands the lines on.
pub(super) struct HclogLayer {
    level: LevelFilter,
    /// Whose events are written, besides this crate's.
    crates: &'static [&'static str],
    now: fn() -> OffsetDateTime,
    write: fn(&str),
}

/// The fields of a span, which every event inside it carries.
struct SpanFields(Map<String, Value>);

impl HclogLayer {
    /// Lines of that level and more urgent ones, with times from `now`, go to `write` one by one, each
    /// with its line end.
    pub(super) fn new(
        level: LevelFilter,
        crates: &'static [&'static str],
        now: fn() -> OffsetDateTime,
        write: fn(&str),
    ) -> HclogLayer {
        HclogLayer { level, crates, now, write }
    }

    fn wants(&self, metadata: &Metadata<'_>) -> bool {
        let source = metadata.target().split("::").next().unwrap_or_default();
        (source == OWN_CRATE || self.crates.contains(&source)) && *metadata.level() <= self.level
    }

    fn line(&self, metadata: &Metadata<'_>, fields: Map<String, Value>) -> String {
        let mut fields = fields;
        let message = fields.remove("message").unwrap_or_else(|| Value::from(""));
        let mut line = Map::from_iter([
            ("@level".to_owned(), Value::from(level_name(*metadata.level()))),
            // A message of another type would crash the host's reader.
            ("@message".to_owned(), Value::from(as_text(message))),
            ("@module".to_owned(), Value::from(metadata.target().replace("::", "."))),
        ]);
        if let Ok(time) = (self.now)().to_offset(time::UtcOffset::UTC).format(TIME) {
            line.insert("@timestamp".to_owned(), Value::from(time));
        }
        let head = line.clone();
        line.extend(fields);
        let whole = Value::Object(line).to_string();
        if whole.len() <= MAX_LINE {
            return whole + "\n";
        }
        let mut head = head;
        head.insert("fields_left_out".to_owned(), Value::from("too long for one line"));
        Value::Object(head).to_string() + "\n"
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for HclogLayer {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.wants(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _context: Context<'_, S>) -> bool {
        self.wants(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level)
    }

    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        span.extensions_mut().insert(SpanFields(fields.0));
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        for span in context.event_scope(event).into_iter().flat_map(Scope::from_root) {
            fields.0.extend(span_fields(&span));
        }
        event.record(&mut fields);
        (self.write)(&self.line(event.metadata(), fields.0));
    }
}

fn span_fields<'a, R: LookupSpan<'a>>(span: &SpanRef<'a, R>) -> Map<String, Value> {
    span.extensions().get::<SpanFields>().map(|fields| fields.0.clone()).unwrap_or_default()
}

fn level_name(level: Level) -> &'static str {
    match level {
        Level::TRACE => "trace",
        Level::DEBUG => "debug",
        Level::INFO => "info",
        Level::WARN => "warn",
        Level::ERROR => "error",
    }
}

fn as_text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

/// Collects the fields of an event or span.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    /// Keeps a field. Names that begin with `@` are the format's own, so the sign is dropped.
    fn keep(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().trim_start_matches('@').to_owned(), value.into());
    }

    fn keep_text(&mut self, field: &Field, text: &str) {
        // Hosts print it to a terminal.
        self.keep(field, text::line_of(text, MAX_TEXT));
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.keep_text(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.keep_text(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.keep(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.keep(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.keep(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.keep(field, value);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use time::macros::datetime;
    use tracing_subscriber::{Registry, layer::SubscriberExt};

    use super::*;

    thread_local! {
        /// Lines logged by the running test; tests run on one thread each.
        static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    }

    fn lines_of(level: LevelFilter, log: impl FnOnce()) -> Vec<String> {
        let layer = HclogLayer::new(
            level,
            &["provider"],
            || datetime!(2026-01-02 03:04:05.1 UTC),
            |line| LINES.with_borrow_mut(|lines| lines.push(line.to_owned())),
        );
        tracing::subscriber::with_default(Registry::default().with(layer), log);
        LINES.take()
    }

    #[track_caller]
    fn only_line(log: impl FnOnce()) -> Value {
        let lines = lines_of(LevelFilter::TRACE, log);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].ends_with('\n') && lines[0].len() < 64 * 1024);
        serde_json::from_str(&lines[0]).unwrap()
    }

    #[test]
    fn a_line_has_the_form_hosts_read() {
        let line = lines_of(LevelFilter::TRACE, || tracing::info!(count = 3, ready = true, "hello"));
        assert_eq!(
            line,
            [concat!(
                r#"{"@level":"info","@message":"hello","@module":"plugin.log.layer.tests","#,
                r#""@timestamp":"2026-01-02T03:04:05.100000Z","count":3,"ready":true}"#,
                "\n"
            )]
        );
    }

    #[test]
    fn events_carry_the_fields_of_their_spans() {
        let line = only_line(|| {
            let outer = tracing::info_span!("call", rpc = "ReadResource", tries = 1).entered();
            let inner = tracing::info_span!("try", tries = 2).entered();
            tracing::warn!("slow");
            drop((inner, outer));
        });
        assert_eq!((&line["rpc"], &line["tries"]), (&"ReadResource".into(), &2.into()));
        assert_eq!(line["@level"], "warn");
    }

    #[test]
    fn fields_cannot_pass_for_those_of_the_format() {
        let line = only_line(|| tracing::error!("@level" = 3, message = 5));
        assert_eq!(line["@level"], "error");
        assert_eq!(line["@message"], "5");
        assert_eq!(line["level"], 3);
    }

    #[test]
    fn less_urgent_events_and_those_of_other_crates_are_left_out() {
        let lines = lines_of(LevelFilter::WARN, || {
            tracing::info!("less urgent");
            tracing::warn!(target: "h2::frame", "another crate");
            tracing::warn!(target: "provider_imposter", "another crate");
            tracing::warn!(target: "provider", "ours");
        });
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].contains("ours"));
    }

    #[test]
    fn lines_stay_short_enough_for_the_host() {
        let long = "\u{1}".repeat(1_000_000);
        let line = only_line(|| tracing::info!(first = long, "short"));
        assert!(line["first"].as_str().unwrap().ends_with('…'));
        let line = only_line(|| tracing::info!(first = long, second = long, "{long}"));
        assert_eq!(line["fields_left_out"], "too long for one line");
        assert!(line["@message"].as_str().unwrap().ends_with('…'));
    }
}
