//! What every run must keep, whatever happens in it.

use crate::sls::EncryptionApi;
use crate::sls::encryption::{AppliedEncryption, ApplyFailure};

use super::simulated_sls::{Change, SimulatedSls, SimulatedUpdate};

/// Checks what must be true of every run.
pub(super) fn check_promises(
    sls: &SimulatedSls,
    outcome: &Result<AppliedEncryption, Box<ApplyFailure>>,
) -> Result<(), String> {
    let ensure = |truth: bool, promise: &str| if truth { Ok(()) } else { Err(promise.to_owned()) };
    let (first, last) = (&sls.versions[0], sls.current());
    let written = sls.sent.iter().any(|sent| sent.carried_out);
    for sent in &sls.sent {
        ensure(sent.body["encrypt_conf"]["encrypt_type"] == "sm4", "no other algorithm is ever sent")?;
    }
    let is_changed = |member: &str| sls.made.iter().any(|made| made.change.member() == member);
    for member in ["ttl", "hot_ttl", "createTime", "invented"] {
        ensure(is_changed(member) || first.get(member) == last.get(member), "no other setting is changed")?;
    }
    match outcome {
        Ok(applied) => {
            let conf = applied.log_store.encrypt_conf().unwrap();
            ensure(conf.is_some_and(|conf| conf.enable), "success means that encryption is on")?;
            ensure(applied.written || !written, "a write is reported")?;
            let is_off = last.get("encrypt_conf").is_none_or(|conf| conf["enable"] != true);
            let off = sls.made.iter().rev().find(|made| made.change == Change::Disable);
            ensure(!is_off || off.is_some(), "after a success only another writer disables encryption")?;
            ensure(
                !sls.carried_out_after_end || applied.update_in_doubt,
                "a success reports an update in doubt",
            )?;
        }
        Err(failure) => ensure(failure.written || !written, "a write is reported")?,
    }
    for (index, made) in sls.made.iter().enumerate() {
        let is_superseded =
            sls.made[index + 1..].iter().any(|later| later.change.member() == made.change.member());
        if is_superseded || made.change.is_in(last, &made.value) {
            continue;
        }
        ensure(
            sls.scene.api == EncryptionApi::UpdateLogStore,
            "the dedicated action overwrites nothing else",
        )?;
        let by = |sent: &&SimulatedUpdate| sent.carried_out && sent.base_version < made.version;
        let overwriting = sls
            .sent
            .iter()
            .rev()
            .find(by)
            .ok_or("a change is lost although no update was built before it")?;
        ensure(
            made.at >= overwriting.base_requested_at || overwriting.base_version < made.version,
            "a change before the read is kept",
        )?;
        if !made.was_read || sls.carried_out_after_end {
            continue;
        }
        match outcome {
            Ok(applied) if applied.update_in_doubt => {}
            Ok(_) => {
                return Err(format!("a change that was read is lost without a report: {:?}", made.change));
            }
            Err(failure) => {
                let is_reported = failure.unrestored.iter().any(|setting| {
                    setting.member.replace("encryptConf", "encrypt_conf") == made.change.member()
                });
                ensure(
                    is_reported || sls.final_read_missed_it,
                    "a change that was read and lost is reported",
                )?;
            }
        }
    }
    Ok(())
}
