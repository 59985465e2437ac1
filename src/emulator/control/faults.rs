//! `/_emulator/faults`: ordering faults.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State as Shared};
use axum::response::Response;
use serde_json::{Value, json};

use super::answer::{Answer, ControlError, empty_answer, json_answer, parse};
use crate::faults::{Effect, Rule};
use crate::json::{self, Problem};
use crate::rpc::{Action, Run, Service};
use crate::state::State;
use crate::{billing, kms, location, ram, sls, sts};

pub(super) async fn list(Shared(state): Shared<Arc<State>>) -> Response<Body> {
    json_answer(&state.faults.to_json())
}

pub(super) async fn add(Shared(state): Shared<Arc<State>>, body: Bytes) -> Answer {
    let id = state.faults.add(read_rule(parse(&body)?)?);
    Ok(json_answer(&json!({"id": id})))
}

/// Takes one fault back, and lets the calls that it holds go on.
pub(super) async fn remove(Shared(state): Shared<Arc<State>>, Path(id): Path<String>) -> Answer {
    if id.parse().is_ok_and(|id| state.faults.remove(id)) {
        return Ok(empty_answer());
    }
    Err(ControlError::NotFound(format!("there is no fault {id} any more, and it holds no call")))
}

pub(super) async fn clear(Shared(state): Shared<Arc<State>>) -> Response<Body> {
    state.faults.clear();
    empty_answer()
}

pub(super) async fn release(Shared(state): Shared<Arc<State>>) -> Response<Body> {
    state.faults.release();
    empty_answer()
}

pub(super) async fn list_held(Shared(state): Shared<Arc<State>>) -> Response<Body> {
    json_answer(&state.faults.held_to_json())
}

/// Lets one held call go on.
pub(super) async fn release_call(Shared(state): Shared<Arc<State>>, Path(id): Path<String>) -> Answer {
    if state.faults.release_call(&id) {
        return Ok(empty_answer());
    }
    Err(ControlError::NotFound(format!("no call with the request id {id} is held")))
}

/// A rule. `"hold"` means `{"hold": {}}`.
fn read_rule(mut document: Value) -> Result<Rule, Problem> {
    if let Some(effect) = document.get_mut("effect").filter(|effect| **effect == "hold") {
        *effect = json!({"hold": {}});
    }
    let mut rule: Rule = json::from_value(&document)?;
    let known = known_actions(&rule.service)?;
    check_action(&rule.action, &known)?;
    if let Effect::Stale { reads, writes } = rule.effect {
        check_stale(writes, &rule, &known)?;
        rule.times = rule.times.saturating_mul(reads);
    }
    Ok(rule)
}

/// An action that rules can be about.
pub(super) struct Known {
    name: &'static str,
    is_read: bool,
    looks_up: bool,
}

/// The actions of a service; a problem if there is no such service.
pub(super) fn known_actions(service: &str) -> Result<Vec<Known>, Problem> {
    let of_sls = |operation: &sls::Operation| Known {
        name: operation.name,
        is_read: operation.is_read(),
        looks_up: operation.looks_up(),
    };
    match service {
        sls::NAME => {
            let activation = known_actions_of(&sls::ACTIVATION);
            Ok(sls::OPERATIONS.iter().map(of_sls).chain(activation).collect())
        }
        "ram" => Ok(known_actions_of(&ram::SERVICE)),
        "sts" => Ok(known_actions_of(&sts::SERVICE)),
        "kms" => Ok(known_actions_of(&kms::SERVICE)),
        "location" => Ok(known_actions_of(&location::SERVICE)),
        "bss" => Ok(known_actions_of(&billing::SERVICE)),
        _ => {
            let expected = "expected \"sls\", \"ram\", \"sts\", \"kms\", \"location\" or \"bss\"";
            Err(Problem::at("service", expected))
        }
    }
}

fn known_actions_of<M>(service: &Service<M>) -> Vec<Known> {
    let known = |action: &Action<M>| Known {
        name: action.name,
        is_read: matches!(action.run, Run::Read(_)),
        looks_up: action.run.looks_up(),
    };
    service.actions.iter().map(known).collect()
}

/// A misspelt action would make a rule that never fires.
fn check_action(action: &str, known: &[Known]) -> Result<(), Problem> {
    if action == "*" || known.iter().any(|known| known.name == action) {
        return Ok(());
    }
    let names: Vec<&str> = known.iter().map(|known| known.name).collect();
    let problem = format!("{action:?} is not an action, expected \"*\" or one of: {}", names.join(", "));
    Err(Problem::at("action", problem))
}

