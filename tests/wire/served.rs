//! A provider served in this process.

use std::{
    io::{self, Write},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use plugin::{self, Environment, Mode, Network, ServeError, ServeOptions};
use schema::ProviderServer;
use tokio::{sync::mpsc, task::JoinHandle, time::timeout};
use tonic::transport::Channel;

use crate::{
    client::{self, Handshake, pb::tfplugin6::provider_client::ProviderClient},
    thing::{Own, Watch},
};

/// Longer than anything here takes, and short enough to report a hang.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Terraform's cookie, written out once more: the product's own constant would prove nothing.
pub const COOKIE: (&str, &str) =
    ("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2");

/// A running server.
pub struct Served {
    pub handshake: Handshake,
    pub watch: Arc<Watch>,
    pub task: JoinHandle<Result<(), ServeError>>,
}

impl Served {
    /// Serves in plain text over a unix socket.
    pub async fn start() -> Served {
        Served::start_with(Network::Unix, &[]).await
    }

    /// Serves over that network, with variables beside the cookie.
    pub async fn start_with(network: Network, variables: &[(&str, &str)]) -> Served {
        let (sender, mut lines) = mpsc::unbounded_channel();
        let options = ServeOptions {
            environment: environment(&[variables, &[COOKIE]].concat()),
            mode: Mode::Plugin,
            network,
            output: Box::new(Line { sender, written: Vec::new() }),
        };
        let watch = Arc::new(Watch::default());
        let provider = {
            let watch = watch.clone();
            move || ProviderServer::new(Own(watch.clone()))
        };
        let task = tokio::spawn(plugin::serve(provider, options));
        let line =
            timeout(PATIENCE, lines.recv()).await.expect("no handshake in time").expect("no handshake");
        Served { handshake: Handshake::parse(&line), watch, task }
    }

    /// A plain connection and a client of the provider on it.
    pub async fn connect(&self) -> (Channel, ProviderClient<Channel>) {
        let channel = client::connect(&self.handshake).await;
        let provider = client::provider(&channel);
        (channel, provider)
    }

    /// The directory of the unix socket.
    pub fn directory(&self) -> PathBuf {
        PathBuf::from(&self.handshake.address).parent().unwrap().to_owned()
    }

    /// Waits for the end of the server.
    pub async fn ended(self) -> Result<(), ServeError> {
        timeout(PATIENCE, self.task).await.expect("the server did not end").unwrap()
    }
}

/// Fails as `serve` does, without having announced anything.
pub async fn serve_refused(variables: &[(&str, &str)]) -> ServeError {
    let (sender, mut lines) = mpsc::unbounded_channel();
    let options = ServeOptions {
        environment: environment(variables),
        mode: Mode::Plugin,
        network: Network::Unix,
        output: Box::new(Line { sender, written: Vec::new() }),
    };
    let error =
        plugin::serve(|| ProviderServer::new(Own(Arc::default())), options).await.expect_err("it serves");
    assert_eq!(lines.recv().await, None, "something was announced");
    error
}

fn environment(variables: &[(&str, &str)]) -> Environment {
    variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Hands the line on when it is flushed, as standard output does.
struct Line {
    sender: mpsc::UnboundedSender<String>,
    written: Vec<u8>,
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.written.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let text = String::from_utf8(std::mem::take(&mut self.written)).map_err(io::Error::other)?;
        let line = text.strip_suffix('\n').ok_or_else(|| io::Error::other("the line does not end"))?;
        self.sender.send(line.to_owned()).map_err(io::Error::other)
    }
}
