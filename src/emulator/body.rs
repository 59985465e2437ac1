//! Taking the body of a request off the wire, bounded in size and time.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes, HttpBody as _};
use futures_util::StreamExt as _;
use hyper::HeaderMap;
use hyper::header::EXPECT;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::limits::Limits;

/// How many bytes are reserved for a body that announces as many. Memory that nothing was written to yet is not taken.
const RESERVED: usize = 2 * 1024 * 1024;

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

/// A body, with its share in what all bodies may take of memory.
struct Held {
    bytes: Vec<u8>,
    share: Option<OwnedSemaphorePermit>,
}

impl Held {
    /// Adds a piece, once there is memory for it.
    async fn take(&mut self, piece: &[u8], memory: &Arc<Semaphore>) {
        let bytes = u32::try_from(piece.len()).unwrap_or(u32::MAX);
        // It is never closed, so that this does not fail.
        let more = Arc::clone(memory).acquire_many_owned(bytes).await.ok();
        match (&mut self.share, more) {
            (Some(share), Some(more)) => share.merge(more),
            (_, more) => self.share = more,
        }
        self.bytes.extend_from_slice(piece);
    }
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Reads a body to its end. `memory` has a permit for each byte that all bodies together may have; those of the body
/// are given back when the last clone of it is dropped.
///
/// Of one that is too large the rest is read and forgotten, in the time there is: a client that is cut off
/// while it writes does not see the answer. One that asked whether to send it (`Expect: 100-continue`, RFC
/// 9110 section 10.1.1) is told at once.
///
/// # Errors
///
/// [`BodyError`]
pub async fn read(
    headers: &HeaderMap,
    body: Body,
    limits: &Limits,
    memory: &Arc<Semaphore>,
) -> Result<Bytes, BodyError> {
    let (limit, timeout) = (limits.body_bytes, limits.body_timeout);
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > limit && headers.contains_key(EXPECT) {
        return Err(BodyError::TooLarge);
    }
    let bytes = Vec::with_capacity(announced.min(limit).min(RESERVED));
    within(timeout, collect(body.into_data_stream(), bytes, limit, memory)).await
}

async fn within<T>(
    timeout: Duration,
    read: impl Future<Output = Result<T, BodyError>>,
) -> Result<T, BodyError> {
    tokio::time::timeout(timeout, read).await.unwrap_or(Err(BodyError::TimedOut))
}

async fn collect(
    stream: BodyDataStream,
    bytes: Vec<u8>,
    limit: usize,
    memory: &Arc<Semaphore>,
) -> Result<Bytes, BodyError> {
    let mut stream = pin!(stream);
    let mut collected = Held { bytes, share: None };
    let mut too_large = false;
    while let Some(piece) = stream.next().await {
        let piece = piece.map_err(|_| BodyError::Malformed)?;
        too_large |= collected.bytes.len() + piece.len() > limit;
        if too_large {
            collected = Held { bytes: Vec::new(), share: None };
        } else {
            collected.take(&piece, memory).await;
        }
    }
    if too_large { Err(BodyError::TooLarge) } else { Ok(Bytes::from_owner(collected)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;

    fn limits() -> Limits {
        Limits { body_bytes: 4, body_timeout: Duration::from_millis(1), ..Limits::default() }
    }

    fn memory() -> Arc<Semaphore> {
        Arc::new(Semaphore::new(5))
    }

    async fn read_pieces(pieces: &[&'static str]) -> Result<Bytes, BodyError> {
        let pieces: Vec<_> = pieces.iter().map(|piece| Ok::<_, std::io::Error>(*piece)).collect();
        read(&HeaderMap::new(), Body::from_stream(stream::iter(pieces)), &limits(), &memory()).await
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
        let read = async |body| read(&headers, Body::from(body), &limits(), &memory()).await;
        assert_eq!(read("abcde").await, Err(BodyError::TooLarge));
        assert_eq!(read("abcd").await, Ok(Bytes::from_static(b"abcd")));
    }

    #[tokio::test]
    async fn a_body_that_does_not_come_and_one_that_breaks_off_are_told_apart() {
        let stalled = Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
        let read = async |body| read(&HeaderMap::new(), body, &limits(), &memory()).await;
        assert_eq!(read(stalled).await, Err(BodyError::TimedOut));
        let broken = Body::from_stream(stream::iter([Err::<Bytes, _>(std::io::Error::other("gone"))]));
        assert_eq!(read(broken).await, Err(BodyError::Malformed));
    }

    #[tokio::test]
    async fn a_body_waits_for_memory_that_others_hold_until_the_last_of_them_lets_go() {
        let memory = memory();
        let read = async |body| read(&HeaderMap::new(), Body::from(body), &limits(), &memory).await;
        let first = read("abcd").await.unwrap();
        let clone = first.clone();
        drop(first);
        assert_eq!(read("e").await, Ok(Bytes::from_static(b"e")), "there is memory for one byte more");
        assert_eq!(read("ef").await, Err(BodyError::TimedOut));
        drop(clone);
        assert_eq!(read("efgh").await, Ok(Bytes::from_static(b"efgh")));
        assert_eq!(memory.available_permits(), 5);
    }
}
