//! Requests, signed ahead of time so that signing them is no part of what is measured: SLS V1 has no nonce, and
//! the same bytes may be sent as often as one likes within a quarter of an hour.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto::{hmac_sha1, md5_upper_hex};
use time::OffsetDateTime;
use time::macros::format_description;

use crate::Failure;
use crate::emulator::PROJECT;

/// One log group of about `size` bytes: lines of text as audit logs have them, in protobuf.
pub fn log_group(size: usize) -> Vec<u8> {
    let now = u32::try_from(OffsetDateTime::now_utc().unix_timestamp()).unwrap_or_default();
    let mut group = Vec::with_capacity(size);
    let mut number = 0_u64;
    while group.len() < size {
        let value = format!(
            "{number:016x} GET /api/v1/orders?page={number} 200 allow 10.0.{}.{}",
            number % 251,
            number % 241
        );
        let mut content = Vec::new();
        bytes_field(&mut content, 1, b"message");
        bytes_field(&mut content, 2, value.as_bytes());
        let mut log = vec![0x08];
        varint(&mut log, u64::from(now));
        bytes_field(&mut log, 2, &content);
        bytes_field(&mut group, 1, &log);
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    }
    group
}

/// `PutLogs` of a body without compression.
///
/// # Errors
///
/// If the machine's clock cannot be written out.
pub fn put_logs(logstore: &str, body: &[u8]) -> Result<Vec<u8>, Failure> {
    let path = format!("/logstores/{logstore}/shards/lb");
    signed("POST", &path, &path, Some(body))
}

/// The cursor of a shard's first group.
///
/// # Errors
///
/// As for [`put_logs`].
pub fn first_cursor(logstore: &str, shard: usize) -> Result<Vec<u8>, Failure> {
    let target = format!("/logstores/{logstore}/shards/{shard}?from=begin&type=cursor");
    signed("GET", &target, &target, None)
}

/// `PullLogs` of `count` groups from a cursor on, without compression.
///
/// # Errors
///
/// As for [`put_logs`].
pub fn pull_logs(logstore: &str, shard: usize, cursor: &str, count: usize) -> Result<Vec<u8>, Failure> {
    let target =
        |cursor: &str| format!("/logstores/{logstore}/shards/{shard}?count={count}&cursor={cursor}&type=log");
    signed("GET", &target(&cursor.replace('=', "%3D")), &target(cursor), None)
}

/// A request signed with SLS V1, HMAC-SHA1, by the default root key; `resource` is the target with decoded values.
fn signed(method: &str, target: &str, resource: &str, body: Option<&[u8]>) -> Result<Vec<u8>, Failure> {
    let format = format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    let date = OffsetDateTime::now_utc().format(&format)?;
    let size = body.map_or(0, <[u8]>::len);
    let (digest, kind) =
        body.map_or((String::new(), ""), |body| (md5_upper_hex(body), "application/x-protobuf"));
    let own = format!("x-log-apiversion:0.6.0\nx-log-bodyrawsize:{size}\nx-log-signaturemethod:hmac-sha1\n");
    let text = format!("{method}\n{digest}\n{kind}\n{date}\n{own}{resource}");
    let signature = STANDARD.encode(hmac_sha1(b"sk-root", text.as_bytes()));
    let mut request = format!(
        "{method} {target} HTTP/1.1\r\nHost: {PROJECT}.localhost\r\nDate: {date}\r\nContent-Length: {size}\r\nx-log-apiversion: 0.6.0\r\n\
         x-log-bodyrawsize: {size}\r\nx-log-signaturemethod: hmac-sha1\r\nAuthorization: LOG ak-root:{signature}\r\n"
    );
    if let Some(body) = body {
        write!(request, "Content-MD5: {digest}\r\nContent-Type: {kind}\r\n\r\n")?;
        let mut request = request.into_bytes();
        request.extend_from_slice(body);
        return Ok(request);
    }
    request.push_str("\r\n");
    Ok(request.into_bytes())
}

/// A length-delimited field (Protocol Buffers encoding, wire type 2).
fn bytes_field(out: &mut Vec<u8>, number: u8, bytes: &[u8]) {
    out.push(number << 3 | 2);
    varint(out, u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    out.extend_from_slice(bytes);
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(u8::try_from(value & 0x7f).unwrap_or_default() | 0x80);
        value >>= 7;
    }
    out.push(u8::try_from(value).unwrap_or_default());
}
