//! The data sources that say how Logstores are encrypted: `alicloud_log_store_encryption` about one, and
//! `alicloud_log_store_encryptions` about all of projects and regions.

mod all;
mod all_model;
mod one;
mod store;
mod survey;

pub use all::LogStoreEncryptions;
pub use one::LogStoreEncryptionState;
