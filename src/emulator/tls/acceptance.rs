//! Accepting TLS.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::ring;
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, crypto::CryptoProvider};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::authority::{Authority, TlsError};

/// Picks the certificate of a connection by the name the client asks for (SNI, RFC 6066 section 3).
#[derive(Debug)]
pub struct CertResolver {
    authority: Arc<Authority>,
    /// The server name where the client sends none, as for an IP address.
    unnamed: String,
}

impl CertResolver {
    /// Certificates of the hosts that an authority is for.
    pub fn new(authority: Arc<Authority>, unnamed: String) -> Self {
        Self { authority, unnamed }
    }
}

impl ResolvesServerCert for CertResolver {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let host = hello.server_name().unwrap_or(&self.unnamed);
        if !self.authority.is_for(host) {
            tracing::warn!(
                host,
                "no certificate: this is neither a host of an emulated service nor one of --listen or --allow-host"
            );
            return None;
        }
        match self.authority.certified(host) {
            Ok(certified) => Some(certified),
            Err(error) => {
                tracing::warn!(host, %error, "no certificate");
                None
            }
        }
    }
}

/// Takes a client through the handshake.
///
/// # Errors
///
/// When it fails or takes longer than `timeout`.
pub async fn accept<S>(stream: S, certified: CertResolver, timeout: Duration) -> io::Result<TlsStream<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let config = config(certified).map_err(io::Error::other)?;
    let handshake = TlsAcceptor::from(Arc::new(config)).accept(stream);
    tokio::time::timeout(timeout, handshake).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

fn config(certified: CertResolver) -> Result<ServerConfig, TlsError> {
    let provider: CryptoProvider = ring::default_provider();
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&TLS13, &TLS12])?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(certified));
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // The configuration is one connection's: no other could resume it.
    config.send_tls13_tickets = 0;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    Ok(config)
}
