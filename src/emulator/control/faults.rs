//! `/_emulator/faults`: ordering faults.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State as Shared;
use axum::response::Response;

use super::{Answer, done, json_answer, parse, root};
use crate::emulator::faults::{Effect, Rule};
use crate::emulator::json::{Node, Problem};
use crate::emulator::rpc::{Action, Run, Service};
use crate::emulator::snapshots::KEPT;
use crate::emulator::state::State;
use crate::emulator::{kms, ram, sls, sts};

/// The longest delay, in milliseconds: an hour.
const LONGEST_DELAY: u64 = 60 * 60 * 1000;

pub(super) async fn list(Shared(state): Shared<Arc<State>>) -> Response<Body> {
    json_answer(&state.faults.to_json())
}

pub(super) async fn add(Shared(state): Shared<Arc<State>>, body: Bytes) -> Answer {
    let document = parse(&body)?;
    state.faults.add(read_rule(&root(&document))?);
    Ok(done())
}

pub(super) async fn clear(Shared(state): Shared<Arc<State>>) -> Response<Body> {
    state.faults.clear();
    done()
}

pub(super) async fn release(Shared(state): Shared<Arc<State>>) -> Response<Body> {
    state.faults.release();
    done()
}

fn read_rule(node: &Node<'_>) -> Result<Rule, Problem> {
    node.object_of(&["service", "action", "project", "logstore", "skip", "times", "effect"])?;
    let service = node.required("service")?;
    let known = known_actions(&service)?;
    let action = node.required("action")?;
    check_action(&action, &known)?;
    let effect_node = node.required("effect")?;
    let (effect, reads) = read_effect(&effect_node)?;
    if let Effect::Stale { writes } = effect {
        check_stale(&effect_node, writes, (service.string()?, action.string()?), &known)?;
    }
    let filter =
        |name| node.member(name).map(|filter| filter.nonempty_string().map(str::to_owned)).transpose();
    let times = match node.member("times") {
        Some(times) => at_least_one(&times)?,
        None => 1,
    };
    Ok(Rule {
        service: service.string()?.to_owned(),
        action: action.string()?.to_owned(),
        project: filter("project")?,
        logstore: filter("logstore")?,
        skip: node.member("skip").map_or(Ok(0), |skip| skip.count())?,
        times: times.saturating_mul(reads),
        effect,
    })
}

/// An action that rules can be about.
pub(super) struct Known {
    name: &'static str,
    is_read: bool,
    looks_up: bool,
}

