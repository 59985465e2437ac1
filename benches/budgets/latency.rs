//! A service that takes its time.

use std::time::Duration;

use crate::Failure;
use crate::emulator::Emulator;
use crate::host::{APPLY, PARALLELISM, PLAN, run};
use crate::layout::Layout;
use crate::program::Programs;
use crate::report::{Row, Unit};
use crate::workspace::Workspace;

/// How long each call takes.
const LATENCY: Duration = Duration::from_millis(50);

/// How many Logstores there are.
const LOGSTORES: u16 = 500;

/// How far above the bound a run may be.
const BUDGET: f64 = 1.1;

/// Compares runs with the bound: the time that their calls alone take when ten are always under way, and what the host
/// takes for as many resources of a provider that does nothing.
///
/// # Errors
///
/// If a command fails.
pub fn measure(programs: &Programs) -> Result<Vec<Row>, Failure> {
    let workspace = Workspace::new(programs)?;
    let layout = Layout::in_one_project(LOGSTORES);
    let emulator = Emulator::start(&programs.emulator, workspace.root(), layout)?;
    workspace.encrypt(&emulator, layout, "")?;
    emulator.delay_calls(LATENCY)?;
    let (with_null, null) = (programs.with_null(), Workspace::new(programs)?);
    null.only_null(layout)?;
    let compare = |what: &str, arguments: &[&str], calls: f64| -> Result<Row, Failure> {
        let wall = run(programs, &workspace, arguments)?.wall.as_secs_f64();
        let host = run(&with_null, &null, arguments)?.wall.as_secs_f64();
        let bound = f64::from(LOGSTORES) * calls * LATENCY.as_secs_f64() / f64::from(PARALLELISM);
        let what = format!("{what} of 500 at 50 ms a call : calls alone and a provider that does nothing");
        Ok(Row::at_most(what, wall / (bound + host), BUDGET, Unit::Times)
            .with_note(format!("{wall:.2} s : {bound:.2} s and {host:.2} s")))
    };
    Ok(vec![compare("apply of a create", APPLY, 4.0)?, compare("refreshing plan", PLAN, 1.0)?])
}
