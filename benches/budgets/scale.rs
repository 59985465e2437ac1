//! Thousands of resources in one plan.

use crate::emulator::Emulator;
use crate::host::{APPLY, PLAN, Taken, run};
use crate::layout::Layout;
use crate::program::Programs;
use crate::report::{Row, Unit};
use crate::workspace::Workspace;
use crate::{Failure, median};

/// How many resources there are.
const RESOURCES: u16 = 1_000;

/// How often each plan is made.
const PLANS: usize = 3;

/// How many resources there are when the numbers grow, over [`GROWN`]'s projects and regions.
const GROWTH: [u16; 3] = [2_000, 5_000, 10_000];

/// The projects and regions of the Logstores when their number grows.
const GROWN: Layout = Layout {
    logstores: 0,
    projects: 50,
    regions: &["cn-hangzhou", "cn-beijing", "cn-shanghai"],
    encrypted: true,
};

/// What the plans of one number of resources took.
struct Plans {
    resources: f64,
    /// Seconds, and those of as many `terraform_data`.
    wall: f64,
    baseline: f64,
    /// Seconds of processor time of the provider; nothing if this is not Linux.
    processor: Option<f64>,
    peak_mib: Option<f64>,
}

impl Plans {
    fn new(layout: Layout, taken: &[Taken], baseline: f64) -> Result<Self, Failure> {
        let processor: Vec<f64> =
            taken.iter().filter_map(Taken::processor).map(|time| time.as_secs_f64()).collect();
        Ok(Self {
            resources: layout.logstores.into(),
            wall: seconds(taken)?,
            baseline,
            processor: median(processor).ok(),
            peak_mib: taken.iter().filter_map(Taken::peak_mib).max_by(f64::total_cmp),
        })
    }

    fn ratio(&self) -> f64 {
        self.wall / self.baseline
    }

    /// Milliseconds of processor time.
    fn processor_each(&self) -> Option<f64> {
        Some(self.processor? * 1000.0 / self.resources)
    }
}

/// Measures refreshing plans of [`RESOURCES`], and compares them with those of a provider that has the same schema and
/// does nothing: what the host, the plugin protocol and a schema of this size take.
///
/// # Errors
///
/// If a command fails.
pub fn measure(programs: &Programs) -> Result<Vec<Row>, Failure> {
    let layout = Layout { encrypted: true, ..Layout::in_one_project(RESOURCES) };
    let plans = plan(programs, layout, PLANS)?;
    let (with_null, null) = (programs.with_null(), Workspace::new(programs)?);
    with_state(&with_null, &null, layout, |layout| null.only_null(layout))?;
    let mut floor = Vec::new();
    for _ in 0..PLANS {
        floor.push(run(&with_null, &null, PLAN)?);
    }
    let floor = Plans::new(layout, &floor, plans.baseline)?;
    let each = |plans: &Plans| plans.processor_each().unwrap_or_default();
    Ok(vec![
        Row::at_most(
            "refreshing plan of 1,000 : with a provider that does nothing",
            plans.wall / floor.wall,
            1.25,
            Unit::Times,
        )
        .with_note(format!(
            "{:.2} s : {:.2} s; 1,000 terraform_data {:.2} s",
            plans.wall, floor.wall, plans.baseline
        )),
        Row::on_linux(
            "provider's processor time in it : a provider that does nothing",
            plans.processor.zip(floor.processor).map(|(ours, theirs)| ours / theirs),
            3.0,
            Unit::Times,
        )
        .with_note(format!("{:.2} ms : {:.2} ms a resource", each(&plans), each(&floor))),
        Row::on_linux("provider's peak resident memory during it", plans.peak_mib, 24.0, Unit::Mebibytes),
    ])
}

/// Measures refreshing plans of [`GROWTH`] resources in one provider block: what each resource takes must not grow with
/// their number.
///
/// # Errors
///
/// If a command fails.
pub fn measure_growth(programs: &Programs) -> Result<Vec<Row>, Failure> {
    let [few, some, many] = GROWTH.map(|logstores| plan(programs, Layout { logstores, ..GROWN }, 1));
    let (few, some, many) = (few?, some?, many?);
    let times = |figure: fn(&Plans) -> Option<f64>| Some(figure(&many)? / figure(&few)?);
    let each = |figure: fn(&Plans) -> Option<f64>, unit: &str| {
        let figures = [&few, &some, &many].map(|plans| figure(plans).unwrap_or_default());
        format!(
            "{:.2}, {:.2} and {:.2} {unit} for 2,000, 5,000 and 10,000",
            figures[0], figures[1], figures[2]
        )
    };
    let ratio: fn(&Plans) -> Option<f64> = |plans| Some(plans.ratio());
    let memory_each: fn(&Plans) -> Option<f64> = |plans| Some(plans.peak_mib? * 1024.0 / plans.resources);
    Ok(vec![
        Row::on_linux(
            "plan of 10,000 in 50 projects : terraform_data, to that of 2,000",
            times(ratio),
            1.1,
            Unit::Times,
        )
        .with_note(each(ratio, "×")),
        Row::on_linux(
            "provider's processor time per resource, to that of 2,000",
            times(Plans::processor_each),
            1.2,
            Unit::Times,
        )
        .with_note(each(Plans::processor_each, "ms")),
        Row::on_linux(
            "provider's peak memory per resource, to that of 2,000",
            times(memory_each),
            1.0,
            Unit::Times,
        )
        .with_note(each(memory_each, "KiB")),
    ])
}

/// Plans `times` times, in turns with `terraform_data`, so that both have the same share of a machine's good and bad
/// moments.
fn plan(programs: &Programs, layout: Layout, times: usize) -> Result<Plans, Failure> {
    let encryptions = Workspace::new(programs)?;
    let emulator = Emulator::start(&programs.emulator, encryptions.root(), layout)?;
    with_state(programs, &encryptions, layout, |layout| encryptions.encrypt(&emulator, layout, ""))?;
    let data = Workspace::new(programs)?;
    with_state(programs, &data, layout, |layout| data.only_data(layout))?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..times {
        ours.push(run(programs, &encryptions, PLAN)?);
        theirs.push(run(programs, &data, PLAN)?);
    }
    Plans::new(layout, &ours, seconds(&theirs)?)
}

/// Writes a configuration of all of `layout`, and the state of it.
fn with_state(
    programs: &Programs,
    workspace: &Workspace,
    layout: Layout,
    configure: impl Fn(Layout) -> Result<(), Failure>,
) -> Result<(), Failure> {
    configure(Layout { logstores: 1, ..layout })?;
    run(programs, workspace, APPLY)?;
    configure(layout)?;
    workspace.repeat_the_object(layout)
}

/// The median.
fn seconds(taken: &[Taken]) -> Result<f64, Failure> {
    median(taken.iter().map(|taken| taken.wall.as_secs_f64()).collect())
}
