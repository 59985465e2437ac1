//! What tests use in place of the clock, the nonces, the files and the network: a clock that a test moves, nonces
//! that are counted, and files and replies that a test lists.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a panic is the report of a test")]

mod manual_clock;
mod numbered_nonces;
mod scripted_clients;
mod scripted_host;
mod scripted_transport;

pub use manual_clock::ManualClock;
pub use numbered_nonces::NumberedNonces;
pub use scripted_clients::{credentials, scripted_rpc, scripted_rpc_with, scripted_source_context};
pub use scripted_host::ScriptedHost;
pub use scripted_transport::{Reply, ScriptedTransport};
