//! The real `terraform` (or `tofu`) against the provider and the emulator, as a person would run them.
//!
//! Every test has a directory and an emulator of its own; nothing is shared but the binaries. The host's
//! binary is the one `TF_ACC_TERRAFORM_PATH` names, else `terraform` or `tofu` on `PATH`; without one the
//! tests fail. When a test fails, everything its [`harness::Scene`] saw is printed.
#![cfg(test)]

mod accounts;
mod adoption;
mod architecture;
mod audit;
mod audit_examples;
mod calls;
mod complete;
mod conflict;
mod create;
mod credentials;
mod debug;
mod destroy;
mod drift;
mod examples;
mod failures;
mod functions;
mod given;
mod gone;
mod harness;
mod hosts;
mod import;
mod interrupt;
mod malformed;
mod metric_stores;
mod module;
mod moves;
mod other_writers;
mod ownership;
mod pages;
mod permanence;
mod pipelines;
mod policies;
mod preflight;
mod privileges;
mod provider;
mod proxy;
mod query;
mod readiness;
mod refusals;
mod region;
mod release;
mod replacement;
mod role;
mod scale;
mod secrets;
mod smoke;
mod state;
mod texts;
mod toggle;
mod unknowns;
mod unmanaged;
mod validation;
mod verify;
mod whole_account;
