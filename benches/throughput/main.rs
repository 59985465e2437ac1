//! Measures how fast logs go into the emulator and come out again, for each algorithm, beside the bare
//! cipher on the same machine.
//!
//! `scripts/bench` builds the emulator that is measured and starts this. The figures are for people: there is
//! no budget, so nothing fails.

mod cipher;
mod emulator;
mod request;
mod transfer;

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use storage::Algorithm;

/// Whatever keeps a number from being measured.
type Failure = Box<dyn std::error::Error>;

/// Bytes in one log group, before it is sealed.
const GROUP: usize = 1 << 20;

/// Log groups sent and fetched for each algorithm.
const GROUPS: usize = 96;

/// What is measured: how it is configured, and with which algorithm that seals.
const KINDS: [(Option<&str>, Option<Algorithm>); 9] = [
    (None, None),
    (Some("aes_gcm"), Some(Algorithm::AesGcm)),
    (Some("aes_ecb"), Some(Algorithm::AesEcb)),
    (Some("aes_cbc"), Some(Algorithm::AesCbc)),
    (Some("aes_cfb"), Some(Algorithm::AesCfb)),
    (Some("aes_ofb"), Some(Algorithm::AesOfb)),
    (Some("sm4_gcm"), Some(Algorithm::Sm4Gcm)),
    (Some("sm4_ecb"), Some(Algorithm::Sm4Ecb)),
    (Some("sm4_cbc"), Some(Algorithm::Sm4Cbc)),
];

fn main() -> ExitCode {
    match measure() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(io::stderr(), "bench: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> Result<(), Failure> {
    let directory = tempfile::tempdir()?;
    let types: Vec<Option<&str>> = KINDS.iter().map(|(encrypt_type, _)| *encrypt_type).collect();
    let emulator = emulator::start_emulator(directory.path(), &types)?;
    let body = request::log_group(GROUP);
    let mut out = io::stdout().lock();
    writeln!(out, "{GROUPS} groups of 1 MiB each, 4 connections, data folder on disk; MB/s\n")?;
    writeln!(
        out,
        "| {:9} | {:>6} | {:>6} | {:>7} | {:>8} | {:>6} | {:>8} | {:>9} |",
        "algorithm", "bare", "sealed", "PutLogs", "Put/bare", "opened", "PullLogs", "Pull/open"
    )?;
    writeln!(out, "| --------- | -----: | -----: | ------: | -------: | -----: | -------: | --------: |")?;
    for (number, (encrypt_type, algorithm)) in KINDS.iter().enumerate() {
        let bare = cipher::bare(*algorithm, &body);
        let (sealed, opened) = cipher::sealed(*algorithm, &body)?;
        let put = rate(transfer::put(&emulator, number, &body, GROUPS)?);
        let pull = rate(transfer::pull(&emulator, number, GROUPS)?);
        let name = encrypt_type.unwrap_or("(clear)");
        let ratio =
            |figure: f64, of: Option<f64>| of.map_or("-".to_owned(), |of| format!("{:.2} ×", figure / of));
        writeln!(
            out,
            "| {name:9} | {:>6} | {sealed:>6.0} | {put:>7.0} | {:>8} | {opened:>6.0} | {pull:>8.0} | {:>9} |",
            bare.map_or("-".to_owned(), |bare| format!("{bare:.0}")),
            ratio(put, bare),
            ratio(pull, Some(opened)),
        )?;
    }
    writeln!(
        out,
        "\nbare: the cipher alone on one core. sealed, opened: with its MAC and the block around it. The gap to PutLogs\n\
         is MD5 and HMAC of the request, parsing and checking the log group, HTTP, and one write that is synced to the\n\
         disk; to PullLogs, reading the block, packing the list and HTTP. Clients and emulator share the cores."
    )?;
    Ok(())
}

/// Megabytes a second, for all groups in this time.
fn rate(time: Duration) -> f64 {
    megabytes(GROUP * GROUPS) / time.as_secs_f64()
}

/// Bytes as megabytes: 1000 × 1000, as rates are counted.
#[expect(clippy::cast_precision_loss, reason = "a few hundred megabytes are exact in a float")]
fn megabytes(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}
