//! Clients of the Alibaba Cloud services.
