//! The clients of the services against the emulator, over real sockets: two halves that share no code.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a panic in a test is its report")]

mod attachment;
mod callers;
mod credentials;
mod faults;
mod kms;
mod matrix;
mod policy;
mod renewal;
mod role;
mod scene;
mod tag;
