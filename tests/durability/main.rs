//! The emulator's binary with `--data-dir`: what it answered with success survives everything, no secret is in the
//! folder, and its memory is bounded whoever calls.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic in a test is its report")]

mod client;
mod full_disk;
mod kill_control_plane;
mod kill_data_plane;
mod kill_readers;
mod memory;
mod refusals;
mod restart;
mod secrecy;
mod server;
mod soak;
