//! The provider binary: what Terraform and OpenTofu start, and what a person may ask it by hand.

use std::{
    env,
    ffi::OsString,
    io::{self, Write},
    process::ExitCode,
};

use plugin::{self, Environment, Mode, Network, ServeOptions, log, serve::ServeError};
use provider::{self, AlicloudEncryption, SOURCE_ADDRESS};
use schema::ProviderServer;
use tokio::runtime;

const USAGE: &str = "\
Usage: terraform-provider-alicloud-encryption [--debug | --version | --help]

A provider for Terraform and OpenTofu that encrypts Logstores of Alibaba Cloud
Simple Log Service which it does not own. Without an option it serves the host
that started it.

Options:
  --debug    Serve without a host, for use in a debugger: print the variable that
             leads Terraform or OpenTofu here, and run until Ctrl-C
  --version  Print the version
  --help     Print this text
";

/// Calls wait for the network rather than the processor, so two threads serve hundreds of them.
const WORKER_THREADS: usize = 2;

/// The exit code for a command line that is not understood, as shells and clap have it.
const USAGE_ERROR: u8 = 2;

/// What the command line asks for.
enum Command {
    Serve(Mode),
    Print(String),
    Refuse(OsString),
}

fn main() -> ExitCode {
    match command(env::args_os().skip(1)) {
        Command::Serve(mode) => serve(mode),
        Command::Print(text) => print(io::stdout(), &text, ExitCode::SUCCESS),
        Command::Refuse(argument) => {
            let text = format!("Unknown argument {}.\n\n{USAGE}", argument.display());
            print(io::stderr(), &text, ExitCode::from(USAGE_ERROR))
        }
    }
}

fn command(mut arguments: impl Iterator<Item = OsString>) -> Command {
    let (first, second) = (arguments.next(), arguments.next());
    if let Some(surplus) = second {
        return Command::Refuse(surplus);
    }
    let Some(argument) = first else { return Command::Serve(Mode::Plugin) };
    match argument.to_str() {
        Some("--debug") => Command::Serve(Mode::Debug { source_address: SOURCE_ADDRESS.to_owned() }),
        Some("--version") => Command::Print(format!("{}\n", env!("CARGO_PKG_VERSION"))),
        Some("--help" | "-h") => Command::Print(USAGE.to_owned()),
        _ => Command::Refuse(argument),
    }
}

fn serve(mode: Mode) -> ExitCode {
    let environment = Environment::of_process();
    log::init(&environment, &["cloud", "provider", "schema"]);
    match run(ServeOptions { environment, mode, network: Network::default(), output: Box::new(io::stdout()) })
    {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if let Some(line) = error.instead_of_handshake() {
                print(io::stdout(), &format!("{line}\n"), ExitCode::FAILURE);
            }
            print(io::stderr(), &format!("{error}\n"), ExitCode::FAILURE)
        }
    }
}

fn run(options: ServeOptions) -> Result<(), ServeError> {
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(WORKER_THREADS)
        .enable_all()
        .build()
        .map_err(ServeError::Runtime)?;
    let provider = || ProviderServer::new(AlicloudEncryption::new(provider::Environment::of_process()));
    let outcome = runtime.block_on(plugin::serve(provider, options));
    // Calls that did not end in time are left behind: the host waits for the process.
    runtime.shutdown_background();
    outcome
}

fn print(mut to: impl Write, text: &str, code: ExitCode) -> ExitCode {
    match to.write_all(text.as_bytes()).and_then(|()| to.flush()) {
        Ok(()) => code,
        Err(_) => ExitCode::FAILURE,
    }
}
