//! A service that admits few calls a second.

use crate::Failure;
use crate::emulator::Emulator;
use crate::host::{APPLY, PLAN, Run};
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
        let emulator = Emulator::start(&programs.emulator, workspace.root(), LOGSTORES.into())?;
        workspace.encrypt(&emulator, LOGSTORES.into(), true)?;
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
