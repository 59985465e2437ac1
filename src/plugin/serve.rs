//! The life of the process: start, serve, stop.

use std::{
    fmt,
    io::{self, Write},
    sync::Arc,
    time::Duration,
};

use futures_util::{StreamExt as _, stream};
use tokio::{sync::mpsc, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tonic::transport::Server;

use super::{
    broker::Broker,
    connection::Connection,
    controller::Controller,
    core_dumps,
    environment::Environment,
    handshake::{self, HandshakeError},
    health::HealthService,
    host,
    listen_error::ListenError,
    listener::{Listener, Network},
    mode::Mode,
    pb::{
        health::health_server::HealthServer,
        plugin::{
            grpc_broker_server::GrpcBrokerServer, grpc_controller_server::GrpcControllerServer,
            grpc_stdio_server::GrpcStdioServer,
        },
        tfplugin6::provider_server::ProviderServer as ProviderGrpc,
    },
    reattach,
    service::ProviderService,
    signals,
    stdio::Stdio,
    tls::{Tls, TlsError},
};
use schema::ProviderServer;

/// The largest message taken and sent. Hosts set no limit when they send; this is what Go providers
/// use, and the library's own 4 MiB is too small for a large state.
const MAX_MESSAGE: usize = 256 << 20;

/// How long running calls may take to end once the stop has begun. The host kills a process that is
/// still there after two seconds, and a killed process leaves its socket behind.
const STOP_TIME_LIMIT: Duration = Duration::from_millis(1_500);
const _: () =
    assert!(STOP_TIME_LIMIT.as_millis() < 2_000, "the host kills the process before its socket is removed");

/// Connections that may wait for the server to take them; a host makes one.
const BACKLOG: usize = 16;

/// The variable in which the host sends its certificate; without it plain text is spoken.
const CLIENT_CERTIFICATE: &str = "PLUGIN_CLIENT_CERT";

/// How to serve.
pub struct ServeOptions {
    /// The variables the host talks through.
    pub environment: Environment,
    /// Who started the process.
    pub mode: Mode,
    /// What kind of socket to listen on.
    pub network: Network,
    /// Where the handshake line is written: standard output.
    pub output: Box<dyn Write + Send>,
}

/// The provider could not be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The process was not started by a host that it can serve.
    #[error(transparent)]
    Handshake(#[from] HandshakeError),
    /// TLS with the host cannot be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// There is no socket.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// There are no threads to run on.
    #[error("the async runtime cannot be started: {0}")]
    Runtime(io::Error),
    /// Signals cannot be handled.
    #[error("signals cannot be handled: {0}")]
    Signals(io::Error),
    /// The handshake line cannot be written.
    #[error("standard output cannot be written: {0}")]
    Output(io::Error),
}

impl ServeError {
    /// What a host shows of the failure: it prints the first line of standard output if that is not a handshake, and
    /// hides what stands on standard error. `None` where nobody reads it: no host started the process, or the handshake
    /// is over.
    pub fn instead_of_handshake(&self) -> Option<String> {
        match self {
            Self::Handshake(HandshakeError::NotHosted) | Self::Output(_) => None,
            // The host takes a line with bars for a handshake.
            _ => Some(text::line(&self.to_string()).replace('|', "/")),
        }
    }
}

impl fmt::Debug for ServeOptions {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("ServeOptions")
            .field("mode", &self.mode)
            .field("network", &self.network)
            .finish_non_exhaustive()
    }
}

