//! What must be so after each round, judged by what was sent, what was answered, and what is there.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::config::Config;
use crate::episode::{Act, Operation};
use crate::stage::{Call, Log, Write};
use crate::terraform::Ran;
use crate::world::STORES;

/// Something that must not be.
#[derive(Clone, Debug)]
pub struct Violation {
    /// What kind of thing.
    pub kind: &'static str,
    /// What was found.
    pub found: String,
}

/// A violation of this kind.
pub fn violation<T>(kind: &'static str, found: impl Into<String>) -> Result<T, Violation> {
    Err(Violation { kind, found: found.into() })
}

/// How much later than the read that it was built from an update may come: the second that the provider promises, and
/// what a busy machine adds.
const OLDEST_READ: Duration = Duration::from_secs(3);

/// What no output may hold. Nobody deletes a Logstore here.
const FORBIDDEN: [&str; 8] = [
    "A Logstore does not exist any more",
    "panic",
    "bug in the provider",
    "inconsistent result",
    "inconsistent final plan",
    "Provider produced",
    "rpc error",
    "crash",
];

/// Judges what a command printed and left behind.
pub fn judge_command(ran: &Ran, log: &Log) -> Result<(), Violation> {
    let killed =
        |is_so: fn(&Act) -> bool| log.acts.iter().any(|(command, act)| *command == ran.command && is_so(act));
    let terraform = killed(|act| matches!(act, Act::KillTerraform));
    let provider = killed(|act| matches!(act, Act::KillProvider));
    if let Some(limit) = ran.left.iter().find(|left| left.contains("did not come within")) {
        return violation("HANGS", format!("{}: {limit}", ran.arguments));
    }
    if !ran.left.is_empty() && !terraform && !provider {
        return violation("LEFT_BEHIND", format!("{}: {:?}", ran.arguments, ran.left));
    }
    if ran.exit_code.is_none() && !terraform {
        return violation("CRASHED", format!("{} was ended by a signal", ran.arguments));
    }
    match FORBIDDEN.iter().find(|text| ran.output.contains(**text)) {
        // That is core's own text about a plugin that is gone.
        Some(_) if provider => Ok(()),
        Some(text) => violation("OUTPUT", format!("{} says {text:?}: {}", ran.arguments, ran.output)),
        None => Ok(()),
    }
}

/// Judges what the calls of a command sent.
pub fn judge_calls(
    ran: &Ran,
    operation: Option<Operation>,
    config: &Config,
    log: &Log,
) -> Result<(), Violation> {
    let calls: Vec<&Call> = log.calls.iter().filter(|call| call.command == ran.command).collect();
    let only_reads = !["apply", "destroy"].iter().any(|word| ran.arguments.starts_with(word))
        || ran.arguments.contains("-refresh-only");
    if let Some(write) = calls.iter().find(|call| only_reads && !call.is_read()) {
        return violation("WROTE", format!("{} sent {write:?}", ran.arguments));
    }
    for update in calls.iter().filter(|call| call.action.starts_with("UpdateLogStore")) {
        let Some(store) = update.store else {
            return violation("SENT", format!("an update of no known Logstore: {update:?}"));
        };
        judge_conf(update, store, ran, operation, config)?;
        if update.action == "UpdateLogStore" {
            judge_settings(update, store, &calls)?;
        }
    }
    Ok(())
}

/// `encrypt_conf` is sent as configured; `enable` is false for a destroy that says so.
fn judge_conf(
    update: &Call,
    store: usize,
    ran: &Ran,
    operation: Option<Operation>,
    config: &Config,
) -> Result<(), Violation> {
    let conf = update.body.get("encrypt_conf").unwrap_or(&update.body);
    let is_destroyed = config.store(store).is_none()
        || ran.arguments.starts_with("destroy")
        || matches!(operation, Some(Operation::DestroyOne(_)));
    let may_be = |enable: bool| {
        config.store(store).is_some_and(|entry| entry.enable == enable)
            || !enable && is_destroyed && config.may_disable(store)
    };
    if !conf["enable"].as_bool().is_some_and(may_be) {
        return violation("ENABLE", format!("{} sent {update:?}", ran.arguments));
    }
    let wanted = config.permanent_values(store);
    if permanent_values(conf) != permanent_values(&wanted) {
        return violation("PERMANENT", format!("{} sent {update:?}, not {wanted}", ran.arguments));
    }
    Ok(())
}

/// Each setting is sent as a read of this command has shown it, and the last read is fresh.
fn judge_settings(update: &Call, store: usize, calls: &[&Call]) -> Result<(), Violation> {
    let Some(base) = base_of(update, calls) else {
        return violation("NO_READ", format!("no read came before {update:?}"));
    };
    if update.sent_at.saturating_sub(base.sent_at) > OLDEST_READ {
        return violation("OLD_READ", format!("{update:?} was built from {base:?}"));
    }
    let shown = |name: &str, value: &Value| {
        let mut reads = calls.iter().filter(|call| call.shows(store) && call.sent < update.sent);
        reads.any(|call| call.answer.get(name) == Some(value))
    };
    let settings = update.body.as_object().into_iter().flatten().filter(|(name, _)| *name != "encrypt_conf");
    match settings.into_iter().find(|(name, value)| !shown(name, value)) {
        Some((name, _)) => violation("INVENTED", format!("no read showed {name} as in {update:?}")),
        None => Ok(()),
    }
}

