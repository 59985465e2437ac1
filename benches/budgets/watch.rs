//! What `/proc` tells of a process: its memory, and the processor time it has used.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The ticks in a second in which `/proc` counts processor time. The kernel promises this value to user
/// space on every architecture Rust supports (`USER_HZ`).
const TICKS_PER_SECOND: f64 = 100.0;

/// What a process has used.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// The most memory that was resident at once, in MiB.
    pub peak_mib: f64,
    /// The memory that is resident, in MiB.
    pub resident_mib: f64,
    /// Processor time, in user space and in the kernel, to the hundredth of a second.
    pub processor: Duration,
}

impl Usage {
    /// What a process has used so far; nothing if it is gone, or if this is not Linux.
    pub fn of(process: u32) -> Option<Usage> {
        let directory = directory(process);
        let status = fs::read_to_string(directory.join("status")).ok()?;
        let stat = fs::read_to_string(directory.join("stat")).ok()?;
        Some(Usage {
            peak_mib: mebibytes(&status, "VmHWM:")?,
            resident_mib: mebibytes(&status, "VmRSS:")?,
            processor: processor_time(&stat)?,
        })
    }
}

/// The children of one process that run a certain program, looked at again and again: what is known of one
/// that has ended is what was seen last.
pub struct Children {
    parent: u32,
    program: PathBuf,
    /// Processes of other parents. They are not looked at again, so that watching stays cheap.
    strangers: BTreeSet<u32>,
    seen: BTreeMap<u32, Usage>,
    at_once: AtOnce,
}

/// What the processes that run at the same time use together.
#[derive(Clone, Copy, Debug, Default)]
pub struct AtOnce {
    /// How many there are.
    pub processes: usize,
    /// The memory that is resident in all of them, in MiB.
    pub resident_mib: f64,
}

impl Children {
    /// Watches for children of `parent` that run `program`, a path as the system itself names it.
    pub fn of(parent: u32, program: &Path) -> Self {
        Self {
            parent,
            program: program.to_owned(),
            strangers: BTreeSet::new(),
            seen: BTreeMap::new(),
            at_once: AtOnce::default(),
        }
    }

    /// Looks once. On systems without `/proc` nothing is ever seen.
    pub fn look(&mut self) {
        let Ok(entries) = fs::read_dir("/proc") else { return };
        let processes = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let mut now = AtOnce::default();
        for process in processes {
            if self.strangers.contains(&process) {
                continue;
            }
            match parent_of(process) {
                Some(parent) if parent == self.parent => {
                    if let Some(usage) = self.look_at(process) {
                        now.processes += 1;
                        now.resident_mib += usage.resident_mib;
                    }
                }
                _ => {
                    self.strangers.insert(process);
                }
            }
        }
        self.at_once.processes = self.at_once.processes.max(now.processes);
        self.at_once.resident_mib = self.at_once.resident_mib.max(now.resident_mib);
    }

    /// Every child that was seen, with its usage when it was seen last.
    pub fn seen(&self) -> impl Iterator<Item = Usage> {
        self.seen.values().copied()
    }

    /// The most processes that one look has seen, and the most memory.
    pub fn at_once(&self) -> AtOnce {
        self.at_once
    }

    fn look_at(&mut self, process: u32) -> Option<Usage> {
        // Between its start and the start of its program, a child still has its parent's memory.
        let runs_it =
            fs::read_link(directory(process).join("exe")).is_ok_and(|program| program == self.program);
        let usage = runs_it.then(|| Usage::of(process)).flatten()?;
        self.seen.insert(process, usage);
        Some(usage)
    }
}

fn directory(process: u32) -> PathBuf {
    Path::new("/proc").join(process.to_string())
}

/// A line of `/proc/<process>/status`, such as `VmRSS:      7312 kB`.
fn mebibytes(status: &str, name: &str) -> Option<f64> {
    let value = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: f64 = value.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes / 1024.0)
}

fn parent_of(process: u32) -> Option<u32> {
    let stat = fs::read_to_string(directory(process).join("stat")).ok()?;
    field(&stat, 4)?.parse().ok()
}

fn processor_time(stat: &str) -> Option<Duration> {
    let ticks = |number| field(stat, number)?.parse::<f64>().ok();
    Some(Duration::from_secs_f64((ticks(14)? + ticks(15)?) / TICKS_PER_SECOND))
}

/// A field of `/proc/<process>/stat`, numbered as in proc(5). The second is the program's name in
/// parentheses, which may hold anything, so that fields are counted from its end.
fn field(stat: &str, number: usize) -> Option<&str> {
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(number.checked_sub(3)?)
}
