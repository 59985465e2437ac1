//! What a process uses of the machine, as `/proc` tells it: on Linux only.

use std::fs;
use std::io;
use std::path::PathBuf;

/// What a process uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// The memory that is resident, in bytes.
    pub resident: usize,
    /// The most memory that was resident at once, in bytes: since its start, or since [`forget_peak`].
    pub peak: usize,
    /// How many threads it has.
    pub threads: usize,
    /// How many files and sockets it has open.
    pub files: usize,
    /// How many of them are sockets.
    pub sockets: usize,
}

impl Usage {
    /// What a process uses now.
    ///
    /// # Errors
    /// If the system does not say: only Linux does.
    pub fn of(process: u32) -> io::Result<Self> {
        let status = fs::read_to_string(path(process, "status"))?;
        let number = |name: &str| {
            let value = status.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next());
            let number = value.and_then(|value| value.parse::<usize>().ok());
            number.ok_or_else(|| io::Error::other(format!("no {name} in the status")))
        };
        let (mut files, mut sockets) = (0, 0);
        for entry in fs::read_dir(path(process, "fd"))? {
            files += 1;
            // It may have been closed meanwhile.
            let target = fs::read_link(entry?.path()).unwrap_or_default();
            sockets += usize::from(target.to_string_lossy().starts_with("socket:"));
        }
        Ok(Self {
            resident: number("VmRSS:")? * 1024,
            peak: number("VmHWM:")? * 1024,
            threads: number("Threads:")?,
            files,
            sockets,
        })
    }
}

/// Has [`Usage::peak`] of a process count from now on.
///
/// # Errors
/// If the system cannot: only Linux can.
pub fn forget_peak(process: u32) -> io::Result<()> {
    // proc_pid_clear_refs(5): 5 resets the peak.
    fs::write(path(process, "clear_refs"), "5")
}

fn path(process: u32, name: &str) -> PathBuf {
    ["/proc", &process.to_string(), name].iter().collect()
}
