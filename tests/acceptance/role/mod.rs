//! The role of BYOK, with everything that belongs to it.

mod given;

mod create;
mod documents;
mod drift;
mod incomplete;
mod update;
