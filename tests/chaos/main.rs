//! Chaos: the real terraform applies configurations that are drawn by a seed, while the emulator's faults, other
//! writers and signals disturb it. After each round a model judges what was sent, what is there, and what the state
//! says.
//!
//! | variable | what it does |
//! | --- | --- |
//! | `CHAOS_SEED` | the seed of the first episode; the next ones have the seeds after it |
//! | `CHAOS_ROUNDS` | episodes go on until there were so many rounds |
//! | `CHAOS_MINUTES` | or until so many minutes are over |
//! | `CHAOS_WITHOUT` | what is left out of the one episode that is played, as a failure prints it |
#![cfg(test)]

mod cloud;
mod config;
mod episode;
#[path = "../acceptance/harness/host.rs"]
#[allow(dead_code, reason = "the acceptance tests use the rest")]
mod host;
mod judge;
mod play;
mod run;
mod shrink;
mod stage;
mod terraform;
mod world;