/// Serves until the host shuts the process down or has ended, or a signal comes.
///
/// A host that starts the process configures its provider once, so `provider` is called once for it. In debug mode one
/// process serves the connections of several commands, and of every provider block: each gets a provider of its own.
///
/// The socket accepts before the line is written, and is gone when this returns. Calls that are
/// running when the stop begins are cancelled and given a moment to end.
///
/// # Errors
///
/// [`ServeError`]; nothing was written to `output`.
pub async fn serve(
    provider: impl Fn() -> ProviderServer,
    mut options: ServeOptions,
) -> Result<(), ServeError> {
    let tls = prepare(&options)?;
    let shutdown = CancellationToken::new();
    signals::watch(&options.mode, &shutdown).map_err(ServeError::Signals)?;
    host::watch(&options.mode, &shutdown);
    let listener = match tls {
        Some(_) => Listener::open_with_tls(options.network, &options.environment).await?,
        None => Listener::open(options.network, &options.environment).await?,
    };
    announce(&mut options, &listener, tls.as_ref()).map_err(ServeError::Output)?;

    let (accepted, connections) = mpsc::channel(BACKLOG);
    let shared = (options.mode == Mode::Plugin).then(|| Arc::new(provider()));
    let server = || shared.clone().unwrap_or_else(|| Arc::new(provider()));
    tokio::select! {
        () = listener.accept_into(tls.as_ref(), accepted) => {}
        () = serve_connections(server, connections, &shutdown) => {}
    }
    tracing::debug!("stopped");
    Ok(())
}

/// Serves every connection until the stop begins; returns when they have ended, or the time to stop is up.
async fn serve_connections(
    server: impl Fn() -> Arc<ProviderServer>,
    mut connections: mpsc::Receiver<Connection>,
    shutdown: &CancellationToken,
) {
    let serving = TaskTracker::new();
    while let Some(Some(connection)) = shutdown.run_until_cancelled(connections.recv()).await {
        serving.spawn(serve_connection(server(), connection, shutdown.clone()));
    }
    serving.close();
    if timeout(STOP_TIME_LIMIT, serving.wait()).await.is_err() {
        tracing::warn!("calls were still running when the time to stop was up");
    }
}

/// Serves one connection until it is closed, or the stop begins and its calls have ended.
async fn serve_connection(server: Arc<ProviderServer>, connection: Connection, shutdown: CancellationToken) {
    let closed = connection.closed();
    // The gRPC server ends once there is nothing more to accept, and the connection with it.
    let incoming = stream::iter([io::Result::Ok(connection)])
        .chain(stream::pending())
        .take_until(closed.cancelled_owned());
    let serving = services(&server, &shutdown)
        .serve_with_incoming_shutdown(Box::pin(incoming), shutdown.clone().cancelled_owned());
    tokio::pin!(serving);
    let outcome = tokio::select! {
        outcome = &mut serving => outcome,
        () = shutdown.cancelled() => {
            server.stop();
            serving.await
        }
    };
    if let Err(error) = outcome {
        tracing::warn!(%error, "a connection could not be served");
    }
}

/// Checks what a host must bring, and sets up TLS if it wants it.
fn prepare(options: &ServeOptions) -> Result<Option<Tls>, ServeError> {
    if options.mode != Mode::Plugin {
        return Ok(None);
    }
    handshake::check(&options.environment)?;
    core_dumps::forbid();
    Ok(options.environment.get(CLIENT_CERTIFICATE).map(Tls::new).transpose()?)
}

/// Writes the handshake line. Nothing may be written to standard output before it.
fn announce(options: &mut ServeOptions, listener: &Listener, tls: Option<&Tls>) -> io::Result<()> {
    let line = match &options.mode {
        Mode::Plugin => {
            let certificate = tls.map(|tls| tls.certificate.as_ref());
            handshake::line(listener.address(), certificate, &options.environment)
        }
        Mode::Debug { source_address } => reattach::line(source_address, listener.address()),
    };
    writeln!(options.output, "{line}")?;
    options.output.flush()
}

/// The gRPC server with all its services.
fn services(server: &Arc<ProviderServer>, shutdown: &CancellationToken) -> tonic::transport::server::Router {
    let provider = ProviderGrpc::new(ProviderService { server: server.clone() })
        .max_decoding_message_size(MAX_MESSAGE)
        .max_encoding_message_size(MAX_MESSAGE);
    Server::builder()
        .add_service(provider)
        .add_service(GrpcControllerServer::new(Controller { shutdown: shutdown.clone() }))
        .add_service(GrpcStdioServer::new(Stdio { shutdown: shutdown.clone() }))
        .add_service(GrpcBrokerServer::new(Broker { shutdown: shutdown.clone() }))
        .add_service(HealthServer::new(HealthService { shutdown: shutdown.clone() }))
}
