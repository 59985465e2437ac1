//! How many calls of the service one Logstore takes.

use crate::Failure;
use crate::emulator::Emulator;
use crate::host::{APPLY, PLAN, run};
use crate::layout::Layout;
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
    let emulator = Emulator::start(&programs.emulator, workspace.root(), Layout::in_one_project(1))?;
    let count = |what: &str, arguments: &[&str], budget: f64| -> Result<Row, Failure> {
        emulator.forget_calls()?;
        run(programs, &workspace, arguments)?;
        let calls = f64::from(u32::try_from(emulator.calls()?)?);
        Ok(Row::at_most(format!("calls for one Logstore: {what}"), calls, budget, Unit::Calls))
    };

    workspace.encrypt(&emulator, Layout::in_one_project(1), "")?;
    let create = count("apply of a create, plan included", APPLY, 4.0)?;
    let plan = count("refreshing plan", PLAN, 1.0)?;
    let nothing = count("apply without changes", APPLY, 1.0)?;
    workspace.encrypt(&emulator, Layout::in_one_project(1), "  enable = false\n")?;
    let toggle = count("apply of a toggle, refresh included", APPLY, 4.0)?;
    let mut rows = vec![plan, create, toggle, nothing];
    rows.extend(measure_shared(programs)?);
    Ok(rows)
}

/// How many Logstores share a key and a role.
const SHARING: u16 = 200;

/// Counts the calls of KMS, RAM and STS by which a run looks at the one key and the one role of its Logstores: for one
/// Logstore, and for [`SHARING`].
fn measure_shared(programs: &Programs) -> Result<Vec<Row>, Failure> {
    let [one, many] = [1, SHARING].map(|logstores| -> Result<[u32; 2], Failure> {
        let (workspace, layout) = (Workspace::new(programs)?, Layout::in_one_project(logstores));
        let emulator = Emulator::start(&programs.emulator, workspace.root(), layout)?;
        workspace.encrypt(&emulator, layout, &Layout::byok())?;
        run(programs, &workspace, APPLY)?;
        let of_apply = u32::try_from(emulator.calls_of_others()?)?;
        emulator.forget_calls()?;
        run(programs, &workspace, PLAN)?;
        Ok([of_apply, u32::try_from(emulator.calls_of_others()?)?])
    });
    let rows = ["apply of a create", "refreshing plan"].into_iter().zip(one?).zip(many?);
    Ok(rows
        .map(|((what, one), many)| {
            let what = format!("calls to look at the key and the role of {SHARING} Logstores: {what}");
            Row::at_most(what, many.into(), one.into(), Unit::Calls)
                .with_note(format!("{one} for one Logstore"))
        })
        .collect())
}
