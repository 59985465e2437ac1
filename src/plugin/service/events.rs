//! Calls that are answered with a stream of events.

use std::future::Future;

use futures_util::{future::BoxFuture, stream};
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;
use tonic::codegen::BoxStream;

use super::guard;
use schema::{Diagnostics, events::EventSink};

/// How many events may wait for the host. A call that is behind a host then makes no pause between two events, and one
/// that is ahead of it does not go on by itself.
const WAITING: usize = 16;

/// Makes a call of the protocol method `method` in a task of its own. The stream of its events ends with the task; the
/// task is aborted when the host drops the stream.
///
/// After a panic the last event is the one that `panicked` makes of it.
pub(super) fn stream<E, W, F>(
    method: &'static str,
    to_wire: fn(E) -> W,
    panicked: fn(Diagnostics) -> E,
    call: impl FnOnce(Sender<E, W>) -> F,
) -> BoxStream<W>
where
    E: Send + 'static,
    W: Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let (sender, mut receiver) = mpsc::channel(WAITING);
    let call = guard(method, call(Sender { sender: sender.clone(), to_wire }));
    let task = AbortOnDropHandle::new(tokio::spawn(async move {
        if let Err(panic) = call.await {
            Sender { sender, to_wire }.send(panicked(panic)).await;
        }
    }));
    Box::pin(stream::poll_fn(move |context| {
        // The stream owns the task.
        let _ = &task;
        receiver.poll_recv(context).map(|event| event.map(Ok))
    }))
}

/// Where a call puts its events.
pub(super) struct Sender<E, W> {
    sender: mpsc::Sender<W>,
    to_wire: fn(E) -> W,
}

impl<E: Send, W: Send> EventSink<E> for Sender<E, W> {
    fn send(&mut self, event: E) -> BoxFuture<'_, bool> {
        let event = (self.to_wire)(event);
        Box::pin(async move { self.sender.send(event).await.is_ok() })
    }
}
