//! Runs the sequence in every interleaving with up to two changes of other writers, one fault, and one delay or stale
//! read.
//!
//! A simulated SLS asks a script wherever another writer, a fault or a delay may come. The scripts are counted through
//! like the positions of an odometer, so each combination runs once. Only the simulation moves the clock.

mod promises;
mod script;
mod simulated_sls;

use std::{
    num::NonZero,
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
};

use serde_json::Value;

use crate::sls::encryption::{AppliedEncryption, ApplyFailure};
use crate::sls::{EncryptionApi, TelemetryType};
use promises::check_promises;
use script::Script;
use simulated_sls::{Budget, Change, Scene, run};

fn summary(outcome: &Result<AppliedEncryption, Box<ApplyFailure>>) -> String {
    match outcome {
        Ok(applied) => format!("success, update in doubt: {}", applied.update_in_doubt),
        Err(failure) => {
            format!(
                "{}, unrestored {:?}, final read {:?}",
                failure.error, failure.unrestored, failure.final_read
            )
        }
    }
}

/// Runs every script of a scene. Returns how many there are.
fn run_all_scripts(scene: Scene, budget: Budget) -> u64 {
    let (mut script, mut runs) = (Script::default(), 0);
    loop {
        let (mut sls, outcome) = run(scene, budget, script);
        runs += 1;
        if let Err(promise) = check_promises(&sls, &outcome) {
            panic!(
                "{promise}\n{scene:?}\n{}\n{}\n{}",
                sls.trace.join("\n"),
                Value::Object(sls.current().clone()),
                summary(&outcome)
            );
        }
        script = std::mem::take(&mut sls.script);
        if !script.next() {
            return runs;
        }
    }
}

fn scenes() -> impl Iterator<Item = Scene> {
    let changes = [
        [Change::Ttl, Change::Ttl],
        [Change::Ttl, Change::HotTtl],
        [Change::HotTtl, Change::Disable],
        [Change::Ttl, Change::UnknownMemberOfConf],
    ];
    let apis = [EncryptionApi::UpdateLogStore, EncryptionApi::UpdateLogStoreEncryption];
    let all = apis.into_iter().flat_map(move |api| changes.into_iter().map(move |changes| (api, changes)));
    let of_log_stores = all.flat_map(|(api, changes)| {
        [(false, false, false), (false, true, true), (true, false, false), (true, true, false)]
            .into_iter()
            .map(move |(is_toggle, has_base, times_change_at_reads)| Scene {
                api,
                kind: TelemetryType::Logs,
                is_toggle,
                has_base,
                times_change_at_reads,
                changes,
            })
            // A Logstore without a configuration has no member of it to change.
            .filter(|scene| scene.is_toggle || !scene.changes.contains(&Change::UnknownMemberOfConf))
    });
    of_log_stores.chain(metric_store_scenes())
}

/// The sequence decides about metric stores by the same rules, with other names. So two scenes are enough: they have
/// every change, a first configuration and a toggle, and a sequence with and without a base.
fn metric_store_scenes() -> [Scene; 2] {
    let toggle = Scene {
        api: EncryptionApi::UpdateLogStore,
        kind: TelemetryType::Metrics,
        is_toggle: true,
        has_base: false,
        times_change_at_reads: false,
        changes: [Change::Ttl, Change::UnknownMemberOfConf],
    };
    let changes = [Change::HotTtl, Change::Disable];
    [toggle, Scene { is_toggle: false, has_base: true, times_change_at_reads: true, changes, ..toggle }]
}

#[test]
fn every_interleaving_keeps_or_reports_the_changes_that_a_read_has_shown() {
    const BUDGET: Budget = Budget { changes: 2, faults: 1, delays: 1 };
    let scenes: Vec<Scene> = scenes().collect();
    let (next, runs) = (AtomicUsize::new(0), AtomicU64::new(0));
    std::thread::scope(|threads| {
        for _ in 0..std::thread::available_parallelism().map_or(1, NonZero::get) {
            threads.spawn(|| {
                while let Some(scene) = scenes.get(next.fetch_add(1, Ordering::Relaxed)) {
                    runs.fetch_add(run_all_scripts(*scene, BUDGET), Ordering::Relaxed);
                }
            });
        }
    });
    let runs = runs.into_inner();
    println!("{runs} interleavings of {} scenes", scenes.len());
    assert!(runs > 100_000, "too few interleavings: {runs}");
}
