//! Numbers the requests as they leave the client, and tells which of them something happens to.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use cloud::http::{
    HttpRequest, HttpResponse, HttpTransport, ReqwestTransport, TransportConfig, TransportError,
};
use futures_util::future::BoxFuture;
use tokio::net::TcpSocket;

use super::answers;
use super::clock::VirtualClock;
use super::fault::{Fault, On};
use super::message::Message;

/// The header that carries a request's number to the relay. It is added after the request is signed.
pub const NUMBER: &str = "matrix-number";

/// The product's own transport, behind a count of the requests.
#[derive(Debug)]
pub struct NumberingTransport {
    inner: ReqwestTransport,
    clock: Arc<VirtualClock>,
    script: Arc<Script>,
    /// An address of this machine that no process listens on.
    closed: String,
    _closed: TcpSocket,
}

/// What happens to which requests, and how many there have been.
#[derive(Debug)]
pub struct Script {
    fault: Option<Fault>,
    on: On,
    sent: AtomicU64,
    /// The requests whose connection was refused: number and action.
    refused: Mutex<Vec<(u64, String)>>,
}

impl Script {
    /// A fault and the requests that meet it.
    pub fn new(fault: Option<Fault>, on: On) -> Self {
        Self { fault, on, sent: AtomicU64::new(0), refused: Mutex::default() }
    }

    /// What happens to a request.
    pub fn fault(&self, number: u64) -> Option<Fault> {
        self.fault.filter(|_| self.on.is(number))
    }

    /// How many requests the client has sent.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::SeqCst)
    }

    /// The requests whose connection was refused: number and action.
    pub fn refused(&self) -> Vec<(u64, String)> {
        self.refused.lock().unwrap().clone()
    }
}

impl NumberingTransport {
    /// A transport with connections of its own.
    pub fn new(clock: Arc<VirtualClock>, script: Arc<Script>) -> Self {
        // Bound, so that no other process gets the port, and never listened on.
        let closed = TcpSocket::new_v4().unwrap();
        closed.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        Self {
            inner: ReqwestTransport::new(TransportConfig::new("fault-matrix")),
            clock,
            script,
            closed: format!("http://{}", closed.local_addr().unwrap()),
            _closed: closed,
        }
    }

    async fn exchange(&self, request: &HttpRequest) -> Result<HttpResponse, TransportError> {
        let number = self.script.sent.fetch_add(1, Ordering::SeqCst) + 1;
        let _under_way = self.clock.under_way(number);
        let mut request = request.clone();
        request.headers.set(NUMBER, number.to_string());
        if self.script.fault(number) == Some(Fault::ConnectionRefused) {
            request.origin.url.clone_from(&self.closed);
            self.script.refused.lock().unwrap().push((number, action_of(&request)));
        }
        self.inner.send(&request).await
    }
}

/// The action that a request asks for, as the relay would read it off the connection.
fn action_of(request: &HttpRequest) -> String {
    let query: Vec<String> = request.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let line = format!("{} {}?{}", request.method.as_str(), request.path, query.join("&"));
    answers::action_of(&Message::request(&line, request.headers.iter()))
}

impl HttpTransport for NumberingTransport {
    fn send<'a>(&'a self, request: &'a HttpRequest) -> BoxFuture<'a, Result<HttpResponse, TransportError>> {
        Box::pin(self.exchange(request))
    }
}
