//! A service that admits few calls a second.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::Failure;
use crate::emulator::Emulator;
use crate::host::{APPLY, PLAN, Run};
use crate::layout::Layout;
use crate::program::Programs;
use crate::report::{Row, Unit};
use crate::workspace::Workspace;

/// How many Logstores there are.
const LOGSTORES: u16 = 500;

/// How many resources the host works on at once.
const PARALLELISM: u16 = 30;

/// How many calls are admitted a second.
const PER_SECOND: u16 = 10;

/// How many calls at once the quota saves up for: as many as come in a second, as services do that count by the
/// second, and none.
const AT_ONCE: [u16; 2] = [10, 1];

/// How far above the bound a run may be.
const BUDGET: f64 = 1.2;

/// Compares runs with the time that the quota alone takes for their calls. No resource fails.
///
/// # Errors
///
/// If a command fails.
pub fn measure(programs: &Programs) -> Result<Vec<Row>, Failure> {
    let mut rows = Vec::new();
    for at_once in AT_ONCE {
        let workspace = Workspace::new(programs)?;
        let emulator =
            Emulator::start(&programs.emulator, workspace.root(), Layout::in_one_project(LOGSTORES))?;
        workspace.encrypt(&emulator, Layout::in_one_project(LOGSTORES), "")?;
        for (what, arguments, calls) in [("apply of a create", APPLY, 4), ("refreshing plan", PLAN, 1)] {
            emulator.admit_calls(PER_SECOND, at_once)?;
            emulator.forget_calls()?;
            let run = Run::start_at(programs, &workspace, arguments, PARALLELISM)?;
            let wall = run.finish()?.wall.as_secs_f64();
            let needed = LOGSTORES * calls;
            let bound = f64::from(needed - at_once) / f64::from(PER_SECOND);
            let in_vain = emulator.calls()?.saturating_sub(needed.into());
            let what =
                format!("{what} of 500 at {PER_SECOND} calls a second, {at_once} at once : quota alone");
            rows.push(
                Row::at_most(what, wall / bound, BUDGET, Unit::Times)
                    .with_note(format!("{wall:.1} s : {bound:.1} s; {in_vain} calls in vain")),
            );
        }
    }
    Ok(rows)
}

/// How long after a Logstore was first read another writer changes it: longer than an update may come after its read.
const CHANGED_AFTER: Duration = Duration::from_millis(1500);

/// How often the calls are looked through.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// What another writer sets `ttl` to.
const TTL: u16 = 365;

/// Changes every Logstore once while it is encrypted under the quota, and counts the changes that are lost although a
/// read came between the change and the update. A change between a read and its update is one that nothing can see.
///
/// # Errors
///
/// If a command fails.
pub fn measure_other_writer(programs: &Programs) -> Result<Vec<Row>, Failure> {
    let workspace = Workspace::new(programs)?;
    let emulator = Emulator::start(&programs.emulator, workspace.root(), Layout::in_one_project(LOGSTORES))?;
    workspace.encrypt(&emulator, Layout::in_one_project(LOGSTORES), "")?;
    emulator.admit_calls(PER_SECOND, PER_SECOND)?;
    emulator.forget_calls()?;
    let mut run = Run::start_at(programs, &workspace, APPLY, PARALLELISM)?;
    let mut first_read: BTreeMap<String, Instant> = BTreeMap::new();
    // What was changed, and how many reads of it had been answered by then if its update was still to come.
    let mut changed = BTreeMap::new();
    let mut looked = Instant::now();
    run.until(|| {
        if looked.elapsed() < LOOK_EVERY {
            return Ok(false);
        }
        looked = Instant::now();
        let calls = emulator.calls_by_log_store()?;
        for (log_store, _) in calls.keys() {
            first_read.entry(log_store.clone()).or_insert(looked);
        }
        let is_due = |(name, read): &(&String, &Instant)| {
            read.elapsed() > CHANGED_AFTER && !changed.contains_key(*name)
        };
        let due: Vec<String> = first_read.iter().filter(is_due).map(|(name, _)| name.clone()).collect();
        for log_store in due {
            let is_updated = calls.contains_key(&(log_store.clone(), "UpdateLogStore".to_owned()));
            let reads = emulator.reads_before_update(&log_store)?;
            emulator.set_ttl(&log_store, TTL)?;
            changed.insert(log_store, (!is_updated).then_some(reads));
        }
        Ok(changed.len() == usize::from(LOGSTORES))
    })?;
    run.finish()?;
    let (mut lost, mut unseen) = (0_u16, 0_u16);
    for (log_store, reads) in &changed {
        let is_lost = emulator.ttl(log_store)? != Some(TTL.into());
        let is_between = *reads == Some(emulator.reads_before_update(log_store)?);
        lost += u16::from(is_lost && !is_between);
        unseen += u16::from(is_lost && is_between);
    }
    let what = format!("seen changes of another writer lost, 500 encrypted at {PER_SECOND} calls a second");
    let note = format!(
        "{} changed, {} of them before their update; {unseen} lost between a read and its update",
        changed.len(),
        changed.values().flatten().count()
    );
    Ok(vec![Row::at_most(what, f64::from(lost), 0.0, Unit::Changes).with_note(note)])
}
