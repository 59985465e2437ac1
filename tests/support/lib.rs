//! What the tests and the measurements share: the emulator as a process, signed requests, HTTP, log groups, and the client
//! of a plugin.
//!
//! It signs by itself: a mistake of `cloud` or of the emulator must not hide in the tests of it.

pub mod date;
pub mod emulator_process;
pub mod http;
pub mod log_group;
pub mod plugin_client;
pub mod signing;

pub use emulator_process::{EmulatorProcess, control};
pub use http::{Response, exchange};
pub use signing::{Key, SlsRequest, rpc_request};
