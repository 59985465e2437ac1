//! The base of every test: a [`Scene`] is a fresh directory with a configuration in it, a fresh
//! emulator, and the means to run the host and to look at both.

mod control;
mod diagnostic;
mod emulator;
mod host;
mod plan;
mod ram;
mod ran;
pub mod rpc;
mod run;
mod scene;
mod sts;

pub use control::Call;
pub use diagnostic::Diagnostic;
pub use emulator::start_emulator;
pub use host::{Host, SOURCE, write_cli_config};
pub use plan::Plan;
pub use ram::{RamPolicy, RamRole};
pub use ran::Ran;
pub use run::{DebugProvider, Run};
pub use scene::Scene;
pub use sts::Session;
pub use test_support::network::{Relay, Server};
