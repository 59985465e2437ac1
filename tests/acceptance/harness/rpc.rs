//! Signed calls of the RPC services, as somebody else would send them beside Terraform.

use std::net::SocketAddr;

use serde_json::Value;
use test_support::{Key, date, exchange, rpc_request};

/// A service: its host, and the version of its API.
#[derive(Clone, Copy)]
pub struct Service {
    host: &'static str,
    version: &'static str,
}

/// RAM.
pub const RAM: Service = Service { host: "ram.aliyuncs.com", version: "2015-05-01" };
pub(super) const KMS: Service = Service { host: "kms.cn-hangzhou.aliyuncs.com", version: "2016-01-20" };
pub(super) const STS: Service = Service { host: "sts.aliyuncs.com", version: "2015-04-01" };

/// Sends one call, signed by a key (id and secret); gives the HTTP status and the JSON of the answer.
#[track_caller]
pub fn call(
    address: SocketAddr,
    service: Service,
    key: (&str, &str),
    action: &str,
    parameters: &[(&str, &str)],
) -> (u16, Value) {
    let key = Key::new(key.0, key.1);
    let action = (service.version, action);
    let request = rpc_request(&key, service.host, action, &date::iso_8601(), parameters);
    let response = exchange(address, &request).unwrap();
    (response.status, response.json())
}
