//! What the tests and the measurements share: the emulator as a process, signed requests, HTTP, log groups, the client
//! of a plugin, and what a process uses.
//!
//! It signs by itself: a mistake of `cloud` or of the emulator must not hide in the tests of it.

pub mod async_http;
pub mod date;
pub mod emulator_process;
pub mod extent;
pub mod figures;
pub mod http;
pub mod identity;
pub mod log_group;
pub mod network;
pub mod plugin_client;
pub mod signing;
pub mod usage;
pub mod waiting;

pub use emulator_process::{EmulatorProcess, control, control_request};
pub use http::{Response, exchange};
pub use signing::{Key, RpcRequest, SlsRequest, rpc_request};
