//! Level two: the sequences that make, correct and remove a role with everything that belongs to it meet a fault of
//! each kind at each of their calls, once or from there on. Whatever the outcome, a later run without faults reaches
//! the same state as without a fault, and nothing is created twice or left over.

mod account;
mod changes;

use std::fmt;

use cloud::error::{Error, ErrorKind};
use futures_util::future::BoxFuture;
use serde_json::Value;

use super::cases::{Case, Service, one_of_each_kind};
use super::fault::{Fault, On};
use super::keys::Given;
use super::stage::{Clients, Disturbed, MAX_RETRIES, Stage, is_read};
use account::Account;

/// A sequence and what it is made of.
struct Change {
    /// What is there before.
    seed: fn() -> Value,
    /// What is there before and cannot be seeded.
    prepare: for<'a> fn(&'a Clients) -> BoxFuture<'a, ()>,
    /// The sequence, as the provider drives it.
    run: for<'a> fn(&'a Clients) -> BoxFuture<'a, Result<(), Problem>>,
    /// The calls of a run that nothing disturbs.
    calls: &'static [&'static str],
    /// The actions among them that must be carried out once and never twice.
    only_once: &'static [&'static str],
}

/// Why a run failed.
#[derive(Debug)]
enum Problem {
    Call(Error),
    Other(#[expect(dead_code, reason = "shown where a run fails that must not")] String),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::Call(error)
    }
}

#[tokio::test]
async fn making_a_role() {
    meet(&changes::MAKE).await;
}

#[tokio::test]
async fn correcting_a_role() {
    meet(&changes::CORRECT).await;
}

#[tokio::test]
async fn giving_the_policy_another_name() {
    meet(&changes::RENAME).await;
}

#[tokio::test]
async fn removing_a_role_with_the_policies_of_others() {
    meet(&changes::REMOVE).await;
}

#[tokio::test]
async fn without_retries_each_call_is_sent_once() {
    for change in [&changes::MAKE, &changes::CORRECT, &changes::RENAME, &changes::REMOVE] {
        let stage = Stage::start(&(change.seed)()).await;
        let goal = undisturbed(&stage, change).await;
        for (position, call) in (1..).zip(change.calls) {
            let position_of_call = usize::try_from(position).unwrap();
            let cases = one_of_each_kind(Service::Ram);
            // A read that is not repeated ends a run in the same way whatever has happened to it.
            let begin = if is_read(call) { position_of_call % cases.len() } else { 0 };
            for case in cases.into_iter().skip(begin).take(if is_read(call) { 1 } else { usize::MAX }) {
                let cell = Cell { change, case, call, on: On::Only(position) };
                cell.check_without_retries(&stage, &goal, position_of_call).await;
            }
        }
    }
}

/// Every cell of the matrix for one sequence.
async fn meet(change: &Change) {
    let stage = Stage::start(&(change.seed)()).await;
    let goal = undisturbed(&stage, change).await;
    for (position, call) in (1..).zip(change.calls) {
        for (number, case) in (0..).zip(one_of_each_kind(Service::Ram)) {
            // In turn: each call meets faults in both ways, and neighbouring calls meet each kind in both ways.
            let is_alone = (position + number) % 2 == 0;
            let on = if is_alone { On::Only(position) } else { On::From(position) };
            Cell { change, case, call, on }.check(&stage, &goal).await;
        }
    }
}

/// What a run comes to that nothing disturbs, and that a second one changes nothing.
async fn undisturbed(stage: &Stage, change: &Change) -> Account {
    begin(stage, change).await;
    let before = Account::read(stage).await;
    let disturbed = stage.undisturbed().await;
    (change.run)(&disturbed.clients).await.unwrap();
    assert_eq!(disturbed.asked_for(), change.calls);
    let goal = Account::read(stage).await;
    assert_ne!(before, goal);
    let again = stage.undisturbed().await;
    (change.run)(&again.clients).await.unwrap();
    assert_eq!(Account::read(stage).await, goal);
    goal
}

async fn begin(stage: &Stage, change: &Change) {
    stage.reset().await;
    (change.prepare)(&stage.straight).await;
    stage.forget_calls().await;
}

/// One fault at one call.
struct Cell<'a> {
    change: &'a Change,
    case: &'a Case,
    /// The call that meets it first.
    call: &'a str,
    on: On,
}

