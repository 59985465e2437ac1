//! Hostile files, configurations and services: the real binary names what is wrong, goes on serving, and its memory is
//! bounded. Each test is an attack that worked once, with its whole kind.

mod answers;
mod door;
mod echoes;
mod files;
pub mod plugin;
mod values;
