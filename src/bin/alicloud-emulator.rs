//! The emulator binary.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use alicloud_encryption::emulator::{
    Clock, Config, Emulator, MASTER_KEY_VARIABLE, NoMasterKey, Rules, Seed, Storage, logging, master_key,
};
use clap::{Args, Parser, Subcommand};
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};
use zeroize::Zeroizing;

/// A local stand-in for Alibaba Cloud: Simple Log Service, RAM, STS and KMS.
#[derive(Parser)]
#[command(name = "alicloud-emulator", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve until SIGTERM or SIGINT.
    ///
    /// All services share one port and are told apart as their clients address them. Calls must be signed,
    /// with the key ak-root / sk-root where the seed has no other. Not served: metric stores, and sessions
    /// from identity providers' tokens.
    ///
    /// Without --data-dir nothing is kept. With it, what was answered with success is there again at the next
    /// start, also after a crash.
    ///
    /// When connections are accepted, one line of JSON is printed on stdout, and nothing else ever;
    /// logs go to stderr.
    Serve(Serve),
}

#[derive(Args)]
struct Serve {
    /// Address and port to listen on; port 0 picks a free one.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8700")]
    listen: SocketAddr,
    /// Keep everything in this folder, which is made if it is not there. One process can use it at a time.
    /// Secrets, keys and encrypted logs in it are sealed under a master key.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// The file with the folder's master key: 64 hexadecimal digits. Without it the key is taken from the
    /// environment variable ALICLOUD_EMULATOR_MASTER_KEY, and else from DIR.master-key beside the folder,
    /// where the first start makes one. It is not in the folder, so that a copy of the folder gives no
    /// secret away.
    #[arg(long, value_name = "FILE", requires = "data_dir")]
    master_key_file: Option<PathBuf>,
    /// What to start with (JSON): account, region, access keys, users, groups, roles, keys, projects. With
    /// roles or keys in it, those that an encryption configuration refers to have to be there. With a
    /// --data-dir that something is stored in, it is what a reset goes back to, and of the same account.
    #[arg(long, value_name = "FILE")]
    seed: Option<PathBuf>,
    /// Refuse members that an operation does not know.
    #[arg(long, conflicts_with = "lenient")]
    strict: bool,
    /// Keep what an update leaves out, the encryption configuration included.
    #[arg(long)]
    lenient: bool,
    /// Allow an address that other machines can reach.
    #[arg(long)]
    allow_remote: bool,
}

fn main() -> ExitCode {
    let Command::Serve(arguments) = Cli::parse().command;
    logging::to_stderr();
    match serve(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "alicloud-emulator: {error}");
            ExitCode::FAILURE
        }
    }
}

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn serve(arguments: &Serve) -> Result<(), Failure> {
    let clock = Clock::system();
    let seed = match &arguments.seed {
        Some(file) => Seed::from_file(file, &clock)?,
        None => Seed::default(),
    };
    let rules = match (arguments.strict, arguments.lenient) {
        (true, _) => Rules::Strict,
        (_, true) => Rules::Lenient,
        _ => Rules::Default,
    };
    // Before the ready line: from there on a signal must find its handler.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (listen, allow_remote, storage) = (arguments.listen, arguments.allow_remote, storage(arguments)?);
    let emulator = Emulator::start(Config { listen, allow_remote, seed, storage, rules, clock }).await?;
    announce(&emulator)?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    emulator.shutdown().await;
    Ok(())
}

fn storage(arguments: &Serve) -> Result<Storage, NoMasterKey> {
    let Some(path) = arguments.data_dir.clone() else { return Ok(Storage::Memory) };
    let variable =
        std::env::var_os(MASTER_KEY_VARIABLE).map(|text| Zeroizing::new(text.into_encoded_bytes()));
    let text = variable.as_ref().map(|bytes| std::str::from_utf8(bytes).map_err(|_| NoMasterKey::Variable));
    let key = master_key(&path, arguments.master_key_file.as_deref(), text.transpose()?)?;
    Ok(Storage::Folder { path, key })
}

/// The ready line.
#[derive(Serialize)]
struct Ready<'a> {
    listening: SocketAddr,
    region: &'a str,
    account_id: &'a str,
}

/// Prints the ready line. Whoever started the process waits for it, so it is flushed.
fn announce(emulator: &Emulator) -> io::Result<()> {
    let ready =
        Ready { listening: emulator.addr(), region: emulator.region(), account_id: emulator.account_id() };
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{}", serde_json::to_string(&ready)?)?;
    stdout.flush()
}
