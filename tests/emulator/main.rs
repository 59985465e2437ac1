//! The emulator over real sockets, in process and as a binary.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic in a test is its report")]

mod binary;
mod byok;
mod client;
mod consistency;
mod control;
mod data;
mod faults;
mod identity;
mod indexes;
mod location;
mod logstores;
mod metricstores;
mod official_provider;
mod oidc;
mod origin;
mod projects;
mod sockets;
mod status;
mod tampering;
mod tls;
mod wire;