/// The read that an update was built from: the last one before it.
fn base_of<'a>(update: &Call, calls: &[&'a Call]) -> Option<&'a Call> {
    let store = update.store?;
    let before = |call: &&&Call| {
        call.command == update.command
            && call.shows(store)
            && call.ended.is_some_and(|ended| ended < update.sent)
    };
    calls.iter().rev().find(before).copied()
}

/// The permanent members of an `encrypt_conf`, by their names there; `UpdateLogStoreEncryption` has others.
pub fn permanent_values(conf: &Value) -> Value {
    let text =
        conf.to_string().replace("encryptType", "encrypt_type").replace("userCmkInfo", "user_cmk_info");
    let text = text.replace("keyId", "cmk_key_id").replace("roleArn", "arn").replace("regionId", "region_id");
    let conf: Value = serde_json::from_str(&text).unwrap();
    let names = ["encrypt_type", "user_cmk_info"];
    names.iter().filter_map(|name| Some(((*name).to_owned(), conf.get(*name)?.clone()))).collect()
}

/// The settings of a Logstore that only others change.
pub fn settings_of_others(members: &Map<String, Value>) -> Map<String, Value> {
    let mut settings = members.clone();
    settings.remove("lastModifyTime");
    if let Some(note) = settings.remove("encrypt_conf").and_then(|conf| conf.get("ownerNote").cloned()) {
        settings.insert("encrypt_conf.ownerNote".to_owned(), note);
    }
    settings
}

/// Why a setting is not what its last writer wrote: what ARCHITECTURE.md says cannot be closed.
///
/// # Errors
/// If nothing there explains it.
pub fn explain_loss(
    store: usize,
    (name, now): (&str, &Value),
    ran: &[Ran],
    log: &Log,
) -> Result<&'static str, Violation> {
    let of_store = format!("{}/{} {name}", STORES[store].project, STORES[store].name);
    let commands: Vec<usize> = ran.iter().map(|ran| ran.command).collect();
    let write = log.writes.iter().rfind(|write| write.store == store && write.members.contains_key(name));
    let calls: Vec<&Call> = log.calls.iter().filter(|call| commands.contains(&call.command)).collect();
    let Some(write) = write else {
        return violation(
            "CHANGED",
            format!("{of_store} is {now}, and no other writer wrote it: {calls:#?}"),
        );
    };
    let value = write.members.get(name);
    let is_value = |members: &Value| member(members, name) == value;
    let updates = calls.iter().filter(|call| {
        let is_update = call.action == "UpdateLogStore" && call.store == Some(store);
        let is_later = call.ended.is_none_or(|ended| ended > write.began);
        is_update && is_later && !is_value(&call.body) && call.status.is_none_or(|status| status == 200)
    });
    let reasons: Vec<_> = updates.filter_map(|update| reason(update, write, &calls, &is_value)).collect();
    let Some((update, reason)) = reasons.first() else {
        return violation(
            "LOST",
            format!(
                "{of_store} is {now}, and was set to {value:?} outside of the window by {write:?}: {calls:#?}"
            ),
        );
    };
    let seen =
        calls.iter().any(|call| call.shows(store) && call.sent > write.ended && is_value(&call.answer));
    let was_killed = log.has_act(update.command, |act| matches!(act, Act::KillTerraform | Act::KillProvider));
    let is_in_doubt = reasons.iter().any(|(update, _)| !update.delivered);
    let short = name.rsplit('.').next().unwrap_or(name);
    let told = ran.iter().filter(|ran| ran.command == update.command).any(|ran| {
        let says = |text: &str| ran.output.contains(text);
        ran.exit_code != Some(0) && says(&format!("{short}: "))
            || is_in_doubt && (says("may still be carried out") || says("may change that"))
    });
    if seen && !was_killed && !told {
        return violation(
            "SEEN",
            format!(
                "{of_store} is {now}, a read showed {value:?} of {write:?}, and it was neither restored nor told: {calls:#?} {ran:#?}"
            ),
        );
    }
    Ok(if seen { "a loss that was told" } else { *reason })
}

/// Why an update could overwrite a write.
fn reason<'a>(
    update: &'a Call,
    write: &Write,
    calls: &[&Call],
    is_value: &impl Fn(&Value) -> bool,
) -> Option<(&'a Call, &'static str)> {
    if !update.delivered {
        return Some((update, "a loss by an update without an answer"));
    }
    let base = base_of(update, calls)?;
    if base.sent < write.ended {
        return Some((update, "a loss in the window"));
    }
    (!is_value(&base.answer)).then_some((update, "a loss by an outdated read"))
}

fn member<'a>(members: &'a Value, name: &str) -> Option<&'a Value> {
    match name.split_once('.') {
        Some((outer, inner)) => members.get(outer)?.get(inner),
        None => members.get(name),
    }
}
