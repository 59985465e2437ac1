//! The emulator binary.

use std::fs;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use emulator::{
    Clock, Config, Emulator, MASTER_KEY_VARIABLE, NoMasterKey, Rules, Seed, Storage, inspect, logging,
    master_key,
};
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};
use zeroize::Zeroizing;

/// A local stand-in for Alibaba Cloud: Simple Log Service, RAM, STS and KMS.
#[derive(Parser)]
#[command(name = "alicloud-emulator", version)]
struct Cli {
    /// What is logged to stderr: off, error, warn, info, or debug, which has every call. Without it the level is
    /// taken from the environment variable `ALICLOUD_EMULATOR_LOG_LEVEL`, and else it is info.
    #[arg(long, global = true, value_name = "LEVEL", value_parser = logging::LEVELS, hide_possible_values = true)]
    log_level: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve until SIGTERM, SIGINT or SIGHUP.
    ///
    /// All services share one port and are told apart as their clients address them. Calls must be signed,
    /// with the key ak-root / sk-root where the seed has no other.
    ///
    /// Without --data-dir nothing is kept. With it, what was answered with success is there again at the next
    /// start, also after a crash.
    ///
    /// When connections are accepted, one line of JSON is printed on stdout, and nothing else ever;
    /// logs go to stderr.
    Serve(Serve),
    /// Show what lies on disk of a Logstore.
    ///
    /// Its encryption configuration, its wrapped data key, and the last blocks of each shard are shown as
    /// they are: no key is needed, and nothing is decrypted. The file is not changed. It cannot be read while
    /// an emulator is using the folder.
    Inspect(Inspect),
}

#[derive(Args)]
struct Serve {
    /// Address or name of a host, and port, to listen on; port 0 picks a free one.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8700")]
    listen: String,
    /// Keep everything in this folder, which is made if it is not there. One process can use it at a time.
    /// Secrets, keys and encrypted logs in it are sealed under a master key.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// The file with the folder's master key: 32 bytes as 64 hexadecimal digits or in base64. Without it the key
    /// is taken from the environment variable `ALICLOUD_EMULATOR_MASTER_KEY`, and else from DIR.master-key beside
    /// the folder, where the first start makes one. It is not in the folder, so that a copy of the folder gives
    /// no secret away.
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
    /// Answer for this name too, and for those with a project in front of it. It can be given several times. Without
    /// it the hosts of the services, localhost, addresses, names without a dot and the host of --listen are answered
    /// for: any other name could lead a web page here.
    #[arg(long = "allow-host", value_name = "NAME")]
    allowed_hosts: Vec<String>,
    #[command(flatten)]
    tls: Tls,
}

#[derive(Args)]
struct Tls {
    /// Serve TLS on the same port too, and CONNECT: as the HTTPS proxy of a client the emulator answers for
    /// the services' real host names.
    ///
    /// Certificates are signed by an authority of the emulator's own, which is another one at each start.
    #[arg(long, requires = "ca_out")]
    tls: bool,
    /// Where to write the certificate (PEM) of that authority, for clients to trust. A file that is there is replaced,
    /// and a link is not followed.
    #[arg(long, value_name = "FILE", requires = "tls")]
    ca_out: Option<PathBuf>,
}

#[derive(Args)]
struct Inspect {
    /// The folder of an emulator.
    #[arg(long, value_name = "DIR")]
    data_dir: PathBuf,
    /// The project's name.
    project: String,
    /// The Logstore's name.
    logstore: String,
    /// How many blocks of each shard to show, the last ones.
    #[arg(long, value_name = "N", default_value_t = 5)]
    limit: usize,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    let Cli { log_level, command } = Cli::parse();
    let done = log_to_stderr(log_level).and_then(|()| match &command {
        Command::Serve(arguments) => serve(arguments),
        Command::Inspect(arguments) => show(arguments),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "alicloud-emulator: {}", logging::shown(&error.to_string()));
            ExitCode::FAILURE
        }
    }
}

type Failure = Box<dyn std::error::Error>;

/// Logs events of the level that is given, else of that in the environment.
fn log_to_stderr(given: Option<String>) -> Result<(), Failure> {
    let level = match given {
        Some(level) => level,
        None => std::env::var(logging::LEVEL_VARIABLE).unwrap_or_default(),
    };
    let level = if level.is_empty() { logging::DEFAULT_LEVEL } else { &level };
    if !logging::LEVELS.contains(&level) {
        let levels = logging::LEVELS.join(", ");
        return Err(format!("{}: {level:?} is not one of {levels}", logging::LEVEL_VARIABLE).into());
    }
    logging::to_stderr(level);
    Ok(())
}

#[tokio::main]
async fn serve(arguments: &Serve) -> Result<(), Failure> {
    let config = config(arguments)?;
    // Before the ready line: from there on a signal must find its handler.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    // Under nohup a hangup is ignored, and stays so.
    let mut hangup = if ignores_hangup() { None } else { Some(signal(SignalKind::hangup())?) };
    let emulator = Emulator::start(config).await?;
    let ca_file = arguments.tls.ca_out.as_deref();
    if let Some(file) = ca_file {
        emulator
            .write_ca_certificate(file)
            .map_err(|error| format!("cannot write the CA certificate to {}: {error}", file.display()))?;
    }
    announce(&emulator, ca_file)?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        Some(()) = async { hangup.as_mut()?.recv().await } => {}
    }
    emulator.shutdown().await;
    Ok(())
}

/// Whether this process was started with SIGHUP ignored, as far as the system tells (Linux does).
fn ignores_hangup() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|digits| u64::from_str_radix(digits.trim(), 16).ok()).unwrap_or_default();
    ignored & 1 == 1
}

fn config(arguments: &Serve) -> Result<Config, Failure> {
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
    Ok(Config {
        listen: arguments.listen.clone(),
        allow_remote: arguments.allow_remote,
        allowed_hosts: arguments.allowed_hosts.clone(),
        seed,
        storage: storage(arguments)?,
        rules,
        clock,
        tls: arguments.tls.tls,
        ..Config::default()
    })
}

fn show(arguments: &Inspect) -> Result<(), Failure> {
    let Inspect { data_dir, project, logstore, limit, json } = arguments;
    let inspected = inspect(data_dir, project, logstore, *limit)?;
    let text = if *json { serde_json::to_string(&inspected)? + "\n" } else { inspected.to_string() };
    io::stdout().lock().write_all(text.as_bytes())?;
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
    #[serde(skip_serializing_if = "Option::is_none")]
    tls: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ca_file: Option<&'a Path>,
}

/// Prints the ready line. Whoever started the process waits for it, so it is flushed.
fn announce(emulator: &Emulator, ca_file: Option<&Path>) -> io::Result<()> {
    let ready = Ready {
        listening: emulator.addr(),
        region: emulator.region(),
        account_id: emulator.account_id(),
        tls: ca_file.map(|_| true),
        ca_file,
    };
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{}", serde_json::to_string(&ready)?)?;
    stdout.flush()
}
