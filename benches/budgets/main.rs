//! Measures a release build against the numbers the project is held to, and prints them as a table.
//!
//! `scripts/bench` builds what is measured and starts this. It takes some minutes, wants a quiet
//! machine, and is no part of the tests. It fails if a number is over its budget.

mod calls;
mod emulator;
mod host;
mod latency;
mod layout;
mod program;
mod quota;
mod regions;
mod report;
mod scale;
mod start;
mod watch;
mod workspace;

use std::env;
use std::io::{self, Write as _};
use std::process::ExitCode;

use program::Programs;
use report::{Report, Row};

/// Whatever keeps a number from being measured.
type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    match measure() {
        Ok(report) => {
            let printed = io::stdout().write_all(report.to_string().as_bytes());
            ExitCode::from(u8::from(printed.is_err() || report.is_over()))
        }
        Err(failure) => {
            let _ = writeln!(io::stderr(), "bench: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Measures a part of the table.
type Measure = fn(&Programs) -> Result<Vec<Row>, Failure>;

/// The parts, in the order of the table: the name, what is said while it is measured, and what measures it.
const PARTS: [(&str, &str, Measure); 8] = [
    ("start", "starting the provider", start::measure),
    ("calls", "counting calls", calls::measure),
    ("scale", "planning many resources", scale::measure),
    ("growth", "planning up to ten thousand resources, which takes some minutes", scale::measure_growth),
    ("regions", "planning many regions", regions::measure),
    ("latency", "planning and applying with latency", latency::measure),
    ("quota", "applying and planning under a quota, which takes some minutes", quota::measure),
    ("writers", "applying beside another writer", quota::measure_other_writer),
];

/// Measures the parts that the arguments name, or all.
fn measure() -> Result<Report, Failure> {
    let programs = Programs::from_environment()?;
    // cargo adds an option of its own.
    let chosen: Vec<String> = env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    if let Some(unknown) = chosen.iter().find(|name| PARTS.iter().all(|(part, ..)| part != name)) {
        return Err(format!("there is no part {unknown}").into());
    }
    let mut report = Report::default();
    for (part, doing, measure) in PARTS {
        if chosen.is_empty() || chosen.iter().any(|name| name == part) {
            progress(doing);
            report.extend(measure(&programs)?);
        }
    }
    Ok(report)
}

/// Says on standard error what takes so long.
fn progress(doing: &str) {
    // Without a standard error there is nobody to tell.
    let _ = writeln!(io::stderr(), "bench: {doing}");
}

/// The middle one of a few measurements; of an even number, the upper one.
fn median(mut figures: Vec<f64>) -> Result<f64, Failure> {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().ok_or_else(|| "there is nothing to take the median of".into())
}
