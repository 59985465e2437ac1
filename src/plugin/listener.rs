//! The socket the host connects to.

use std::{io, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;

use super::{
    connection::Connection, environment::Environment, handshake::Address, listen_error::ListenError, tls::Tls,
};

/// How long a client may take for its TLS handshake. Hosts on a busy machine need milliseconds.
const TLS_TIME_LIMIT: Duration = Duration::from_secs(10);

/// How long to wait after the system refused to accept, for instance for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The range of TCP ports the host wants us in.
const PORT_RANGE: (&str, &str) = ("PLUGIN_MIN_PORT", "PLUGIN_MAX_PORT");

/// What kind of socket to listen on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// A unix socket in a directory of its own, which only this user may enter.
    #[cfg(unix)]
    Unix,
    /// A TCP port on the loopback interface.
    Tcp,
}

impl Default for Network {
    /// The network Go providers use on this platform.
    fn default() -> Self {
        #[cfg(unix)]
        return Network::Unix;
        #[cfg(not(unix))]
        return Network::Tcp;
    }
}

/// A socket that accepts. A unix socket and its directory are removed when it is dropped.
#[derive(Debug)]
pub struct Listener {
    socket: Socket,
    address: Address,
}

#[derive(Debug)]
enum Socket {
    #[cfg(unix)]
    Unix(super::unix_socket::UnixSocket),
    Tcp(TcpListener),
}

impl Listener {
    /// Opens a socket; it accepts from then on.
    ///
    /// # Errors
    ///
    /// [`ListenError`], which names the directory, port or variable to blame.
    pub async fn open(network: Network, environment: &Environment) -> Result<Listener, ListenError> {
        match network {
            #[cfg(unix)]
            Network::Unix => {
                let socket = super::unix_socket::UnixSocket::open(environment)?;
                let address = Address { network: "unix", address: socket.path().display().to_string() };
                Ok(Listener { socket: Socket::Unix(socket), address })
            }
            Network::Tcp => {
                let (listener, address) = listen_tcp(environment).await?;
                Ok(Listener { socket: Socket::Tcp(listener), address })
            }
        }
    }

    /// Opens a socket that a host with TLS can reach: where no unix socket can be had and the host has not said where
    /// it must be, a TCP port. Others can connect to that, and have no key.
    ///
    /// # Errors
    ///
    /// As [`Listener::open`].
    pub async fn open_with_tls(network: Network, environment: &Environment) -> Result<Listener, ListenError> {
        match Listener::open(network, environment).await {
            #[cfg(unix)]
            Err(unix @ ListenError::Unix { .. })
                if !super::unix_socket::UnixSocket::is_placed_by_host(environment) =>
            {
                tracing::debug!(reason = %unix, "listening on TCP instead");
                Listener::open(Network::Tcp, environment).await.map_err(|_| unix)
            }
            outcome => outcome,
        }
    }

    /// Where it can be reached.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Accepts connections for as long as it is polled, and sends them on when they are ready for use.
    ///
    /// A connection whose TLS handshake fails or takes too long is logged and forgotten; it neither
    /// ends nor delays the others.
    pub(super) async fn accept_into(&self, tls: Option<&Tls>, accepted: mpsc::Sender<Connection>) {
        let acceptor = tls.map(|tls| TlsAcceptor::from(tls.config.clone()));
        loop {
            match self.accept().await {
                Ok(stream) => {
                    tokio::spawn(accept_tls(stream, acceptor.clone(), accepted.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    async fn accept(&self) -> io::Result<Connection> {
        match &self.socket {
            #[cfg(unix)]
            Socket::Unix(socket) => Ok(Connection::over(socket.accept().await?)),
            Socket::Tcp(listener) => accept_tcp(listener).await.map(Connection::over),
        }
    }
}

/// Accepts a connection on which small messages go out at once. Otherwise each call would wait some
/// 40 ms for the host's delayed acknowledgement.
async fn accept_tcp(listener: &TcpListener) -> io::Result<TcpStream> {
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Performs the TLS handshake, if there is one, and hands the connection to the server.
async fn accept_tls(stream: Connection, tls: Option<TlsAcceptor>, accepted: mpsc::Sender<Connection>) {
    let connection = match tls {
        None => stream,
        Some(acceptor) => match timeout(TLS_TIME_LIMIT, acceptor.accept(stream)).await {
            Ok(Ok(secured)) => Connection::over(secured),
            Ok(Err(error)) => return tracing::warn!(%error, "a client was refused: its TLS handshake failed"),
            Err(_) => return tracing::warn!("a client was refused: its TLS handshake took too long"),
        },
    };
    // The receiver is gone only when the server stops, and then nobody waits for this connection.
    let _ = accepted.send(connection).await;
}

async fn listen_tcp(environment: &Environment) -> Result<(TcpListener, Address), ListenError> {
    let first = port(environment, PORT_RANGE.0)?;
    let last = port(environment, PORT_RANGE.1)?.max(first);
    let mut refused = None;
    for port in first..=last {
        match TcpListener::bind(("127.0.0.1", port)).await.and_then(|listener| {
            let address = listener.local_addr()?.to_string();
            Ok((listener, Address { network: "tcp", address }))
        }) {
            Ok(listening) => return Ok(listening),
            Err(error) => refused = Some(error),
        }
    }
    let source = refused.unwrap_or_else(|| io::ErrorKind::AddrNotAvailable.into());
    Err(ListenError::Tcp { first, last, source })
}

/// A port of the host's range; 0, which lets the system choose, if it names none.
fn port(environment: &Environment, name: &'static str) -> Result<u16, ListenError> {
    let Some(value) = environment.get(name) else { return Ok(0) };
    value.parse().map_err(|_| ListenError::Variable {
        name,
        value: value.to_owned(),
        wanted: "a port number",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn tcp_port_is_taken_from_the_range_of_the_host() {
        let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = taken.local_addr().unwrap().port();
        let range = |last: u16| {
            Environment::from([(PORT_RANGE.0, &*port.to_string()), (PORT_RANGE.1, &*last.to_string())])
        };
        let refused = Listener::open(Network::Tcp, &range(port)).await.unwrap_err();
        assert!(matches!(refused, ListenError::Tcp { first, last, .. } if first == port && last == port));
        // Some port of the next hundred is free on any machine that can run tests.
        let listener = Listener::open(Network::Tcp, &range(port.saturating_add(100))).await.unwrap();
        let chosen: u16 = listener.address().address.strip_prefix("127.0.0.1:").unwrap().parse().unwrap();
        assert!(chosen > port && chosen <= port.saturating_add(100), "{chosen}");
    }

    #[tokio::test]
    async fn small_messages_over_tcp_are_not_held_back() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        assert!(accept_tcp(&listener).await.unwrap().nodelay().unwrap());
        drop(client);
    }

    #[tokio::test]
    async fn a_port_that_is_none_is_named() {
        let environment = Environment::from([(PORT_RANGE.0, "many")]);
        let error = Listener::open(Network::Tcp, &environment).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            r#"the environment variable PLUGIN_MIN_PORT is "many", which is not a port number"#
        );
    }
}
