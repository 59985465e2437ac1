//! Streams that say nothing, and end when the process stops.
//!
//! They must end: a graceful stop waits for open streams, and the host kills a process that is
//! still there two seconds after it was told to shut down.

use futures_util::{Stream, StreamExt, stream};
use tokio_util::sync::CancellationToken;
use tonic::{Status, codegen::BoxStream};

/// A stream that stays open and empty until `shutdown` is cancelled.
pub(super) fn silent<T: Send + 'static>(shutdown: &CancellationToken) -> BoxStream<T> {
    until(shutdown, stream::pending())
}

/// The stream, ended when `shutdown` is cancelled.
pub(super) fn until<T: Send + 'static>(
    shutdown: &CancellationToken,
    items: impl Stream<Item = Result<T, Status>> + Send + 'static,
) -> BoxStream<T> {
    Box::pin(items.take_until(shutdown.clone().cancelled_owned()))
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn is_open_and_empty_until_the_stop() {
        let shutdown = CancellationToken::new();
        let mut stream = silent::<()>(&shutdown);
        assert!(stream.next().now_or_never().is_none());
        shutdown.cancel();
        assert!(stream.next().await.is_none());
    }
}
