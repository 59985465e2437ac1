//! The host's side of a connection.

use std::sync::Arc;

use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UnixStream},
};
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Endpoint, Uri};
use tower::service_fn;

pub use test_support::plugin_client as pb;

use self::pb::{
    health::health_client::HealthClient,
    plugin::{
        grpc_broker_client::GrpcBrokerClient, grpc_controller_client::GrpcControllerClient,
        grpc_stdio_client::GrpcStdioClient,
    },
    tfplugin6::provider_client::ProviderClient,
};

/// What hosts accept, more than any test sends.
const MAX_MESSAGE: usize = 1 << 30;

/// The six fields of a handshake line.
#[derive(Clone, Debug)]
pub struct Handshake {
    pub network: String,
    pub address: String,
    /// Base64 of the certificate, or nothing.
    pub certificate: String,
}

impl Handshake {
    #[track_caller]
    pub fn parse(line: &str) -> Handshake {
        let fields: Vec<&str> = line.split('|').collect();
        let ["1", "6", network, address, "grpc", certificate] = fields[..] else {
            panic!("not a handshake line: {line:?}");
        };
        Handshake {
            network: network.to_owned(),
            address: address.to_owned(),
            certificate: certificate.to_owned(),
        }
    }

    /// Opens the socket, without speaking.
    pub async fn dial(&self) -> Box<dyn Duplex> {
        if self.network == "unix" {
            return Box::new(UnixStream::connect(&self.address).await.unwrap());
        }
        let stream = TcpStream::connect(&self.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Box::new(stream)
    }
}

pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// Connects in plain text.
pub async fn connect(handshake: &Handshake) -> Channel {
    channel(handshake.dial().await).await.unwrap()
}

/// Connects with TLS, or says how the server refused.
pub async fn connect_tls(handshake: &Handshake, config: ClientConfig) -> Result<Channel, String> {
    let connector = TlsConnector::from(Arc::new(config));
    let name = ServerName::try_from("localhost").unwrap();
    let stream = connector.connect(name, handshake.dial().await).await.map_err(|error| error.to_string())?;
    let channel = channel(stream).await.map_err(|error| error.to_string())?;
    // In TLS 1.3 a client only learns that it was refused when it reads.
    health(&channel)
        .check(pb::health::HealthCheckRequest::default())
        .await
        .map_err(|error| error.to_string())?;
    Ok(channel)
}

pub fn provider(channel: &Channel) -> ProviderClient<Channel> {
    ProviderClient::new(channel.clone())
        .max_decoding_message_size(MAX_MESSAGE)
        .max_encoding_message_size(MAX_MESSAGE)
}

pub fn controller(channel: &Channel) -> GrpcControllerClient<Channel> {
    GrpcControllerClient::new(channel.clone())
}

pub fn stdio(channel: &Channel) -> GrpcStdioClient<Channel> {
    GrpcStdioClient::new(channel.clone())
}

pub fn broker(channel: &Channel) -> GrpcBrokerClient<Channel> {
    GrpcBrokerClient::new(channel.clone())
}

pub fn health(channel: &Channel) -> HealthClient<Channel> {
    HealthClient::new(channel.clone())
}

/// A gRPC channel over one stream; it cannot reconnect, so a refused client stays refused.
async fn channel(stream: impl Duplex + 'static) -> Result<Channel, tonic::transport::Error> {
    let mut stream = Some(stream);
    let once = service_fn(move |_: Uri| {
        let stream = stream.take().ok_or_else(|| std::io::Error::other("the connection was lost"));
        async move { stream.map(TokioIo::new) }
    });
    Endpoint::from_static("http://localhost").connect_with_connector(once).await
}
