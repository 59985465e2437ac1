//! Faults on order: rules that make chosen calls fail, wait, or lie.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::watch;

use super::json;
use super::snapshots::KEPT;

/// The longest delay, in milliseconds: an hour.
const LONGEST_DELAY: u64 = 60 * 60 * 1000;
/// The most writes that a stale answer looks back over.
const MOST_WRITES: u64 = KEPT as u64;

/// What happens to a call a rule fires on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Effect {
    /// The service's own throttling error.
    Throttle,
    /// The connection is closed; nothing was applied.
    DropBefore,
    /// The call is applied; the connection is closed without an answer.
    DropAfter,
    /// The call is answered as usual, but nothing is applied.
    Ignore,
    /// An error of the service's shape; nothing was applied.
    Error {
        /// The HTTP status. Those below 200 are not final: a client would go on waiting.
        #[serde(deserialize_with = "json::integer::<_, _, 200, 599>")]
        status: u16,
        /// The service's error code.
        code: String,
        /// The text.
        message: String,
    },
    /// Any answer at all; nothing was applied.
    Respond {
        /// The HTTP status. Those below 200 are not final: a client would go on waiting.
        #[serde(deserialize_with = "json::integer::<_, _, 200, 599>")]
        status: u16,
        /// The `Content-Type`.
        content_type: String,
        /// The body.
        body: String,
    },
    /// The call waits this many milliseconds before it is evaluated.
    Delay {
        /// Milliseconds.
        #[serde(deserialize_with = "json::integer::<_, _, 0, LONGEST_DELAY>")]
        ms: u64,
    },
    /// The call waits until it is released before it is evaluated.
    Hold {},
    /// The call is applied; its answer waits until it is released.
    HoldAfter,
    /// The last writes are not seen yet: a read answers what was there before them, and an action that looks up roles,
    /// trust and attachments for what it does (CreateLogStore, UpdateLogStore, `UpdateLogStoreEncryption`, `AssumeRole`
    /// and others) sees those from before them. A rule for every action is about reads only.
    Stale {
        /// How many calls it is about; in a rule in force, [`Rule::times`] counts them.
        #[serde(deserialize_with = "json::integer::<_, _, 1, { u64::MAX }>")]
        reads: u64,
        /// How many of the last writes are not seen.
        #[serde(
            default = "one",
            skip_serializing_if = "is_one",
            deserialize_with = "json::integer::<_, _, 1, MOST_WRITES>"
        )]
        writes: usize,
    },
}

fn one<T: From<u8>>() -> T {
    T::from(1)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_one(number: &usize) -> bool {
    *number == 1
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The service, for example `sls`.
    pub service: String,
    /// The action, or `*`.
    pub action: String,
    /// Only calls to this project.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "json::nonempty")]
    pub project: Option<String>,
    /// Only calls to this Logstore.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "json::nonempty")]
    pub logstore: Option<String>,
    /// How many matching calls pass first.
    #[serde(default, deserialize_with = "json::integer::<_, _, 0, { u64::MAX }>")]
    pub skip: u64,
    /// How many matching calls it fires on after that; it is then forgotten.
    #[serde(default = "one", deserialize_with = "json::integer::<_, _, 1, { u64::MAX }>")]
    pub times: u64,
    /// What happens.
    pub effect: Effect,
}

/// The call that rules are matched with.
#[derive(Clone, Copy, Debug)]
pub struct FaultTarget<'a> {
    /// The service.
    pub service: &'a str,
    /// The action.
    pub action: &'a str,
    /// Whether the action only reads.
    pub is_read: bool,
    /// Whether the action reads, or looks roles and attachments up for what it does.
    pub looks_up: bool,
    /// The project, if the call addresses one.
    pub project: Option<&'a str>,
    /// The Logstore, if the call addresses one.
    pub logstore: Option<&'a str>,
}

/// Waits for a release of held calls.
#[derive(Debug)]
pub struct Release(watch::Receiver<()>);

impl Release {
    /// Returns at the first [`Faults::release`] after the [`Faults::next_release`] this came from.
    pub async fn wait(mut self) {
        // An error means that the emulator itself is gone: nothing is left to wait for.
        let _ = self.0.changed().await;
    }
}

/// The rules in force, oldest first.
#[derive(Debug)]
pub struct Faults {
    rules: Mutex<Vec<Rule>>,
    release: watch::Sender<()>,
}

impl Default for Faults {
    fn default() -> Self {
        Self { rules: Mutex::default(), release: watch::Sender::new(()) }
    }
}

impl Faults {
    /// Adds a rule behind the others.
    pub fn add(&self, rule: Rule) {
        self.lock().push(rule);
    }

    /// Finds what happens to a call: the first rule that matches and has nothing left to skip fires,
    /// and is used up by one. Rules before it that still skip are counted down.
    pub fn fire(&self, subject: FaultTarget<'_>) -> Option<Effect> {
        let mut rules = self.lock();
        let position = rules.iter_mut().position(|rule| rule.matches(subject) && !rule.skips())?;
        let rule = rules.get_mut(position)?;
        let effect = rule.effect.clone();
        rule.times = rule.times.saturating_sub(1);
        if rule.times == 0 {
            rules.remove(position);
        }
        Some(effect)
    }

