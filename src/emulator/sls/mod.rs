//! Simple Log Service: projects, Logstores, and the logs in them
//! (<https://www.alibabacloud.com/help/en/sls/developer-reference/api-sls-2020-12-30-overview>).

mod activation;
mod authentication;
mod byok;
mod changes;
mod context;
mod data;
mod data_key;
mod documents;
mod encryption;
mod error;
mod fields;
mod index;
mod limits;
mod logstore;
mod metricstore;
mod model;
mod names;
mod operations;
mod paging;
mod permission;
mod project;
mod routes;
pub(super) mod seeding;
mod service;
mod shards;
#[cfg(test)]
mod stored_tests;
mod tags;
mod versioned;
mod violation;

pub use crate::error::Error;
pub use activation::SERVICE as ACTIVATION;
#[cfg(any(test, fuzzing))]
pub use authentication::authenticate;
pub use data::direct::{newest as newest_directly, put as put_directly};
#[cfg(any(test, fuzzing))]
pub use data::{
    Compression, Log, LogGroup, Pair, Query, Record, decompressed, entries, push_group, to_plaintext,
    validate,
};
pub use data::{Writers, check_readable};
#[cfg(test)]
pub use data_key::Owner;
pub use data_key::{DataKeys, Snapshot, WrappedDataKey};
pub use documents::NUMBERS;
#[cfg(test)]
pub use documents::Numbers;
#[cfg(test)]
pub use encryption::UserCmkInfo;
pub use model::{Index, Logstore, Model, Project};
pub use names::{is_logstore_name, is_project_name};
pub use operations::{OPERATIONS, Operation};
pub use routes::route;
pub use service::{NAME, serve};
pub use versioned::View;
