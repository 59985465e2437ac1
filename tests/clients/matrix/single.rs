//! Level one: each action meets each fault, once and for good.

use cloud::error::{Error, ErrorKind};

use super::account::seed;
use super::actions::{self, Action, Kind};
use super::cases::{Case, Service, cases_of, one_of_each_kind};
use super::fault::{Fault, On};
use super::keys::Given;
use super::stage::{Disturbed, MAX_RETRIES, Stage};

/// What a call has come to.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    result: Result<(), Told>,
    /// How many requests were sent.
    sent: u64,
    /// How many of them the service has carried out.
    carried_out: u64,
    /// How many keys were printed.
    printed: u64,
    /// Whether the account or the Logstore is as the action makes it; for reads `None`.
    applied: Option<bool>,
}

/// What the caller gets.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    kind: ErrorKind,
    status: Option<u16>,
    code: Option<String>,
    passes: bool,
    in_doubt: bool,
    attempts: u64,
}

/// How often a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lasting {
    Once,
    ForGood,
}

#[tokio::test]
async fn every_action_of_sls_meets_every_fault_once() {
    meet(&[Service::Sls], Lasting::Once).await;
}

#[tokio::test]
async fn every_action_of_sls_meets_every_kind_of_fault_for_good() {
    meet(&[Service::Sls], Lasting::ForGood).await;
}

#[tokio::test]
async fn every_action_of_ram_meets_every_fault_once() {
    meet(&[Service::Ram], Lasting::Once).await;
}

#[tokio::test]
async fn every_action_of_ram_meets_every_kind_of_fault_for_good() {
    meet(&[Service::Ram], Lasting::ForGood).await;
}

#[tokio::test]
async fn every_action_of_kms_and_sts_meets_every_fault_once() {
    meet(&[Service::Kms, Service::Sts], Lasting::Once).await;
}

#[tokio::test]
async fn every_action_of_kms_and_sts_meets_every_kind_of_fault_for_good() {
    meet(&[Service::Kms, Service::Sts], Lasting::ForGood).await;
}

#[tokio::test]
async fn every_action_that_nothing_disturbs_is_sent_once_and_carried_out() {
    let stage = Stage::start(&seed()).await;
    for action in actions::all() {
        let (disturbed, outcome) = call(&stage, &action, stage.undisturbed().await).await;
        let applied = action.look().map(|_| true);
        let expected = Outcome { result: Ok(()), sent: 1, carried_out: 1, printed: 0, applied };
        assert_eq!(outcome, expected, "{}", action.name);
        assert_eq!(disturbed.asked_for(), [action.name], "the table calls it by the name it has on the wire");
    }
}

/// Holds every cell of a part of the matrix against what it must come to.
async fn meet(services: &[Service], lasting: Lasting) {
    let stage = Stage::start(&seed()).await;
    let on = match lasting {
        Lasting::Once => On::Only(1),
        Lasting::ForGood => On::From(1),
    };
    let mut wrong = Vec::new();
    for action in actions::of(services) {
        let cases = match lasting {
            Lasting::Once => cases_of(action.service).collect(),
            Lasting::ForGood => one_of_each_kind(action.service),
        };
        for case in cases {
            let disturbed = stage.disturbed(Some(case.fault), case.given, on).await;
            let (disturbed, outcome) = call(&stage, &action, disturbed).await;
            let expected = expected(&action, case, lasting);
            disturbed.asked_for();
            if outcome != expected {
                let Case { fault, given, because, .. } = case;
                let cell = format!("{}, {fault:?}, {given:?}", action.name);
                wrong.push(format!("{cell}: {outcome:?} is not {expected:?}, for {because}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{lasting:?}:\n{}", wrong.join("\n"));
}

async fn call(stage: &Stage, action: &Action, disturbed: Disturbed) -> (Disturbed, Outcome) {
    stage.reset().await;
    (action.prepare)(&stage.straight).await;
    stage.forget_calls().await;
    let result = (action.run)(&disturbed.clients).await.map_err(|error| Told::by(&error));
    let carried_out = stage.carried_out(action.name).await.try_into().unwrap();
    let applied = match action.look() {
        Some(look) => Some(look(&stage.straight).await),
        None => None,
    };
    let (sent, printed) = (disturbed.sent(), disturbed.printed());
    (disturbed, Outcome { result, sent, carried_out, printed, applied })
}

fn expected(action: &Action, case: &Case, lasting: Lasting) -> Outcome {
    let is_repeated = match action.kind {
        Kind::Read => case.passes || case.is_damaged(),
        Kind::Write(_) => case.passes && !case.in_doubt,
        Kind::WriteOnce(_) => false,
    };
    // An update is answered with nothing, and nothing can be taken off that.
    let is_harmless = case.fault == Fault::TooShort && matches!(action.kind, Kind::WriteOnce(_));
    let is_renewed = is_repeated && case.given == Given::Printed;
    let disturbed = match lasting {
        // The second key is refused like the first, and there is no third.
        Lasting::ForGood if is_renewed => 2,
        Lasting::ForGood if is_repeated && case.is_damaged() => 2,
        Lasting::ForGood if is_repeated => 1 + MAX_RETRIES,
        _ => 1,
    };
    let goes_well = is_harmless || (is_repeated && lasting == Lasting::Once);
    let sent = disturbed + u64::from(is_repeated && lasting == Lasting::Once);
    let carried_out = (sent - disturbed) + if case.applied { disturbed } else { 0 };
    let told = Told::of(case, sent);
    let result = if goes_well { Ok(()) } else { Err(Told { passes: told.passes && !is_renewed, ..told }) };
    let printed = match case.given {
        Given::Fixed => 0,
        Given::Printed => 1 + u64::from(is_renewed),
    };
    Outcome { result, sent, carried_out, printed, applied: action.look().map(|_| carried_out > 0) }
}

impl Told {
    fn by(error: &Error) -> Self {
        Self {
            kind: error.kind(),
            status: error.status(),
            code: error.code().map(str::to_owned),
            passes: error.is_retryable(),
            in_doubt: error.may_have_been_applied(),
            attempts: error.attempts().into(),
        }
    }

    fn of(case: &Case, attempts: u64) -> Self {
        let (status, code) = match case.fault {
            Fault::Status(status) | Fault::Page(status) => (Some(status), None),
            Fault::Refusal(status, code, _) => (Some(status), Some(code.to_owned())),
            Fault::TooShort => (Some(200), None),
            _ => (None, None),
        };
        let Case { kind, passes, in_doubt, .. } = *case;
        Self { kind, status, code, passes, in_doubt, attempts }
    }
}

impl Action {
    fn look(&self) -> Option<actions::Look> {
        match self.kind {
            Kind::Read => None,
            Kind::Write(look) | Kind::WriteOnce(look) => Some(look),
        }
    }
}
