//! Holds what `ARCHITECTURE.md` says of the sources: what is never in a room, no circles between files, and short
//! functions. The page of the provider names the environment variables that are read. What GitHub runs is in the
//! repository. And every fuzz target runs on stable Rust too.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test reports by panicking and printing"
)]

mod circles;
mod figures;
mod fuzzing;
mod limits;
mod rooms;
mod sources;
mod variables;
mod workflows;