    /// What a held call waits for. Taken before the call is in the request log, so that a client that
    /// sees it there can release it.
    pub fn next_release(&self) -> Release {
        Release(self.release.subscribe())
    }

    /// Lets every held call go on.
    pub fn release(&self) {
        self.release.send_replace(());
    }

    /// Forgets every rule and lets every held call go on.
    pub fn clear(&self) {
        self.lock().clear();
        self.release();
    }

    /// The rules as the control API gives them, with what is left of `skip` and `times`.
    pub fn to_json(&self) -> Value {
        self.lock().iter().map(Rule::to_json).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Rule>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rule {
    fn matches(&self, subject: FaultTarget<'_>) -> bool {
        let fits =
            |filter: &Option<String>, value: Option<&str>| filter.is_none() || filter.as_deref() == value;
        self.service == subject.service
            && (self.action == "*" || self.action == subject.action)
            && fits(&self.project, subject.project)
            && fits(&self.logstore, subject.logstore)
            && self.has_effect_on(subject)
    }

    /// False for a fault of effect `stale` at a call that does not read: such a call has no stale answer.
    fn has_effect_on(&self, subject: FaultTarget<'_>) -> bool {
        let is_stale = matches!(self.effect, Effect::Stale { .. });
        !is_stale || subject.is_read || (subject.looks_up && self.action != "*")
    }

    /// Counts `skip` down; true while there was something to skip.
    fn skips(&mut self) -> bool {
        let skips = self.skip > 0;
        self.skip = self.skip.saturating_sub(1);
        skips
    }

    fn to_json(&self) -> Value {
        let mut rule = self.clone();
        if let Effect::Stale { reads, .. } = &mut rule.effect {
            *reads = rule.times;
        }
        serde_json::to_value(rule).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rule(action: &str, skip: u64, times: u64, effect: Effect) -> Rule {
        let (service, action) = ("sls".to_owned(), action.to_owned());
        Rule { service, action, project: None, logstore: None, skip, times, effect }
    }

    fn subject<'a>(action: &'a str, logstore: &'a str) -> FaultTarget<'a> {
        let is_read = action.starts_with("Get");
        let looks_up = is_read || action == "UpdateLogStore";
        FaultTarget {
            service: "sls",
            action,
            is_read,
            looks_up,
            project: Some("p"),
            logstore: Some(logstore),
        }
    }

    fn fire(faults: &Faults, action: &str, logstore: &str) -> Option<Effect> {
        faults.fire(subject(action, logstore))
    }

    #[test]
    fn a_rule_skips_then_fires_then_is_gone() {
        let faults = Faults::default();
        faults.add(rule("GetLogStore", 1, 2, Effect::Throttle));
        let outcomes: Vec<_> = (0..5).map(|_| fire(&faults, "GetLogStore", "l")).collect();
        assert_eq!(outcomes, [None, Some(Effect::Throttle), Some(Effect::Throttle), None, None]);
        assert_eq!(faults.to_json(), json!([]));
    }

    #[test]
    fn a_call_that_is_skipped_reaches_the_next_rule() {
        let faults = Faults::default();
        faults.add(rule("*", 1, 1, Effect::Throttle));
        faults.add(rule("GetLogStore", 0, 1, Effect::DropBefore));
        assert_eq!(fire(&faults, "GetLogStore", "l"), Some(Effect::DropBefore));
        assert_eq!(fire(&faults, "GetLogStore", "l"), Some(Effect::Throttle));
    }

    #[test]
    fn filters_must_all_fit() {
        let faults = Faults::default();
        faults.add(Rule { logstore: Some("app".to_owned()), ..rule("*", 0, 1, Effect::Ignore) });
        assert_eq!(fire(&faults, "UpdateLogStore", "other"), None);
        assert!(faults.fire(FaultTarget { service: "ram", ..subject("UpdateLogStore", "app") }).is_none());
        assert_eq!(fire(&faults, "UpdateLogStore", "app"), Some(Effect::Ignore));
    }

    #[test]
    fn a_stale_rule_is_about_reads_and_about_writes_that_are_named_and_look_something_up() {
        let (faults, stale) = (Faults::default(), Effect::Stale { reads: 1, writes: 3 });
        faults.add(rule("*", 0, 1, stale.clone()));
        assert_eq!(fire(&faults, "UpdateLogStore", "l"), None);
        assert_eq!(fire(&faults, "GetLogStore", "l"), Some(stale.clone()));
        faults.add(rule("UpdateLogStore", 0, 1, stale.clone()));
        faults.add(rule("DeleteLogStore", 0, 1, stale.clone()));
        assert_eq!(fire(&faults, "DeleteLogStore", "l"), None);
        assert_eq!(fire(&faults, "UpdateLogStore", "l"), Some(stale));
    }

    #[tokio::test]
    async fn a_release_between_arrival_and_firing_counts() {
        let faults = Faults::default();
        for release in [Faults::release, Faults::clear] {
            let next = faults.next_release();
            release(&faults);
            next.wait().await;
        }
    }
}
