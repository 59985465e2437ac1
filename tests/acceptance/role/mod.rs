//! The role of BYOK, with everything that belongs to it.

mod given;

mod calls;
mod create;
mod destroy;
mod documents;
mod drift;
mod import;
mod incomplete;
mod refusals;
mod update;
mod waits;
