//! Faults on order: rules that make chosen calls fail, wait, or lie.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

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

/// A call that has arrived, and that a fault may hold.
#[derive(Debug)]
pub struct Arrival {
    /// Its request id.
    pub id: String,
    /// Its number in the log of calls.
    pub sequence: u64,
    /// How often all calls had been released before it came.
    pub releases: u64,
}

/// What a fault does to one call.
#[derive(Debug)]
pub struct Fault<'a> {
    /// What happens.
    pub effect: Effect,
    hold: Option<Hold<'a>>,
}

/// A call that has this is listed as held, until it is released.
#[derive(Debug)]
struct Hold<'a> {
    faults: &'a Faults,
    sequence: u64,
    released: CancellationToken,
}

impl From<Effect> for Fault<'_> {
    /// An effect that no rule orders, and that holds nothing.
    fn from(effect: Effect) -> Self {
        Self { effect, hold: None }
    }
}

impl Fault<'_> {
    /// Returns once the call is released; at once if the effect does not hold it.
    pub async fn released(&self) {
        if let Some(hold) = &self.hold {
            hold.released.cancelled().await;
        }
    }
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        self.faults.lock().held.remove(&self.sequence);
    }
}

/// The rules in force, and the calls they hold.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Ordered>);

#[derive(Debug, Default)]
struct Ordered {
    /// Each with its id, oldest first.
    rules: Vec<(u64, Rule)>,
    /// The id of the latest rule. No other rule ever gets it.
    last_id: u64,
    /// By the number of the call.
    held: BTreeMap<u64, HeldCall>,
    /// How often all calls were released.
    releases: u64,
}

#[derive(Debug)]
struct HeldCall {
    id: String,
    fault: u64,
    /// What the call is, and how it is held, as the control API gives it.
    shown: Value,
    released: CancellationToken,
}

impl Faults {
    /// Adds a rule behind the others, and gives it an id.
    pub fn add(&self, rule: Rule) -> u64 {
        let mut ordered = self.lock();
        ordered.last_id += 1;
        let id = ordered.last_id;
        ordered.rules.push((id, rule));
        id
    }

