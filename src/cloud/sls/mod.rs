//! Simple Log Service (SLS), API version 2020-12-30, wire version 0.6.0.

mod answer;
mod client;
mod encrypt_conf;
pub mod encryption;
mod list;
mod listing;
mod log_store;
mod telemetry_type;

pub use client::{SlsClient, SlsConfig};
pub use encrypt_conf::{EncryptConf, EncryptionApi, UserCmkInfo};
pub use list::{ListLogStores, ListMetricStores, ListProject, LogStorePage, MAX_PAGE_SIZE, ProjectPage};
pub use log_store::LogStore;
pub use telemetry_type::TelemetryType;
