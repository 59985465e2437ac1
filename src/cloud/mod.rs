//! Clients of the Alibaba Cloud services.

pub mod error;
pub mod names;
