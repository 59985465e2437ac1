//! A plan, by its exit code, its events and, when asked for, its JSON.

use serde_json::{Map, Value};

use super::{Ran, Scene};

/// The file in the scene's directory that the latest plan is saved in.
pub(super) const PLAN_FILE: &str = "plan.bin";

/// A plan that was made; it is saved as `plan.bin`.
pub struct Plan<'a> {
    pub(super) scene: &'a Scene,
    /// The command.
    pub ran: Ran,
}

impl Plan<'_> {
    /// Checks that there is nothing to do.
    #[track_caller]
    pub fn expect_empty(self) -> Self {
        assert_eq!(self.ran.exit_code, Some(0), "the plan was to be empty: {:#?}", self.actions());
        self
    }

    /// Checks that there is something to do.
    #[track_caller]
    pub fn expect_changes(self) -> Self {
        assert_eq!(self.ran.exit_code, Some(2), "changes were expected: {:#?}", self.ran.diagnostics());
        self
    }

    /// What is planned: addresses and actions as the host names them (`create`, `update`, `delete`,
    /// `replace`, `import`, `move`), from the events.
    pub fn actions(&self) -> Vec<(String, String)> {
        let events = self.ran.events();
        let planned = events.iter().filter(|event| event["type"] == "planned_change");
        planned
            .map(|event| {
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                (text(&event["change"]["resource"]["addr"]), text(&event["change"]["action"]))
            })
            .collect()
    }

    /// The whole plan as JSON (one more command).
    #[track_caller]
    pub fn json(&self) -> Value {
        let shown = self.scene.run(&["show", "-json", PLAN_FILE]).succeeded();
        serde_json::from_str(&shown.stdout).unwrap()
    }

    /// The change that is planned for a resource: `actions`, `before`, `after`, `after_unknown`, …
    #[track_caller]
    pub fn change(&self, address: &str) -> Value {
        let json = self.json();
        let found = entry(&json["resource_changes"], address);
        found.unwrap_or_else(|| panic!("no change of {address} in {json:#}")).clone()
    }

    /// The paths and values, before and after, in which a resource has drifted; none if it has not.
    #[track_caller]
    pub fn drift(&self, address: &str) -> Vec<(String, Value, Value)> {
        let json = self.json();
        let mut leaves = Vec::new();
        if let Some(change) = entry(&json["resource_drift"], address) {
            differences("", &change["before"], &change["after"], &mut leaves);
        }
        leaves
    }
}

/// The change of that resource.
fn entry<'a>(changes: &'a Value, address: &str) -> Option<&'a Value> {
    let found = changes.as_array().into_iter().flatten().find(|change| change["address"] == address);
    found.map(|found| &found["change"])
}

/// The leaves that differ. An object on one side only is one difference.
fn differences(path: &str, before: &Value, after: &Value, leaves: &mut Vec<(String, Value, Value)>) {
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            let names: Map<String, Value> = old.clone().into_iter().chain(new.clone()).collect();
            for name in names.keys() {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                differences(&path, &before[name.as_str()], &after[name.as_str()], leaves);
            }
        }
        _ if before == after => {}
        _ => leaves.push((path.to_owned(), before.clone(), after.clone())),
    }
}
