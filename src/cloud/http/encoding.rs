//! Decompresses answers. The clients do not ask for compression, but a proxy may compress.

use std::io::Read;

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use crate::http::{Headers, TransportError, TransportErrorKind};

/// Undoes the encodings of `Content-Encoding` (RFC 9110 section 8.4), the last one first.
///
/// # Errors
/// `Encoding` for a body that does not have the encoding of the header, and for an unknown encoding; `TooLarge` for a
/// body that becomes larger than `limit`.
pub(super) fn decode(
    headers: &Headers,
    body: Vec<u8>,
    limit: usize,
    host: &str,
) -> Result<Vec<u8>, TransportError> {
    let Some(encodings) = headers.get("content-encoding") else { return Ok(body) };
    // An answer without a body may still have the header.
    if body.is_empty() {
        return Ok(body);
    }
    encodings.split(',').rev().map(str::trim).try_fold(body, |body, encoding| {
        let read = match encoding.to_ascii_lowercase().as_str() {
            "" | "identity" => return Ok(body),
            "gzip" | "x-gzip" => read(MultiGzDecoder::new(body.as_slice()), limit),
            // Some servers send raw deflate data without the zlib header.
            "deflate" => read(ZlibDecoder::new(body.as_slice()), limit)
                .or_else(|_| read(DeflateDecoder::new(body.as_slice()), limit)),
            other => {
                let message =
                    format!("the answer of {host} is compressed as {other:?}, which cannot be read here");
                return Err(TransportError::new(TransportErrorKind::Encoding, message));
            }
        };
        let decoded = read.map_err(|error| {
            let message =
                format!("the answer of {host} is said to be compressed as {encoding}, and is not: {error}");
            TransportError::new(TransportErrorKind::Encoding, message).with_source(error)
        })?;
        if decoded.len() > limit { Err(too_large(host, limit)) } else { Ok(decoded) }
    })
}

/// The error of a body that is larger than the limit.
pub(super) fn too_large(host: &str, limit: usize) -> TransportError {
    let message = format!("the answer of {host} is larger than {limit} bytes");
    TransportError::new(TransportErrorKind::TooLarge, message)
}

/// Reads up to one byte more than the limit.
fn read(decoder: impl Read, limit: usize) -> std::io::Result<Vec<u8>> {
    let at_most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    decoder.take(at_most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn deflate(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn decoded(encodings: &str, body: Vec<u8>) -> Result<Vec<u8>, TransportErrorKind> {
        let mut headers = Headers::default();
        headers.set("Content-Encoding", encodings);
        decode(&headers, body, 100, "sls.example").map_err(|error| {
            assert!(error.may_have_arrived() && error.to_string().contains("sls.example"), "{error}");
            error.kind()
        })
    }

    #[test]
    fn each_compression_is_undone_and_unknown_ones_are_refused() {
        let plain = b"{\"a\":1}".as_slice();
        for (encodings, body) in [
            ("gzip", gzip(plain)),
            ("X-GZip", gzip(plain)),
            ("deflate", zlib(plain)),
            ("deflate", deflate(plain)),
            ("gzip, gzip", gzip(&gzip(plain))),
            ("deflate, gzip", gzip(&zlib(plain))),
            ("identity", plain.to_vec()),
            ("", plain.to_vec()),
        ] {
            assert_eq!(decoded(encodings, body).unwrap(), plain, "{encodings}");
        }
        assert_eq!(decode(&Headers::default(), gzip(plain), 100, "h").unwrap(), gzip(plain));
        assert_eq!(decoded("gzip", Vec::new()), Ok(Vec::new()), "an answer to a write has no body");
        for (encodings, body) in
            [("br", plain.to_vec()), ("gzip", plain.to_vec()), ("gzip", cut(&gzip(plain)))]
        {
            assert_eq!(decoded(encodings, body), Err(TransportErrorKind::Encoding), "{encodings}");
        }
    }

    fn cut(bytes: &[u8]) -> Vec<u8> {
        bytes[..bytes.len() / 2].to_vec()
    }

    #[test]
    fn a_small_body_that_becomes_a_large_one_is_refused() {
        assert_eq!(decoded("gzip", gzip(&[b'x'; 100])).unwrap().len(), 100);
        for body in [gzip(&[b'x'; 101]), gzip(&vec![b'x'; 10_000_000])] {
            assert_eq!(decoded("gzip", body), Err(TransportErrorKind::TooLarge));
        }
    }
}
