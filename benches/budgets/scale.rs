//! A thousand resources in one plan.

use crate::emulator::Emulator;
use crate::host::{APPLY, PLAN, Taken, run};
use crate::program::Programs;
use crate::report::{Row, Unit};
use crate::workspace::Workspace;
use crate::{Failure, median};

/// How many resources there are.
const RESOURCES: u16 = 1_000;

/// How often each plan is made.
const PLANS: usize = 3;

/// What the plan of `terraform_data` took, in seconds, on the machine where the budget of processor time
/// was set. It tells how fast another machine is.
const BASELINE_OF_BUDGET: f64 = 0.8;

/// Measures refreshing plans, and compares them with those of as many resources that take no provider.
///
/// # Errors
///
/// If a command fails.
pub fn measure(programs: &Programs) -> Result<Vec<Row>, Failure> {
    let encryptions = Workspace::new(programs)?;
    let emulator = Emulator::start(&programs.emulator, encryptions.root(), RESOURCES.into())?;
    encryptions.encrypt(&emulator, RESOURCES.into(), true)?;
    run(programs, &encryptions, APPLY)?;
    let data = Workspace::new(programs)?;
    data.only_data(RESOURCES.into())?;
    run(programs, &data, APPLY)?;

    // In turns, so that both have the same share of a machine's good and bad moments.
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..PLANS {
        ours.push(run(programs, &encryptions, PLAN)?);
        theirs.push(run(programs, &data, PLAN)?);
    }

    let (wall, baseline) = (median(seconds(&ours))?, median(seconds(&theirs))?);
    let peak = ours.iter().filter_map(Taken::peak_mib).max_by(f64::total_cmp);
    let processor: Vec<f64> =
        ours.iter().filter_map(Taken::processor).map(|time| time.as_secs_f64() * 1000.0).collect();
    let processor = if processor.is_empty() { None } else { Some(median(processor)? / f64::from(RESOURCES)) };
    let speed =
        format!("where terraform_data takes {baseline:.2} s; the budget is for {BASELINE_OF_BUDGET} s");
    Ok(vec![
        Row::at_most("refreshing plan of 1,000 : of 1,000 terraform_data", wall / baseline, 2.0, Unit::Times)
            .with_note(format!("{wall:.2} s : {baseline:.2} s")),
        Row::on_linux("provider's processor time per resource of it", processor, 0.4, Unit::Milliseconds)
            .with_note(speed),
        Row::on_linux("provider's peak resident memory during it", peak, 40.0, Unit::Mebibytes),
    ])
}

fn seconds(taken: &[Taken]) -> Vec<f64> {
    taken.iter().map(|taken| taken.wall.as_secs_f64()).collect()
}
