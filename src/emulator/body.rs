//! Taking the body of a request off the wire, bounded in size and time.

use std::pin::pin;
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes, HttpBody as _};
use futures_util::StreamExt as _;
use hyper::HeaderMap;
use hyper::header::EXPECT;

use super::limits::Limits;

/// Why a body cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// It is larger than it may be.
    #[error("the body is too large")]
    TooLarge,
    /// It ended early, or is not framed as its head announces.
    #[error("the body is not what the request's head announces")]
    Malformed,
    /// It did not come in time.
    #[error("the body did not come in time")]
    TimedOut,
}

/// Reads a body to its end.
///
/// Of one that is too large the rest is read and forgotten, in the time there is: a client that is cut off
/// while it writes does not see the answer. One that asked whether to send it (`Expect: 100-continue`, RFC
/// 9110 section 10.1.1) is told at once.
///
/// # Errors
///
/// [`BodyError`]
pub async fn read(headers: &HeaderMap, body: Body, limits: &Limits) -> Result<Bytes, BodyError> {
    let (limit, timeout) = (limits.body_bytes, limits.body_timeout);
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > limit && headers.contains_key(EXPECT) {
        return Err(BodyError::TooLarge);
    }
    within(timeout, collect(body.into_data_stream(), limit)).await
}

async fn within<T>(
    timeout: Duration,
    read: impl Future<Output = Result<T, BodyError>>,
) -> Result<T, BodyError> {
    tokio::time::timeout(timeout, read).await.unwrap_or(Err(BodyError::TimedOut))
}

async fn collect(stream: BodyDataStream, limit: usize) -> Result<Bytes, BodyError> {
    let mut stream = pin!(stream);
    let mut collected = Vec::new();
    let mut too_large = false;
    while let Some(piece) = stream.next().await {
        let piece = piece.map_err(|_| BodyError::Malformed)?;
        too_large |= collected.len() + piece.len() > limit;
        if too_large {
            collected = Vec::new();
        } else {
            collected.extend_from_slice(&piece);
        }
    }
    if too_large { Err(BodyError::TooLarge) } else { Ok(collected.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;

    fn limits() -> Limits {
        Limits { body_bytes: 4, body_timeout: Duration::from_millis(1), ..Limits::default() }
    }

    async fn read_pieces(pieces: &[&'static str]) -> Result<Bytes, BodyError> {
        let pieces: Vec<_> = pieces.iter().map(|piece| Ok::<_, std::io::Error>(*piece)).collect();
        read(&HeaderMap::new(), Body::from_stream(stream::iter(pieces)), &limits()).await
    }

    #[tokio::test]
    async fn a_body_may_be_as_large_as_the_limit() {
        assert_eq!(read_pieces(&["ab", "cd"]).await, Ok(Bytes::from_static(b"abcd")));
        assert_eq!(read_pieces(&["ab", "cde"]).await, Err(BodyError::TooLarge));
        // What follows on too much is not taken for the body.
        assert_eq!(read_pieces(&["abcde", "f"]).await, Err(BodyError::TooLarge));
    }

    #[tokio::test]
    async fn who_asks_first_is_told_before_anything_is_read() {
        let mut headers = HeaderMap::new();
        headers.insert(EXPECT, "100-continue".parse().unwrap());
        assert_eq!(read(&headers, Body::from("abcde"), &limits()).await, Err(BodyError::TooLarge));
        assert_eq!(read(&headers, Body::from("abcd"), &limits()).await, Ok(Bytes::from_static(b"abcd")));
    }

    #[tokio::test]
    async fn a_body_that_does_not_come_and_one_that_breaks_off_are_told_apart() {
        let stalled = Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
        assert_eq!(read(&HeaderMap::new(), stalled, &limits()).await, Err(BodyError::TimedOut));
        let broken = Body::from_stream(stream::iter([Err::<Bytes, _>(std::io::Error::other("gone"))]));
        assert_eq!(read(&HeaderMap::new(), broken, &limits()).await, Err(BodyError::Malformed));
    }
}
