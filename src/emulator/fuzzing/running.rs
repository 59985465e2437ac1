//! An emulator without a socket, whose connections are in memory.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::runtime::{Builder, Runtime};
use tokio_util::task::TaskTracker;

use super::Documents;
use super::sent::KEY;
use crate::connection::Connections;
use crate::dispatch::Dispatcher;
use crate::hosts::Hosts;
use crate::link::ConnectionInfo;
use crate::state::State;
use crate::{Clock, Limits, Rules, Seed, control};
use storage::{Kind, Store};

const SEED: &str = include_str!("seed.json");

/// How long an answer may take.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// How often a connection of which nothing more comes is looked at before it ends: more often than it takes to answer
/// what came.
const PATIENCE: usize = 64;

/// The emulator.
pub struct Running {
    runtime: Runtime,
    connections: Connections,
    /// What it holds.
    pub state: Arc<State>,
}

impl Running {
    /// An emulator whose clock stands still.
    pub fn new(now: i64) -> Self {
        let clock = Clock::fixed(now);
        let seed = SEED.replace("KEY_ID", KEY.0).replace("KEY_SECRET", KEY.1);
        let seed = Seed::from_json(&seed, &clock).unwrap();
        let state = Arc::new(State::new(seed, Rules::Default, clock, Store::in_memory().unwrap()));
        state.store_seed().unwrap();
        let (hosts, limits) = (Arc::new(Hosts::new(["127.0.0.1"])), Limits::default());
        let connections = Connections {
            dispatcher: Dispatcher::new(&state, control::router(Arc::clone(&state)), &hosts, limits),
            authority: None,
            limits,
            stopping: state.stopping.clone(),
            tracker: TaskTracker::new(),
            place: None,
        };
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        Self { runtime, connections, state }
    }

    /// Goes back to the seed.
    pub fn reset(&self) {
        self.state.reset().unwrap();
        self.runtime.block_on(self.state.wait_durable()).unwrap();
    }

    /// Every document of the store.
    pub fn documents(&self) -> Documents {
        self.runtime.block_on(self.state.wait_durable()).unwrap();
        let kinds = [Kind::Account, Kind::Identity, Kind::Keys, Kind::Project, Kind::Logstore, Kind::Session];
        let documents = kinds.into_iter().flat_map(|kind| self.state.store.documents(kind).unwrap());
        documents.map(|document| ((document.kind, document.name), document.content)).collect()
    }

    /// What is answered on a connection from `peer` on which these bytes come. With `ends` the connection ends behind
    /// them; without, the emulator has to end it.
    pub fn exchange(&self, peer: IpAddr, bytes: Vec<u8>, ends: bool) -> Vec<u8> {
        let answers = Arc::default();
        let patience = ends.then_some(PATIENCE);
        let stream = Stream { bytes: io::Cursor::new(bytes), patience, answers: Arc::clone(&answers) };
        let link = ConnectionInfo { peer: SocketAddr::new(peer, 40_000), secure: false, tunnelled: false };
        let served = self.connections.clone().serve_http(stream, link);
        let ended = self.runtime.block_on(async { tokio::time::timeout(LONGEST_WAIT, served).await });
        ended.expect("the connection does not end");
        std::mem::take(&mut *answers.lock().unwrap())
    }
}

/// The emulator's end of a connection.
struct Stream {
    bytes: io::Cursor<Vec<u8>>,
    /// How often there may still be something to come; for ever if `None`.
    patience: Option<usize>,
    answers: Arc<Mutex<Vec<u8>>>,
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let at = usize::try_from(self.bytes.position()).unwrap();
        let rest = &self.bytes.get_ref()[at..];
        if !rest.is_empty() {
            let taken = rest.len().min(buffer.remaining());
            buffer.put_slice(&rest[..taken]);
            self.bytes.set_position((at + taken) as u64);
            return Poll::Ready(Ok(()));
        }
        match &mut self.patience {
            None => Poll::Pending,
            Some(0) => Poll::Ready(Ok(())),
            Some(patience) => {
                *patience -= 1;
                context.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.answers.lock().unwrap().extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