impl Cell<'_> {
    async fn check(&self, stage: &Stage, goal: &Account) {
        begin(stage, self.change).await;
        let disturbed = stage.disturbed(Some(self.case.fault), self.case.given, self.on).await;
        let outcome = (self.change.run)(&disturbed.clients).await;
        self.check_outcome(&outcome);
        self.check_sent(&disturbed);
        self.check_converges(stage, goal, &outcome).await;
    }

    /// As [`Cell::check`], where no attempt may follow the first.
    async fn check_without_retries(&self, stage: &Stage, goal: &Account, position: usize) {
        begin(stage, self.change).await;
        let disturbed = stage.disturbed_with(0, Some(self.case.fault), self.case.given, self.on).await;
        let outcome = (self.change.run)(&disturbed.clients).await;
        let asked_for = disturbed.asked_for();
        let (before, after) = asked_for.split_at(position);
        assert_eq!(before, &self.change.calls[..position], "{self}");
        match self.look() {
            // Found, and so it goes on.
            Some(look) if self.case.in_doubt && self.case.applied => {
                assert!(outcome.is_ok(), "{self}: {outcome:?}");
                assert_eq!(after[0], look, "{self}");
                assert_eq!(&after[1..], &self.change.calls[position..], "{self}");
            }
            Some(look) if self.case.in_doubt => {
                self.check_told(&outcome);
                assert_eq!(after, [look], "{self}");
            }
            _ => {
                self.check_told(&outcome);
                assert_eq!(after, [] as [&str; 0], "{self}");
            }
        }
        self.check_converges(stage, goal, &outcome).await;
    }

    /// What is read to find out whether the call was carried out, if it must not be twice.
    fn look(&self) -> Option<&'static str> {
        match self.call {
            "CreateRole" => Some("GetRole"),
            "CreatePolicyVersion" => Some("GetPolicy"),
            _ => None,
        }
    }

    /// That a run which nothing disturbs then gets to where it gets without a fault.
    async fn check_converges(&self, stage: &Stage, goal: &Account, outcome: &Result<(), Problem>) {
        let again = stage.undisturbed().await;
        (self.change.run)(&again.clients).await.unwrap();
        let log = stage.log().await;
        let (_, of_second_run) = log.split_at(log.len() - again.asked_for().len());
        if outcome.is_ok() {
            let more: Vec<&str> = of_second_run
                .iter()
                .filter(|call| call.is_carried_out && call.is_write())
                .map(|call| call.action.as_str())
                .collect();
            assert!(more.is_empty(), "{self}: success was told, but there was more to do: {more:?}");
        }
        for action in self.change.only_once {
            let times = log.iter().filter(|call| call.is_carried_out && call.action == *action).count();
            assert_eq!(times, 1, "{self}: {action} in both runs together");
        }
        // What the emulator shows would tell of every call.
        stage.forget_calls().await;
        assert_eq!(&Account::read(stage).await, goal, "{self}");
    }

    fn check_outcome(&self, outcome: &Result<(), Problem>) {
        let Case { passes, in_doubt, applied, .. } = *self.case;
        let is_found = self.look().is_some() && in_doubt && applied;
        if matches!(self.on, On::Only(_)) && (passes || is_found) {
            assert!(outcome.is_ok(), "{self}: {outcome:?}");
        } else if matches!(self.on, On::Only(_)) && is_read(self.call) && self.case.is_damaged() {
            // It is asked for once more, unless it was a refusal that was cut.
            if let Err(Problem::Call(error)) = outcome {
                assert!(error.status().is_some_and(|status| status >= 400), "{self}: {error}");
                self.check_told(outcome);
            }
        } else {
            self.check_told(outcome);
        }
    }

    /// That a run which failed says why.
    fn check_told(&self, outcome: &Result<(), Problem>) {
        let kind = self.case.kind;
        match outcome {
            // Half a refusal: its code is lost, and only what the status says is left.
            Err(Problem::Call(error))
                if error.status().is_some_and(|status| status >= 400) && is_cut(self.case) =>
            {
                assert_eq!(error.code(), None, "{self}: {error}");
                assert!(
                    matches!(error.kind(), ErrorKind::Conflict | ErrorKind::Unexpected),
                    "{self}: {error}"
                );
            }
            Err(Problem::Call(error)) => assert_eq!(error.kind(), kind, "{self}: {error}"),
            outcome => panic!("{self}: {outcome:?}"),
        }
    }

    /// How often the call is sent, and that what must not be made twice is not sent for ever.
    fn check_sent(&self, disturbed: &Disturbed) {
        let Case { passes, in_doubt, applied, .. } = *self.case;
        let is_looked_for = self.look().is_some() && in_doubt;
        let usual = |calls: &[&str]| calls.iter().filter(|call| **call == self.call).count();
        let expected = match self.on {
            On::Only(_) if passes && !(is_looked_for && applied) => Some(usual(self.change.calls) + 1),
            On::From(position) if passes && !is_read(self.call) => {
                let retries = match self.case.given {
                    // Looking fails as well.
                    _ if is_looked_for => 0,
                    Given::Fixed => MAX_RETRIES,
                    // There is one more key.
                    Given::Printed => 1,
                };
                let position = usize::try_from(position).unwrap();
                Some(usual(&self.change.calls[..position]) + usize::try_from(retries).unwrap())
            }
            _ => None,
        };
        if let Some(expected) = expected {
            let sent = usize::try_from(disturbed.sent_of(self.call)).unwrap();
            assert_eq!(sent, expected, "{self}: {}", self.call);
        }
        // Sent, looked for, and sent again; each with the attempts that a refusal of the rate leaves.
        let most = match self.on {
            On::From(_) => 2 * (1 + MAX_RETRIES),
            _ => 2,
        };
        assert!(disturbed.printed() <= 2, "{self}: {} keys", disturbed.printed());
        for action in self.change.only_once {
            let sent = disturbed.sent_of(action);
            assert!(sent <= most, "{self}: {sent} times {action}");
        }
    }
}

fn is_cut(case: &Case) -> bool {
    case.fault == Fault::TooShort
}

impl fmt::Display for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at {} ({:?})", self.case.fault, self.call, self.on)
    }
}
