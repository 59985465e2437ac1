//! Many regions in one configuration.

use crate::Failure;
use crate::emulator::Emulator;
use crate::host::{APPLY, PLAN, Taken, run};
use crate::layout::Layout;
use crate::program::Programs;
use crate::report::{Row, Unit};
use crate::workspace::Workspace;

/// Ten Logstores in each of twenty regions.
const LAYOUT: Layout = Layout {
    logstores: 200,
    projects: 20,
    encrypted: false,
    regions: &[
        "cn-hangzhou",
        "cn-shanghai",
        "cn-beijing",
        "cn-shenzhen",
        "cn-qingdao",
        "cn-chengdu",
        "cn-guangzhou",
        "cn-heyuan",
        "cn-hongkong",
        "cn-huhehaote",
        "cn-zhangjiakou",
        "cn-wulanchabu",
        "cn-nanjing",
        "cn-fuzhou",
        "ap-southeast-1",
        "ap-southeast-3",
        "ap-southeast-5",
        "ap-northeast-1",
        "eu-central-1",
        "us-east-1",
    ],
};

/// Plans all of them through one provider block. Beside it stands the plan of as many blocks as there are regions, each
/// with its own process, as a provider needs it whose blocks have one region each.
///
/// # Errors
///
/// If a command fails.
pub fn measure(programs: &Programs) -> Result<Vec<Row>, Failure> {
    let plan = |has_aliases: bool| -> Result<Taken, Failure> {
        let workspace = Workspace::new(programs)?;
        let emulator = Emulator::start(&programs.emulator, workspace.root(), LAYOUT)?;
        if has_aliases {
            workspace.encrypt_with_aliases(&emulator, LAYOUT)?;
        } else {
            workspace.encrypt(&emulator, LAYOUT, "")?;
        }
        run(programs, &workspace, APPLY)?;
        run(programs, &workspace, PLAN)
    };
    let (one, many) = (plan(false)?, plan(true)?);
    let seconds = |taken: &Taken| taken.wall.as_secs_f64();
    let processes = u32::try_from(one.at_once.processes)?;
    let on_linux = |figure: f64| (processes > 0).then_some(figure);
    Ok(vec![
        Row::on_linux(
            "provider processes at once, 20 regions",
            on_linux(processes.into()),
            1.0,
            Unit::Processes,
        )
        .with_note(format!("{} with an alias for each region", many.at_once.processes)),
        Row::on_linux(
            "their memory, 200 Logstores in 20 regions",
            on_linux(one.at_once.resident_mib),
            24.0,
            Unit::Mebibytes,
        )
        .with_note(format!("{:.1} MiB with an alias for each region", many.at_once.resident_mib)),
        Row::at_most(
            "refreshing plan of them : with an alias for each region",
            seconds(&one) / seconds(&many),
            1.0,
            Unit::Times,
        )
        .with_note(format!("{:.2} s : {:.2} s", seconds(&one), seconds(&many))),
    ])
}
