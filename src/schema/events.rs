//! Where a call that answers with several events puts them.

use futures_util::future::BoxFuture;

/// Takes the events of one call, in their order.
pub trait EventSink<E>: Send + Sync {
    /// Passes on one event, and waits while the host is behind. False if the host takes no more events.
    fn send(&mut self, event: E) -> BoxFuture<'_, bool>;
}
