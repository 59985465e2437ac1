//! Requests, signed ahead of time so that signing them is no part of what is measured: SLS V1 has no nonce, and
//! the same bytes may be sent as often as one likes within a quarter of an hour.

use prost::Message as _;
use test_support::log_group::LogGroup;
use test_support::{Key, SlsRequest, date};

use crate::emulator::PROJECT;

/// One log group of about `size` bytes: lines of text as audit logs have them, in protobuf.
pub fn log_group(size: usize) -> Vec<u8> {
    let mut number = 0_u64;
    let mut line = || {
        let line = format!(
            "{number:016x} GET /api/v1/orders?page={number} 200 allow 10.0.{}.{}",
            number % 251,
            number % 241
        );
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        line
    };
    let one = LogGroup::from_messages(None, [line()]).encoded_len();
    LogGroup::from_messages(None, (0..size.div_ceil(one)).map(|_| line())).encode_to_vec()
}

/// `PutLogs` of a body without compression.
pub fn put_logs(logstore: &str, body: &[u8]) -> Vec<u8> {
    let path = format!("/logstores/{logstore}/shards/lb");
    signed("POST", &path, &path, body)
}

/// The cursor of a shard's first group.
pub fn first_cursor(logstore: &str, shard: usize) -> Vec<u8> {
    let target = format!("/logstores/{logstore}/shards/{shard}?from=begin&type=cursor");
    signed("GET", &target, &target, b"")
}

/// `PullLogs` of `count` groups from a cursor on, without compression.
pub fn pull_logs(logstore: &str, shard: usize, cursor: &str, count: usize) -> Vec<u8> {
    let target =
        |cursor: &str| format!("/logstores/{logstore}/shards/{shard}?count={count}&cursor={cursor}&type=log");
    signed("GET", &target(&cursor.replace('=', "%3D")), &target(cursor), b"")
}

/// A request by the default root key; `resource` is the target with decoded values.
fn signed(method: &str, target: &str, resource: &str, body: &[u8]) -> Vec<u8> {
    let (host, date, size) = (&format!("{PROJECT}.localhost"), &date::rfc_1123(), body.len().to_string());
    let headers = [("x-log-bodyrawsize", size.as_str()), ("Content-Type", "application/x-protobuf")];
    let headers = if body.is_empty() { &headers[..1] } else { &headers };
    SlsRequest { host, method, target, resource, date, headers, body }.signed(&Key::root())
}
