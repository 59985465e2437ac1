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

use std::io::{self, Write as _};
use std::process::ExitCode;

use program::Programs;
use report::Report;

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

fn measure() -> Result<Report, Failure> {
    let programs = Programs::from_environment()?;
    let mut report = Report::default();
    progress("starting the provider");
    report.extend(start::measure(&programs)?);
    progress("counting calls");
    report.extend(calls::measure(&programs)?);
    progress("planning many resources");
    report.extend(scale::measure(&programs)?);
    progress("planning up to ten thousand resources, which takes some minutes");
    report.extend(scale::measure_growth(&programs)?);
    progress("planning many regions");
    report.extend(regions::measure(&programs)?);
    progress("planning and applying with latency");
    report.extend(latency::measure(&programs)?);
    progress("applying and planning under a quota, which takes some minutes");
    report.extend(quota::measure(&programs)?);
    report.extend([quota::measure_other_writer(&programs)?]);
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
