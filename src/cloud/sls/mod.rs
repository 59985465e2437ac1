//! Simple Log Service (SLS), API version 2020-12-30, wire version 0.6.0.

mod answer;
mod client;
mod encrypt_conf;
pub mod encryption;
mod list;
mod log_store;

pub use client::{SlsClient, SlsConfig};
pub use encrypt_conf::{EncryptConf, EncryptionApi, UserCmkInfo};
pub use list::{ListLogStores, LogStorePage};
pub use log_store::LogStore;
