//! Clients of the Alibaba Cloud services.

pub mod names;