/// Refuses a stale answer to an action that looks nothing up, which would never fire, and one that looks back
/// further than what is kept of a Logstore: one earlier version.
fn check_stale(writes: usize, rule: &Rule, known: &[Known]) -> Result<(), Problem> {
    let known = known.iter().find(|known| known.name == rule.action);
    if known.is_some_and(|known| !known.looks_up) {
        return Err(Problem::at("effect", format!("{} looks nothing up that could be stale", rule.action)));
    }
    if writes > 1 && rule.service == sls::NAME && known.is_none_or(|known| known.is_read) {
        return Err(Problem::at("effect", "reads of sls look back over 1 write"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(effect: &Value) -> Value {
        json!({"service": "sls", "action": "*", "effect": effect})
    }

    #[track_caller]
    fn refused(rule: &Value, expected: &str) {
        let problem = read_rule(rule.clone()).unwrap_err().to_string();
        assert!(problem.starts_with(expected), "{problem}");
    }

    #[test]
    fn every_effect_is_read_and_shown_as_it_was_ordered() {
        for effect in [
            json!("throttle"),
            json!("drop_before"),
            json!("drop_after"),
            json!("ignore"),
            json!({"error": {"status": 503, "code": "ServerBusy", "message": "m"}}),
            json!({"respond": {"status": 200, "content_type": "text/html", "body": "<html>"}}),
            json!({"delay": {"ms": 5}}),
            json!({"hold": {}}),
            json!("hold_after"),
            json!({"stale": {"reads": 3}}),
        ] {
            let faults = crate::faults::Faults::default();
            faults.add(read_rule(rule(&effect)).unwrap());
            assert_eq!(faults.to_json()[0]["effect"], effect);
        }
        assert_eq!(read_rule(rule(&json!("hold"))).unwrap().effect, Effect::Hold {});
    }

    #[test]
    fn stale_counts_its_reads() {
        let mut rule = rule(&json!({"stale": {"reads": 2}}));
        rule["times"] = 3.into();
        assert_eq!(read_rule(rule.clone()).unwrap().times, 6);
    }

    #[test]
    fn stale_rules_look_back_as_far_as_the_service_keeps() {
        let rule = |service: &str, action: &str, writes: u64| json!({"service": service, "action": action, "effect": {"stale": {"reads": 2, "writes": writes}}});
        for rule in [
            rule("ram", "*", 16),
            rule("kms", "DescribeKey", 3),
            rule("sts", "AssumeRole", 3),
            rule("sls", "UpdateLogStore", 3),
        ] {
            let faults = crate::faults::Faults::default();
            faults.add(read_rule(rule.clone()).unwrap());
            assert_eq!(faults.to_json()[0]["effect"], rule["effect"]);
        }
        refused(&rule("ram", "*", 17), "effect.stale.writes: expected an integer from 1 to 16");
        refused(&rule("ram", "*", 0), "effect.stale.writes: expected an integer from 1 to 16");
        refused(&rule("ram", "DeleteRole", 1), "effect: DeleteRole looks nothing up that could be stale");
        refused(&rule("sls", "DeleteLogStore", 1), "effect: DeleteLogStore looks nothing up");
        refused(&rule("sls", "GetLogStore", 2), "effect: reads of sls look back over 1 write");
        refused(&rule("sls", "*", 2), "effect: reads of sls look back over 1 write");
    }

    #[test]
    fn bad_rules_name_the_member() {
        refused(&json!([]), "the body: expected an object");
        refused(&json!({"action": "*", "effect": "throttle"}), "service: this member is missing");
        refused(&json!({"service": "oss", "action": "*", "effect": "throttle"}), "service: expected \"sls\"");
        refused(
            &json!({"service": "ram", "action": "GetRoles", "effect": "throttle"}),
            "action: \"GetRoles\" is not an action, expected \"*\" or one of: CreateRole,",
        );
        refused(
            &json!({"service": "sls", "action": "GetLogstore", "effect": "throttle"}),
            "action: \"GetLogstore\" is not an action, expected \"*\" or one of: CreateProject,",
        );
        let mut with_times = rule(&json!("throttle"));
        with_times["times"] = 0.into();
        refused(&with_times, "times: expected an integer of at least 1");
        let mut with_skip = rule(&json!("throttle"));
        with_skip["skip"] = (-1).into();
        refused(&with_skip, "skip: expected an integer of at least 0");
        let mut with_typo = rule(&json!("throttle"));
        with_typo["tmes"] = 1.into();
        refused(&with_typo, "tmes: unknown field `tmes`, expected one of `service`, `action`, `project`");
        let unknown = "effect: unknown variant `explode`, expected one of `throttle`, `drop_before`";
        refused(&rule(&json!("explode")), unknown);
        refused(&rule(&json!({"explode": {}})), unknown);
        refused(&rule(&json!({})), "effect: ");
        refused(
            &rule(&json!({"delay": {"ms": "5"}})),
            "effect.delay.ms: expected an integer from 0 to 3600000",
        );
        refused(
            &rule(&json!({"delay": {"ms": 3_600_001}})),
            "effect.delay.ms: expected an integer from 0 to 3600000",
        );
        refused(
            &rule(&json!({"error": {"status": 99, "code": "c", "message": "m"}})),
            "effect.error.status: expected an integer from 200 to 599",
        );
        refused(&rule(&json!({"error": {"status": 500, "message": "m"}})), "effect.error.code: this member");
        refused(
            &rule(&json!({"stale": {"reads": 0}})),
            "effect.stale.reads: expected an integer of at least 1",
        );
        refused(&rule(&json!({"hold": {"ms": 1}})), "effect.hold.ms: unknown field `ms`");
    }
}
