//! The list resource of the provider under test, of `own_thing`, whose `mode` says how the listing goes.

use std::{
    collections::BTreeMap,
    future,
    sync::{Arc, atomic::Ordering},
};

use schema::{
    Attribute, Diagnostic, Diagnostics, Field, ListResource, Number, Path, Schema, Value,
    list_resource::{List, ListSink, Listed},
    model, msgpack,
    resource::Context,
};

use crate::{
    client::pb::tfplugin6::DynamicValue,
    thing::{PANICS, TYPE_NAME, ThingModel, WAITS, Watch},
};

/// Fails after two things, at `mode`.
pub const FAILS: &str = "fails";

/// Warns before, between and after three things.
pub const WARNS: &str = "warns";

/// Lists without an end.
pub const ENDLESS: &str = "endless";

/// Lists one thing, and then one whose identity has a null.
pub const NAMELESS: &str = "nameless";

/// Lists one thing without its attributes.
pub const BARE: &str = "bare";

/// Lists one thing with an attribute that is not known.
pub const VAGUE: &str = "vague";

model! {
    /// The `config` block.
    pub struct ListingModel {
        /// How the listing goes.
        pub mode: String,
        /// How many things there are.
        pub count: Number,
    }
}

#[derive(Debug)]
pub struct Listing(pub Arc<Watch>);

impl ListResource for Listing {
    type Config = ListingModel;
    type Resource = ThingModel;

    fn type_name(&self) -> &'static str {
        TYPE_NAME
    }

    fn schema(&self) -> Schema {
        Schema {
            attributes: vec![
                Attribute::string("mode").required(),
                Attribute::number("count").default_value(Value::Number(3_i64.into())),
            ],
            ..Schema::default()
        }
    }

    fn validate(&self, config: &ListingModel) -> Diagnostics {
        assert!(config.mode != Field::from(PANICS), "asked to panic");
        if config.mode == Field::from("") {
            return Diagnostic::error("Empty", "mode is empty").at(Path::of("mode")).into();
        }
        Diagnostics::new()
    }

    async fn list(
        &self,
        _context: &Context,
        request: List<ListingModel>,
        sink: &mut ListSink<'_, ThingModel>,
    ) -> Result<(), Diagnostics> {
        let _ends = Ends(self.0.clone());
        let mode = request.config.mode.known().cloned().unwrap_or_default();
        let count: usize = match mode.as_str() {
            PANICS | FAILS => 2,
            NAMELESS | WAITS => 1,
            ENDLESS => usize::MAX,
            _ => request.config.count.known().unwrap().to_string().parse().unwrap(),
        };
        for index in 0..count {
            self.0.listed.fetch_add(1, Ordering::SeqCst);
            let warned = mode == WARNS;
            if warned {
                sink.warn("Careful", format!("before {index}"));
            }
            sink.send(Listed { resource: attributes(&request, &mode, index), ..listed(index) }).await;
        }
        match mode.as_str() {
            PANICS => panic!("asked to panic"),
            FAILS => return Err(Diagnostic::error("Not there", "no such thing").at(Path::of("mode")).into()),
            WARNS => sink.warn("Careful", "at the end"),
            WAITS => {
                self.0.waiting.notify_one();
                future::pending::<()>().await;
            }
            NAMELESS => {
                let identity = Value::Object(BTreeMap::from([("name".to_owned(), Value::Null)]));
                sink.send(Listed { identity, ..listed(1) }).await;
                unreachable!("the listing has ended");
            }
            _ => {}
        }
        Ok(())
    }
}

fn listed(index: usize) -> Listed<ThingModel> {
    let name = format!("thing-{index}");
    let identity = Value::Object(BTreeMap::from([("name".to_owned(), name.as_str().into())]));
    Listed { display_name: format!("The {name}"), identity, resource: None }
}

fn attributes(request: &List<ListingModel>, mode: &str, index: usize) -> Option<ThingModel> {
    // Long, so that few of an endless list are on their way.
    let text = if mode == ENDLESS { "x".repeat(100_000) } else { request.limit.to_string() };
    let text = if mode == VAGUE { Field::Unknown } else { Field::Known(Value::String(text)) };
    let name = Field::from(format!("thing-{index}"));
    (mode != BARE && request.include_resource).then(|| ThingModel { name, text, ..ThingModel::default() })
}

/// Tells the test that the listing is over, however it ended.
struct Ends(Arc<Watch>);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.ended.notify_one();
    }
}

/// A `config` block; what is not given is null.
pub fn config(given: &[(&str, Value)]) -> Value {
    let mut members = BTreeMap::from(["mode", "count"].map(|name| (name.to_owned(), Value::Null)));
    members.extend(given.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    Value::Object(members)
}

/// A `config` block as hosts send it.
#[expect(clippy::unnecessary_wraps, reason = "the fields that take it are optional")]
pub fn encode(config: &Value) -> Option<DynamicValue> {
    let of = Listing(Arc::default()).schema().implied_type();
    Some(DynamicValue { msgpack: msgpack::encode(config, &of).unwrap(), json: vec![] })
}
