//! The action of the provider under test, `own_press`, whose name says how its calls go.

use std::{collections::BTreeMap, sync::Arc};

use schema::{
    Action, Attribute, Diagnostic, Diagnostics, Field, Number, Path, Schema, Value, action::Progress, model,
    msgpack, resource::Context,
};

use crate::{
    client::pb::tfplugin6::DynamicValue,
    thing::{PANICS, WAITS, Watch},
};

pub const PRESS: &str = "own_press";

/// Fails at `name`, in the plan and after the first line of an invocation.
pub const FAILS: &str = "fails";

/// Presses without an end.
pub const ENDLESS: &str = "endless";

model! {
    /// The `config` block.
    pub struct PressModel {
        /// How its calls go.
        pub name: String,
        /// How often it is pressed.
        pub times: Number,
    }
}

#[derive(Debug)]
pub struct Press(pub Arc<Watch>);

impl Action for Press {
    type Model = PressModel;

    fn type_name(&self) -> &'static str {
        PRESS
    }

    fn schema(&self) -> Schema {
        Schema {
            attributes: vec![
                Attribute::string("name").required(),
                Attribute::number("times").default_value(Value::Number(2_i64.into())),
            ],
            ..Schema::default()
        }
    }

    fn validate(&self, config: &PressModel) -> Diagnostics {
        assert!(config.name != Field::from(PANICS), "asked to panic");
        if config.name == Field::from("") {
            return Diagnostic::error("Empty", "name is empty").at(Path::of("name")).into();
        }
        Diagnostics::new()
    }

    async fn plan(&self, _context: &Context, config: PressModel) -> Diagnostics {
        assert!(config.name != Field::from(PANICS), "asked to panic");
        if config.name == Field::from(FAILS) {
            return Diagnostic::error("Not there", "no such thing").at(Path::of("name")).into();
        }
        let times = config.times.known().map_or("unknown".to_owned(), ToString::to_string);
        Diagnostic::warning("Careful", format!("pressed {times} times")).into()
    }

    async fn invoke(
        &self,
        context: &Context,
        config: PressModel,
        progress: &mut Progress<'_>,
    ) -> Diagnostics {
        let _ends = Ends(self.0.clone());
        let name = config.name.known().cloned().unwrap_or_default();
        let times: usize = config.times.known().unwrap().to_string().parse().unwrap();
        for time in 0..if name == ENDLESS { usize::MAX } else { times } {
            progress.report(format!("press {time}")).await;
            assert!(name != PANICS, "asked to panic");
            if name == FAILS {
                return Diagnostic::error("Not there", "no such thing").at(Path::of("name")).into();
            }
            if name == WAITS {
                self.0.waiting.notify_one();
                context.cancel.cancelled().await;
                return Diagnostic::error("Cancelled", "it was not pressed again").into();
            }
        }
        Diagnostic::warning("Careful", "it is worn out").into()
    }
}

/// Tells the test that the invocation is over, however it ended.
struct Ends(Arc<Watch>);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.ended.notify_one();
    }
}

/// A `config` block; what is not given is null.
pub fn press(given: &[(&str, Value)]) -> Value {
    let mut members = BTreeMap::from(["name", "times"].map(|name| (name.to_owned(), Value::Null)));
    members.extend(given.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    Value::Object(members)
}

/// A `config` block as hosts send it.
#[expect(clippy::unnecessary_wraps, reason = "the fields that take it are optional")]
pub fn encode(config: &Value) -> Option<DynamicValue> {
    let of = Press(Arc::default()).schema().implied_type();
    Some(DynamicValue { msgpack: msgpack::encode(config, &of).unwrap(), json: vec![] })
}
