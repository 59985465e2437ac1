//! Holds what `ARCHITECTURE.md` says of the sources: who may use whom, and what they come to in figures.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test reports by panicking and printing"
)]

mod circles;
mod figures;
mod rooms;
mod sources;
