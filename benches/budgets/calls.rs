//! How many calls of the service one Logstore takes.

use crate::Failure;
use crate::emulator::Emulator;
use crate::host::{APPLY, PLAN, run};
use crate::program::Programs;
use crate::report::{Row, Unit};
use crate::workspace::Workspace;

/// Tells one story of one Logstore, and counts the calls of each chapter.
///
/// # Errors
///
/// If a command fails.
pub fn measure(programs: &Programs) -> Result<Vec<Row>, Failure> {
    let workspace = Workspace::new(programs)?;
    let emulator = Emulator::start(&programs.emulator, workspace.root(), 1)?;
    let count = |what: &str, arguments: &[&str], budget: f64| -> Result<Row, Failure> {
        emulator.forget_calls()?;
        run(programs, &workspace, arguments)?;
        let calls = f64::from(u32::try_from(emulator.calls()?)?);
        Ok(Row::at_most(format!("calls for one Logstore: {what}"), calls, budget, Unit::Calls))
    };

    workspace.encrypt(&emulator, 1, true)?;
    let create = count("apply of a create, plan included", APPLY, 4.0)?;
    let plan = count("refreshing plan", PLAN, 1.0)?;
    let nothing = count("apply without changes", APPLY, 1.0)?;
    workspace.encrypt(&emulator, 1, false)?;
    let toggle = count("apply of a toggle, refresh included", APPLY, 4.0)?;
    Ok(vec![plan, create, toggle, nothing])
}
