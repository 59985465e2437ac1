//! The body of `PutLogs`, and what the headers say of it.

use axum::body::Bytes;

use super::compression::Compression;
use crate::error::Error;
use crate::http::Call;

/// The largest log group before compression, in bytes. The documentation of 2021 says 3 MB, the official
/// Python SDK stops at 30 MiB; this is what the emulator takes of any body.
const LARGEST: usize = 10 * 1024 * 1024;

/// The body of a call as it was before it was compressed.
///
/// # Errors
///
/// `InvalidCompressType`, `MissingBodyRawSize`, `InvalidBodyRawSize`, `PostBodyTooLarge`,
/// `PostBodyUncompressError`.
pub fn decompressed(call: &Call) -> Result<Bytes, Error> {
    let raw_size = call.header("x-log-bodyrawsize").map(read_size).transpose()?;
    let compression = match call.header("x-log-compresstype") {
        None | Some("") => None,
        Some(name) => Some(Compression::from_name(name).ok_or_else(|| Error::invalid_compress_type(name))?),
    };
    let size = match (compression, raw_size) {
        (Some(_), None) => return Err(Error::missing_body_raw_size()),
        (Some(_), Some(size)) => size,
        // 0 is what some clients say whatever they send.
        (None, None | Some(0)) => call.body.len(),
        (None, Some(size)) if size == call.body.len() => size,
        (None, Some(_)) => return Err(Error::invalid_body_raw_size()),
    };
    if size > LARGEST {
        return Err(Error::post_body_too_large(LARGEST));
    }
    match compression {
        None => Ok(call.body.clone()),
        Some(compression) => compression
            .decompress(&call.body, size)
            .map(Bytes::from)
            .ok_or_else(|| Error::new(400, "PostBodyUncompressError", "Failed to decompress the log group.")),
    }
}

/// How many bytes a call says its body has before it is compressed, or has as it is: what there is to work on.
pub fn announced_size(call: &Call) -> usize {
    let announced = call.header("x-log-bodyrawsize").and_then(|size| read_size(size).ok());
    announced.unwrap_or_default().max(call.body.len())
}

fn read_size(text: &str) -> Result<usize, Error> {
    text.parse().map_err(|_| Error::invalid_body_raw_size())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::Request;

    fn call(headers: &[(&str, &str)], body: &[u8]) -> Call {
        let mut request = Request::post("/logstores/app/shards/lb");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Call::new(&request.body(()).unwrap().into_parts().0, Bytes::copy_from_slice(body))
    }

    #[track_caller]
    fn check(headers: &[(&str, &str)], body: &[u8], expected: Result<&[u8], &str>) {
        let call = call(headers, body);
        let found = decompressed(&call);
        assert_eq!(found.as_deref().map_err(|error| error.code.as_str()), expected);
    }

    #[test]
    fn bodies_come_with_and_without_compression() {
        let zstd = Compression::Zstd.compress(b"abc").unwrap();
        check(&[], b"abc", Ok(b"abc"));
        check(&[("x-log-bodyrawsize", "0")], b"abc", Ok(b"abc"));
        check(&[("x-log-bodyrawsize", "3"), ("x-log-compresstype", "")], b"abc", Ok(b"abc"));
        check(&[("x-log-bodyrawsize", "3"), ("x-log-compresstype", "zstd")], &zstd, Ok(b"abc"));
    }

    #[test]
    fn what_the_headers_say_has_to_be_so() {
        let zstd = Compression::Zstd.compress(b"abc").unwrap();
        let compressed = ("x-log-compresstype", "zstd");
        check(&[compressed], &zstd, Err("MissingBodyRawSize"));
        check(&[("x-log-bodyrawsize", "x")], b"abc", Err("InvalidBodyRawSize"));
        check(&[("x-log-bodyrawsize", "4")], b"abc", Err("InvalidBodyRawSize"));
        check(&[("x-log-compresstype", "br")], b"abc", Err("InvalidCompressType"));
        for size in ["2", "4"] {
            check(&[("x-log-bodyrawsize", size), compressed], &zstd, Err("PostBodyUncompressError"));
        }
        check(&[("x-log-bodyrawsize", "10485761"), compressed], &zstd, Err("PostBodyTooLarge"));
    }
}