    /// Finds what happens to a call: the first rule that matches and has nothing left to skip fires,
    /// and is used up by one. Rules before it that still skip are counted down.
    pub fn fire(&self, subject: FaultTarget<'_>, arrival: &Arrival) -> Option<Fault<'_>> {
        let mut ordered = self.lock();
        let position =
            ordered.rules.iter_mut().position(|(_, rule)| rule.matches(subject) && !rule.skips())?;
        let (id, rule) = ordered.rules.get_mut(position)?;
        let (id, effect) = (*id, rule.effect.clone());
        rule.times = rule.times.saturating_sub(1);
        if rule.times == 0 {
            ordered.rules.remove(position);
        }
        let is_held = matches!(effect, Effect::Hold {} | Effect::HoldAfter);
        let hold = is_held.then(|| Hold {
            faults: self,
            sequence: arrival.sequence,
            released: ordered.hold(id, &effect, subject, arrival),
        });
        Some(Fault { effect, hold })
    }

    /// How often all calls have been released. Taken before a call is in the log of calls, so that a client that sees
    /// it there can release it, even before a fault holds it.
    pub fn releases(&self) -> u64 {
        self.lock().releases
    }

    /// Lets every held call go on.
    pub fn release(&self) {
        self.lock().release();
    }

    /// Lets the held call with this request id go on; false if no such call is held.
    pub fn release_call(&self, id: &str) -> bool {
        self.lock().release_where(|call| call.id == id)
    }

    /// Takes a rule back and lets the calls that it holds go on; false if there is no such rule, and no such call.
    pub fn remove(&self, id: u64) -> bool {
        let mut ordered = self.lock();
        let before = ordered.rules.len();
        ordered.rules.retain(|(of, _)| *of != id);
        let held_calls = ordered.release_where(|call| call.fault == id);
        held_calls || ordered.rules.len() < before
    }

    /// Forgets every rule and lets every held call go on.
    pub fn clear(&self) {
        let mut ordered = self.lock();
        ordered.rules.clear();
        ordered.release();
    }

    /// The rules as the control API gives them, with what is left of `skip` and `times`.
    pub fn to_json(&self) -> Value {
        let shown = |(id, rule): &(u64, Rule)| {
            let mut shown = json!({"id": id});
            if let (Some(shown), Value::Object(members)) = (shown.as_object_mut(), rule.to_json()) {
                shown.extend(members);
            }
            shown
        };
        self.lock().rules.iter().map(shown).collect()
    }

    /// The calls that are held as the control API gives them, in the order in which they came.
    pub fn held_to_json(&self) -> Value {
        self.lock().held.values().map(|call| call.shown.clone()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Ordered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ordered {
    /// Lists a call as held; what is cancelled when it is released.
    fn hold(
        &mut self,
        fault: u64,
        effect: &Effect,
        subject: FaultTarget<'_>,
        arrival: &Arrival,
    ) -> CancellationToken {
        let released = CancellationToken::new();
        if self.releases != arrival.releases {
            released.cancel();
            return released;
        }
        let id = arrival.id.clone();
        let shown = json!({
            "id": id,
            "sequence": arrival.sequence,
            "fault": fault,
            "effect": if *effect == Effect::HoldAfter { "hold_after" } else { "hold" },
            "service": subject.service,
            "action": subject.action,
            "project": subject.project,
            "logstore": subject.logstore,
        });
        self.held.insert(arrival.sequence, HeldCall { id, fault, shown, released: released.clone() });
        released
    }

    fn release(&mut self) {
        self.releases += 1;
        self.release_where(|_| true);
    }

    /// Lets some of the held calls go on; false if there are none.
    fn release_where(&mut self, is_meant: impl Fn(&HeldCall) -> bool) -> bool {
        let before = self.held.len();
        self.held.retain(|_, call| {
            let stays = !is_meant(call);
            if !stays {
                call.released.cancel();
            }
            stays
        });
        self.held.len() < before
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
    use futures_util::FutureExt as _;

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

    fn arrival(faults: &Faults, sequence: u64) -> Arrival {
        Arrival { id: format!("call-{sequence}"), sequence, releases: faults.releases() }
    }

    fn fire(faults: &Faults, action: &str, logstore: &str) -> Option<Effect> {
        let fault = faults.fire(subject(action, logstore), &arrival(faults, 1))?;
        Some(fault.effect.clone())
    }

    /// Has a call held.
    fn hold(faults: &Faults, sequence: u64) -> Fault<'_> {
        faults.fire(subject("UpdateLogStore", "l"), &arrival(faults, sequence)).unwrap()
    }

    fn is_released(fault: &Fault<'_>) -> bool {
        fault.released().now_or_never().is_some()
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
        let of_ram = FaultTarget { service: "ram", ..subject("UpdateLogStore", "app") };
        assert!(faults.fire(of_ram, &arrival(&faults, 1)).is_none());
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

    #[test]
    fn a_release_between_arrival_and_firing_counts() {
        let faults = Faults::default();
        for release in [Faults::release, Faults::clear] {
            let arrival = arrival(&faults, 1);
            release(&faults);
            faults.add(rule("*", 0, 1, Effect::Hold {}));
            assert!(is_released(&faults.fire(subject("GetLogStore", "l"), &arrival).unwrap()));
        }
    }

    #[test]
    fn ids_are_never_used_again() {
        let faults = Faults::default();
        let add = || faults.add(rule("*", 0, 1, Effect::Throttle));
        assert_eq!((add(), add()), (1, 2));
        faults.clear();
        assert_eq!(add(), 3);
        assert!(faults.remove(3) && !faults.remove(3) && !faults.remove(1));
        assert_eq!((add(), faults.to_json()[0]["id"].clone()), (4, json!(4)));
    }

    #[test]
    fn one_rule_is_taken_back_and_the_others_stay() {
        let faults = Faults::default();
        let ids = [0, 1, 2].map(|skip| faults.add(rule("*", skip, 1, Effect::Throttle)));
        assert!(faults.remove(ids[1]));
        let left: Vec<Value> =
            faults.to_json().as_array().unwrap().iter().map(|rule| rule["id"].clone()).collect();
        assert_eq!(left, [ids[0], ids[2]]);
    }

    #[test]
    fn a_call_is_listed_for_as_long_as_it_is_held_and_whatever_holds_it_can_let_it_go() {
        type LetGo = fn(&Faults, u64);
        let ways: [(LetGo, bool); 4] = [
            (|faults, _| assert!(faults.release_call("call-7")), false),
            (|faults, id| assert!(faults.remove(id)), false),
            (|faults, _| faults.release(), true),
            (|faults, _| faults.clear(), true),
        ];
        for (effect, name) in [(Effect::Hold {}, "hold"), (Effect::HoldAfter, "hold_after")] {
            for (let_go, lets_others_go) in ways {
                let faults = Faults::default();
                let ids = [7, 8].map(|_| faults.add(rule("UpdateLogStore", 0, 1, effect.clone())));
                let (held, other) = (hold(&faults, 7), hold(&faults, 8));
                let expected = json!({"id": "call-7", "sequence": 7, "fault": ids[0], "effect": name, "service": "sls",
                    "action": "UpdateLogStore", "project": "p", "logstore": "l"});
                assert_eq!(faults.held_to_json()[0], expected);
                assert!(!is_released(&held) && !is_released(&other));
                let_go(&faults, ids[0]);
                assert_eq!((is_released(&held), is_released(&other)), (true, lets_others_go));
                let left = faults.held_to_json().as_array().map(Vec::len);
                assert_eq!(left, Some(usize::from(!lets_others_go)));
                drop(other);
                assert_eq!(faults.held_to_json(), json!([]));
                assert!(!faults.release_call("call-7") && !faults.remove(ids[0]));
            }
        }
    }

    #[test]
    fn only_held_calls_are_listed() {
        let faults = Faults::default();
        faults.add(rule("*", 0, 1, Effect::DropAfter));
        let fault = faults.fire(subject("GetLogStore", "l"), &arrival(&faults, 1)).unwrap();
        assert_eq!(faults.held_to_json(), json!([]));
        assert!(is_released(&fault));
    }
}
