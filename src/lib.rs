//! A Terraform and OpenTofu provider that manages encryption at rest of Alibaba Cloud Simple Log
//! Service (SLS) Logstores it does not own, and the local emulator it is rehearsed on.
//!
//! The rooms, and what each may use, are described in `ARCHITECTURE.md` and held by
//! `tests/tidy/rooms.rs`:
//!
//! - [`schema`]: Terraform's values, types, schemas, diagnostics and the traits a provider implements
//! - [`plugin`]: the wire between Terraform core and a provider (handshake, TLS, gRPC)
//! - [`provider`]: this provider's configuration and resources
//! - [`cloud`]: clients of the Alibaba Cloud services
//! - [`crypto`]: digests, keyed hashes, derived keys and the type that holds a secret
//! - [`emulator`]: the local stand-in for the services
//! - [`storage`]: what the emulator keeps, on disk or in memory

pub mod cloud;
pub mod crypto;
#[cfg(feature = "emulator")]
pub mod emulator;
pub mod plugin;
pub mod provider;
pub mod schema;
#[cfg(feature = "emulator")]
pub mod storage;
