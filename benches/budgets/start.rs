//! The provider by itself: its size, its start, its memory when nothing happens.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use crate::emulator::Emulator;
use crate::host::{APPLY, PLAN, Run, run};
use crate::layout::Layout;
use crate::program::Programs;
use crate::report::{Row, Unit};
use crate::watch::Usage;
use crate::workspace::Workspace;
use crate::{Failure, median};

/// How often the provider is started. The median of so many hardly moves from run to run.
const STARTS: usize = 30;

/// A host's certificate: ECDSA on P-521, self-signed, as Terraform and OpenTofu make a fresh one for each start.
/// Nobody has its key.
const HOST_CERTIFICATE: &str = include_str!("host_certificate.pem");

/// What hosts set for a provider; the cookie is fixed, and no secret.
const HOST_VARIABLES: [(&str, &str); 5] = [
    ("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"),
    ("PLUGIN_PROTOCOL_VERSIONS", "5,6"),
    ("PLUGIN_MIN_PORT", "10000"),
    ("PLUGIN_MAX_PORT", "25000"),
    ("PLUGIN_CLIENT_CERT", HOST_CERTIFICATE),
];

/// Measures all of it.
///
/// # Errors
///
/// If the provider does not start.
pub fn measure(programs: &Programs) -> Result<Vec<Row>, Failure> {
    let mut starts = Vec::with_capacity(STARTS);
    let mut versions = Vec::with_capacity(STARTS);
    let mut memory = Vec::with_capacity(STARTS);
    let workspace = Workspace::new(programs)?;
    for _ in 0..STARTS {
        versions.push(Started::start(programs, &workspace, &["--version"])?.1);
        let (provider, to_line) = Started::start(programs, &workspace, &[])?;
        starts.push(to_line);
        memory.extend(Usage::of(provider.0.id()).map(|usage| usage.resident_mib));
    }
    let idle = if memory.is_empty() { None } else { Some(median(memory)?) };
    #[expect(clippy::cast_precision_loss, reason = "no file is that large")]
    let megabytes = fs::metadata(&programs.provider)?.len() as f64 / 1e6;
    let (start, version) = (median(starts)?, median(versions)?);
    Ok(vec![
        Row::at_most("start to handshake line : to that of `--version`", start / version, 3.0, Unit::Times)
            .with_note(format!("{start:.2} ms : {version:.2} ms, medians of {STARTS}")),
        Row::on_linux("resident memory after the handshake line", idle, 10.0, Unit::Mebibytes),
        Row::on_linux("resident memory while a read waits", while_waiting(programs)?, 10.0, Unit::Mebibytes),
        Row::at_most("stripped, static binary", megabytes, 10.0, Unit::Megabytes),
    ])
}

/// A provider without a host, killed when dropped.
struct Started(Child);

impl Started {
    /// Starts the provider as a host does, and tells how many milliseconds it took until the whole first line was
    /// there: the handshake line, or what the arguments ask for.
    fn start(programs: &Programs, workspace: &Workspace, arguments: &[&str]) -> Result<(Self, f64), Failure> {
        let mut command = Command::new(&programs.provider);
        command
            .args(arguments)
            .env_clear()
            .envs(HOST_VARIABLES)
            .env("TMPDIR", workspace.path("tmp"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let begin = Instant::now();
        let mut started = Self(command.spawn()?);
        let stdout = started.0.stdout.take().ok_or("the provider has no standard output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let to_line = begin.elapsed().as_secs_f64() * 1000.0;
        let is_right = line.ends_with('\n') && (line.starts_with("1|6|") != arguments.contains(&"--version"));
        if !is_right {
            return Err(format!("the provider's first line is {line:?}").into());
        }
        Ok((started, to_line))
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The memory of a provider with a real host, which has asked for the schema, configured it, and waits for
/// a read that the service does not answer.
fn while_waiting(programs: &Programs) -> Result<Option<f64>, Failure> {
    let workspace = Workspace::new(programs)?;
    let emulator = Emulator::start(&programs.emulator, workspace.root(), Layout::in_one_project(1))?;
    workspace.encrypt(&emulator, Layout::in_one_project(1), "")?;
    run(programs, &workspace, APPLY)?;
    emulator.forget_calls()?;
    emulator.hold_calls()?;
    let mut plan = Run::start(programs, &workspace, PLAN)?;
    let seen = plan.until(|| Ok(emulator.calls()? == 1))?;
    emulator.clear_faults()?;
    plan.finish()?;
    Ok(seen.iter().map(|usage| usage.resident_mib).max_by(f64::total_cmp))
}