/// The actions of a service; a problem if there is no such service.
pub(super) fn known_actions(service: &Node<'_>) -> Result<Vec<Known>, Problem> {
    let of_sls = |operation: &sls::Operation| Known {
        name: operation.name,
        is_read: operation.is_read(),
        looks_up: operation.looks_up(),
    };
    match service.string()? {
        sls::NAME => Ok(sls::OPERATIONS.iter().map(of_sls).collect()),
        "ram" => Ok(known_actions_of(&ram::SERVICE)),
        "sts" => Ok(known_actions_of(&sts::SERVICE)),
        "kms" => Ok(known_actions_of(&kms::SERVICE)),
        _ => Err(service.problem("expected \"sls\", \"ram\", \"sts\" or \"kms\"")),
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
fn check_action(node: &Node<'_>, known: &[Known]) -> Result<(), Problem> {
    let action = node.string()?;
    if action == "*" || known.iter().any(|known| known.name == action) {
        return Ok(());
    }
    let names: Vec<&str> = known.iter().map(|known| known.name).collect();
    Err(node.problem(format!("{action:?} is no action, expected \"*\" or one of: {}", names.join(", "))))
}

/// A stale answer to what looks nothing up would never fire, and of a Logstore only one earlier version is
/// kept.
fn check_stale(
    node: &Node<'_>,
    writes: usize,
    (service, action): (&str, &str),
    known: &[Known],
) -> Result<(), Problem> {
    let known = known.iter().find(|known| known.name == action);
    if known.is_some_and(|known| !known.looks_up) {
        return Err(node.problem(format!("{action} looks nothing up that could be stale")));
    }
    if writes > 1 && service == sls::NAME && known.is_none_or(|known| known.is_read) {
        return Err(node.problem("reads of sls look back over 1 write"));
    }
    Ok(())
}

/// An effect, and how many calls one of its `times` stands for.
fn read_effect(node: &Node<'_>) -> Result<(Effect, u64), Problem> {
    const EXPECTED: &str = "expected \"throttle\", \"drop_before\", \"drop_after\", \"ignore\", \"hold\", \
                            \"hold_after\", or an object with one of: error, respond, delay, hold, stale";
    if let Ok(name) = node.string() {
        let effect = match name {
            "throttle" => Effect::Throttle,
            "drop_before" => Effect::DropBefore,
            "drop_after" => Effect::DropAfter,
            "ignore" => Effect::Ignore,
            "hold" => Effect::Hold,
            "hold_after" => Effect::HoldAfter,
            _ => return Err(node.problem(EXPECTED)),
        };
        return Ok((effect, 1));
    }
    let mut names = node.value().as_object().into_iter().flat_map(|members| members.keys());
    let (Some(name), None) = (names.next(), names.next()) else { return Err(node.problem(EXPECTED)) };
    let details = node.required(name)?;
    match name.as_str() {
        "error" => Ok((read_error(&details)?, 1)),
        "respond" => Ok((read_respond(&details)?, 1)),
        "delay" => Ok((read_delay(&details)?, 1)),
        "hold" => details.object_of(&[]).map(|_| (Effect::Hold, 1)),
        "stale" => read_stale(&details),
        _ => Err(node.problem(EXPECTED)),
    }
}

fn read_error(node: &Node<'_>) -> Result<Effect, Problem> {
    node.object_of(&["status", "code", "message"])?;
    Ok(Effect::Error {
        status: status(&node.required("status")?)?,
        code: node.required("code")?.string()?.to_owned(),
        message: node.required("message")?.string()?.to_owned(),
    })
}

fn read_respond(node: &Node<'_>) -> Result<Effect, Problem> {
    node.object_of(&["status", "content_type", "body"])?;
    Ok(Effect::Respond {
        status: status(&node.required("status")?)?,
        content_type: node.required("content_type")?.string()?.to_owned(),
        body: node.required("body")?.string()?.to_owned(),
    })
}

/// Which writes are not seen yet, and by how many calls.
fn read_stale(node: &Node<'_>) -> Result<(Effect, u64), Problem> {
    node.object_of(&["reads", "writes"])?;
    let reads = at_least_one(&node.required("reads")?)?;
    let Some(node) = node.member("writes") else { return Ok((Effect::Stale { writes: 1 }, reads)) };
    match usize::try_from(at_least_one(&node)?) {
        Ok(writes) if writes <= KEPT => Ok((Effect::Stale { writes }, reads)),
        _ => Err(node.problem(format!("expected at most {KEPT}: as many writes are kept"))),
    }
}

fn read_delay(node: &Node<'_>) -> Result<Effect, Problem> {
    node.object_of(&["ms"])?;
    let node = node.required("ms")?;
    match node.count()? {
        ms if ms <= LONGEST_DELAY => Ok(Effect::Delay { ms }),
        _ => Err(node.problem(format!("expected at most {LONGEST_DELAY} milliseconds"))),
    }
}

fn at_least_one(node: &Node<'_>) -> Result<u64, Problem> {
    match node.count()? {
        0 => Err(node.problem("expected an integer of at least 1")),
        count => Ok(count),
    }
}

/// 1xx answers are not final: a client would go on waiting.
fn status(node: &Node<'_>) -> Result<u16, Problem> {
    let status = node.count()?;
    match u16::try_from(status) {
        Ok(status @ 200..=599) => Ok(status),
        _ => Err(node.problem("expected an HTTP status from 200 to 599")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn rule(effect: &Value) -> Value {
        json!({"service": "sls", "action": "*", "effect": effect})
    }

    #[track_caller]
    fn refused(rule: &Value, expected: &str) {
        let problem = read_rule(&root(rule)).unwrap_err().to_string();
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
            let faults = crate::emulator::faults::Faults::default();
            faults.add(read_rule(&root(&rule(&effect))).unwrap());
            assert_eq!(faults.to_json()[0]["effect"], effect);
        }
        assert_eq!(read_rule(&root(&rule(&json!("hold")))).unwrap().effect, Effect::Hold);
    }

    #[test]
    fn stale_counts_its_reads() {
        let mut rule = rule(&json!({"stale": {"reads": 2}}));
        rule["times"] = 3.into();
        assert_eq!(read_rule(&root(&rule)).unwrap().times, 6);
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
            let faults = crate::emulator::faults::Faults::default();
            faults.add(read_rule(&root(&rule)).unwrap());
            assert_eq!(faults.to_json()[0]["effect"], rule["effect"]);
        }
        refused(&rule("ram", "*", 17), "effect.stale.writes: expected at most 16");
        refused(&rule("ram", "*", 0), "effect.stale.writes: expected an integer of at least 1");
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
            "action: \"GetRoles\" is no action, expected \"*\" or one of: CreateRole,",
        );
        refused(
            &json!({"service": "sls", "action": "GetLogstore", "effect": "throttle"}),
            "action: \"GetLogstore\" is no action, expected \"*\" or one of: CreateProject,",
        );
        let mut with_times = rule(&json!("throttle"));
        with_times["times"] = 0.into();
        refused(&with_times, "times: expected an integer of at least 1");
        let mut with_skip = rule(&json!("throttle"));
        with_skip["skip"] = (-1).into();
        refused(&with_skip, "skip: expected an integer of at least 0");
        let mut with_typo = rule(&json!("throttle"));
        with_typo["tmes"] = 1.into();
        refused(&with_typo, "tmes: unknown member");
        refused(&rule(&json!("explode")), "effect: expected \"throttle\"");
        refused(&rule(&json!({})), "effect: expected \"throttle\"");
        refused(&rule(&json!({"explode": {}})), "effect: expected \"throttle\"");
        refused(&rule(&json!({"delay": {"ms": "5"}})), "effect.delay.ms: expected an integer of at least 0");
        refused(&rule(&json!({"delay": {"ms": 3_600_001}})), "effect.delay.ms: expected at most 3600000");
        refused(
            &rule(&json!({"error": {"status": 99, "code": "c", "message": "m"}})),
            "effect.error.status: expected an HTTP status",
        );
        refused(&rule(&json!({"error": {"status": 500, "message": "m"}})), "effect.error.code: this member");
        refused(
            &rule(&json!({"stale": {"reads": 0}})),
            "effect.stale.reads: expected an integer of at least 1",
        );
        refused(&rule(&json!({"hold": {"ms": 1}})), "effect.hold.ms: unknown member");
    }
}
