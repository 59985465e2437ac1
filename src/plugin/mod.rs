//! The wire between Terraform core and a provider: handshake, TLS, gRPC, logs.
//!
//! A provider is served with [`serve()`]. Everything a host sends is converted at the door:
//! generated types and encodings stay in this room, and the provider behind
//! [`ProviderServer`](schema::ProviderServer) knows nothing of them.

mod broker;
mod connection;
mod controller;
mod core_dumps;
pub mod environment;
mod from_proto;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod handshake;
mod health;
mod host;
pub mod listen_error;
pub mod listener;
pub mod log;
mod mode;
mod pb;
mod reattach;
mod schema_to_proto;
pub mod serve;
mod service;
mod signals;
mod stdio;
mod streams;
pub mod tls;
mod to_proto;
#[cfg(unix)]
mod unix_socket;

pub use environment::Environment;
pub use listener::Network;
pub use mode::Mode;
pub use serve::{ServeError, ServeOptions, serve};
