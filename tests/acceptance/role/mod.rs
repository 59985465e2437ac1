//! The role of BYOK, with everything that belongs to it.

pub mod given;

mod absence;
mod calls;
mod chain;
mod create;
mod destroy;
mod documents;
mod drift;
mod half_made;
mod import;
mod incomplete;
mod interrupt;
mod refusals;
mod story;
mod sweep;
mod update;
mod waits;
