//! Connections: from the first byte over any number of requests to the end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use futures_util::future::BoxFuture;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::dispatch::{ConnectionClosed, Dispatcher};
use super::http::check_host;
use super::limits::Limits;
use super::link::ConnectionInfo;
use super::tls::{self, Authority, CertResolver, Tunnel};
use super::write_timeout::WriteTimeout;

/// What a TLS connection begins with: a record of the type "handshake" (RFC 8446, section 5.1).
const TLS_HANDSHAKE: u8 = 0x16;

/// The smallest buffer that hyper reads into; it panics over a smaller one.
const SMALLEST_BUFFER: usize = 8192;

/// How long the close of an idle connection may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// Serves connections. Clones share everything.
#[derive(Clone, Debug)]
pub struct Connections {
    /// Answers requests.
    pub dispatcher: Dispatcher,
    /// Certifies names for TLS; `None` where TLS is not served.
    pub authority: Option<Arc<Authority>>,
    /// Bounds on what clients send.
    pub limits: Limits,
    /// Cancelled when the emulator stops.
    pub stopping: CancellationToken,
    /// Everything under way.
    pub tracker: TaskTracker,
    /// The place that a connection takes among those that are served at once, until everything ends that came through
    /// it.
    #[expect(dead_code, reason = "it is held, not read")]
    pub place: Option<Arc<OwnedSemaphorePermit>>,
}

impl Connections {
    /// Serves a connection that was accepted, until it ends or the emulator stops.
    pub async fn serve(self, stream: TcpStream, peer: SocketAddr) {
        // Answers are one small write each; waiting for the acknowledgement would cost 40 ms a call.
        let _ = stream.set_nodelay(true);
        let link = ConnectionInfo { peer, secure: false, tunnelled: false };
        let Some(authority) = self.authority.clone() else { return self.serve_http(stream, link).await };
        let stopping = self.stopping.clone();
        let first = tokio::select! {
            first = self.first_byte(&stream) => first,
            () = stopping.cancelled() => return,
        };
        match first {
            None => {}
            Some(TLS_HANDSHAKE) => {
                // Whoever addresses us by an IP address does not say so in the handshake.
                let address = stream.local_addr().map_or(peer.ip(), |local| local.ip()).to_canonical();
                self.serve_tls(stream, CertResolver::new(authority, address.to_string()), link).await;
            }
            Some(_) => self.serve_http(stream, link).await,
        }
    }

    /// The first byte of a connection, left where it is. `None` where none comes, in time or at all.
    async fn first_byte(&self, stream: &TcpStream) -> Option<u8> {
        let mut first = [0];
        match tokio::time::timeout(self.limits.head_timeout, stream.peek(&mut first)).await {
            Ok(Ok(1)) => Some(first[0]),
            _ => None,
        }
    }

    /// Serves the HTTP inside of TLS.
    ///
    /// Boxed, because a tunnel is served inside of a connection, which may be TLS itself.
    pub fn serve_tls<S>(
        self,
        stream: S,
        certified: CertResolver,
        link: ConnectionInfo,
    ) -> BoxFuture<'static, ()>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        Box::pin(async move {
            let handshake = tls::accept(stream, certified, self.limits.handshake_timeout);
            let stopping = self.stopping.clone();
            let accepted = tokio::select! {
                accepted = handshake => accepted,
                () = stopping.cancelled() => return,
            };
            match accepted {
                Ok(stream) => self.serve_http(stream, ConnectionInfo { secure: true, ..link }).await,
                Err(error) => tracing::debug!(peer = %link.peer, %error, "TLS handshake failed"),
            }
        })
    }

    /// Serves HTTP/1.1.
    pub async fn serve_http<S>(self, stream: S, link: ConnectionInfo)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (limits, stopping) = (self.limits, self.stopping.clone());
        let service = service_fn(move |request| {
            let connections = self.clone();
            async move { connections.answer(request, link).await }
        });
        let mut connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head_timeout)
            .max_buf_size(limits.head_bytes.max(SMALLEST_BUFFER))
            .serve_connection(TokioIo::new(WriteTimeout::new(stream, limits.answer_timeout)), service)
            .with_upgrades();
        let ended = tokio::select! {
            ended = &mut connection => ended,
            () = stopping.cancelled() => {
                std::pin::Pin::new(&mut connection).graceful_shutdown();
                (&mut connection).await
            }
        };
        let Err(error) = ended else { return };
        tracing::debug!(peer = %link.peer, %error, "connection ended");
        if error.is_timeout()
            && let Some(parts) = connection.into_parts()
        {
            // In order, so that a TLS client can tell it from a connection that was cut.
            let mut stream = parts.io.into_inner();
            let _ = tokio::time::timeout(CLOSE_TIMEOUT, stream.shutdown()).await;
        }
    }

    async fn answer(
        self,
        request: Request<Incoming>,
        link: ConnectionInfo,
    ) -> Result<Response<Body>, ConnectionClosed> {
        if let Err(refusal) = check_host(request.version(), request.headers()) {
            return Ok(refusal.into_response());
        }
        if request.method() != Method::CONNECT {
            return self.dispatcher.dispatch(link, request).await;
        }
        match Tunnel::asked_for(&request, self.authority.as_ref(), link.tunnelled) {
            Ok(tunnel) => {
                let upgraded = hyper::upgrade::on(request);
                self.tracker.clone().spawn(self.serve_tunnel(tunnel, upgraded, link));
                Ok(Response::new(Body::empty()))
            }
            Err(refused) => Ok(refused.to_reply().into_response()),
        }
    }

    /// Serves the requests that come through a tunnel. The emulator itself is the server.
    async fn serve_tunnel(self, tunnel: Tunnel, upgraded: hyper::upgrade::OnUpgrade, link: ConnectionInfo) {
        match upgraded.await {
            Ok(stream) => {
                let link = ConnectionInfo { tunnelled: true, ..link };
                self.serve_tls(TokioIo::new(stream), tunnel.certified(), link).await;
            }
            Err(error) => tracing::debug!(peer = %link.peer, %error, "tunnel was not opened"),
        }
    }
}
