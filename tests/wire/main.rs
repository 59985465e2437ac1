//! The provider as a host sees it: over a socket, with a gRPC client, without Terraform.
//!
//! `served` runs a small provider in this process, whose calls can be made to fail or hang;
//! `process` runs the real binary, where the process itself is what matters.
#![cfg(test)]

mod action;
mod actions;
mod calls;
mod certificate;
mod client;
mod data_sources;
mod failures;
mod function_calls;
mod functions;
mod generated_configuration;
mod hostile;
mod identities;
mod lifecycle;
mod list_resources;
mod listing;
mod moves;
mod mtls;
mod process;
mod program;
mod served;
#[cfg(target_os = "linux")]
mod soak;
mod source;
mod thing;
