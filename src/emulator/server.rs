//! The socket: accepting connections, and stopping.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use super::connection::Connections;
use super::dispatch::Dispatcher;
use super::endpoint::without_port;
use super::hosts::{Hosts, is_host};
use super::persistence::{RestoreError, restore};
use super::state::State;
use super::stored::PersistError;
use super::tls::{Authority, TlsError};
use super::{Clock, Limits, Rules, Seed, control};
use storage::{Existing, MasterKey, Store, StoreError, write_file};

/// How long answers under way may take once the emulator stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(2);

/// How long to wait when the machine has no file descriptor left for another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How to start an emulator.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen: an address or the name of a host, and a port; port 0 picks a free one.
    pub listen: String,
    /// Whether `listen` may mean an address that other machines can reach.
    pub allow_remote: bool,
    /// Names and addresses, besides that in `listen`, that clients reach the emulator by. A project may stand before a
    /// name. Requests for the hosts of the services, for `localhost`, for any address and for names without a dot are
    /// answered without it.
    pub allowed_hosts: Vec<String>,
    /// The contents at the first start on a store, and after a reset.
    pub seed: Seed,
    /// Where everything is kept.
    pub storage: Storage,
    /// How strictly calls are read.
    pub rules: Rules,
    /// The services' clock.
    pub clock: Clock,
    /// Whether TLS is served beside clear text, and CONNECT: see [`Emulator::ca_certificate`].
    pub tls: bool,
    /// Bounds on what clients send.
    pub limits: Limits,
}

/// Where what an emulator knows is kept.
#[derive(Clone, Debug)]
pub enum Storage {
    /// In memory, as long as it runs.
    Memory,
    /// In a folder, which is created if it does not exist. Acknowledged changes are there at the next start.
    Folder {
        /// The folder.
        path: PathBuf,
        /// What secrets in it are sealed under.
        key: MasterKey,
    },
}

impl Default for Config {
    /// The default seed and rules on a free port of 127.0.0.1, with the machine's clock, nothing kept and
    /// without TLS.
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:0".to_owned(),
            allow_remote: false,
            allowed_hosts: Vec::new(),
            seed: Seed::default(),
            storage: Storage::Memory,
            rules: Rules::default(),
            clock: Clock::system(),
            tls: false,
            limits: Limits::default(),
        }
    }
}

/// Why an emulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is not the machine's own, and that was not allowed.
    #[error("{0} is reachable from other machines, which --allow-remote has to allow")]
    NotLoopback(SocketAddr),
    /// What is to be allowed is no name or address of a host.
    #[error("{0:?} is no host: --allow-host takes a name or an address, without a scheme and a port")]
    NoHost(String),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address, or the name of a host with a port.
        address: String,
        /// Why not.
        source: io::Error,
    },
    /// The authority for TLS cannot be made.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// What is kept cannot be opened.
    #[error("cannot open the store: {0}")]
    Store(#[from] StoreError),
    /// The store cannot be restored.
    #[error(transparent)]
    Restore(#[from] RestoreError),
    /// The contents of the first start cannot be stored.
    #[error("cannot store the seed: {0}")]
    Persist(#[from] PersistError),
    /// The seed is of another account or region than what is stored.
    #[error(
        "the seed is of account {} in {}, but what is stored is of account {} in {}: leave --seed out, or use \
         another folder", seed.0, seed.1, stored.0, stored.1
    )]
    OtherAccount {
        /// Account and region of the seed.
        seed: (String, String),
        /// Account and region of what is stored.
        stored: (String, String),
    },
}

/// A running emulator. Dropping it stops it, without waiting.
#[derive(Debug)]
pub struct Emulator {
    addr: SocketAddr,
    state: Arc<State>,
    authority: Option<Arc<Authority>>,
    tracker: TaskTracker,
}

impl Emulator {
    /// Starts listening. When this returns, connections are accepted.
    ///
    /// # Errors
    ///
    /// [`StartError`]
    pub async fn start(config: Config) -> Result<Self, StartError> {
        if let Some(host) = config.allowed_hosts.iter().find(|host| !is_host(host)) {
            return Err(StartError::NoHost(host.clone()));
        }
        let address = config.listen.clone();
        let listen_error = |source| StartError::Listen { address: address.clone(), source };
        let mut addresses: Vec<_> = tokio::net::lookup_host(&address).await.map_err(listen_error)?.collect();
        // Every client that reaches a name reaches its IPv4 address, if it has one.
        addresses.sort_by_key(SocketAddr::is_ipv6);
        let is_remote = |address: &&SocketAddr| !address.ip().to_canonical().is_loopback();
        if let Some(remote) = addresses.iter().find(is_remote).filter(|_| !config.allow_remote) {
            return Err(StartError::NotLoopback(*remote));
        }
        let listener = TcpListener::bind(addresses.as_slice()).await.map_err(listen_error)?;
        let addr = listener.local_addr().map_err(listen_error)?;
        let allowed = config.allowed_hosts.iter().map(String::as_str);
        let hosts = Arc::new(Hosts::new(allowed.chain([without_port(&address)])));
        let authority =
            if config.tls { Some(Arc::new(Authority::new(&hosts, SystemTime::now())?)) } else { None };
        let limits = config.limits;
        let state = Arc::new(begin(config).await?);
        let tracker = TaskTracker::new();
        let connections = Connections {
            dispatcher: Dispatcher::new(&state, control::router(Arc::clone(&state)), &hosts, limits),
            authority: authority.clone(),
            limits,
            stopping: state.stopping.clone(),
            tracker: tracker.clone(),
            place: None,
        };
        tracker.spawn(accept(listener, connections));
        Ok(Self { addr, state, authority, tracker })
    }

    /// The address that is listened on, with the port that was picked.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The account everything belongs to.
    pub fn account_id(&self) -> &str {
        &self.state.account_id
    }

    /// The region of what does not say another.
    pub fn region(&self) -> &str {
        &self.state.region
    }

    /// The certificate (PEM) of the authority that clients have to trust for TLS; `None` where TLS is not
    /// served. It is another one at every start.
    pub fn ca_certificate(&self) -> Option<String> {
        self.authority.as_ref().map(|authority| authority.certificate())
    }

    /// Writes that certificate to a file which everybody may read (mode 0644 on Unix): whoever may write it chooses
    /// whom clients trust. A regular file of the name is replaced; a link is not followed, and is an error as anything
    /// else is. Where TLS is not served nothing is written.
    ///
    /// # Errors
    ///
    /// When the file cannot be made.
    pub fn write_ca_certificate(&self, file: &Path) -> io::Result<()> {
        let Some(certificate) = self.ca_certificate() else { return Ok(()) };
        write_file(file, certificate.as_bytes(), 0o644, Existing::Replace)
    }

    /// Stops: no new connection is accepted, idle ones are closed, answers under way are finished, and
    /// calls held or delayed by a fault are dropped. Another emulator can use the folder when this returns.
    pub async fn shutdown(self) {
        self.state.stopping.cancel();
        self.tracker.close();
        if tokio::time::timeout(STOP_TIMEOUT, self.tracker.wait()).await.is_err() {
            tracing::warn!("some connections did not end in time");
        }
        let store = self.state.store.clone();
        if tokio::task::spawn_blocking(move || store.close()).await.is_err() {
            tracing::error!("closing the store failed");
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.state.stopping.cancel();
    }
}

/// Takes up what is stored, or stores the seed where nothing is.
async fn begin(config: Config) -> Result<State, StartError> {
    let Config { seed, storage, rules, clock, .. } = config;
    let opened = tokio::task::spawn_blocking(move || -> Result<_, StartError> {
        let store = match storage {
            Storage::Memory => Store::in_memory()?,
            Storage::Folder { path, key } => Store::open(&path, &key)?,
        };
        let stored = restore(&store)?;
        Ok((store, stored))
    });
    let (store, stored) = opened.await.map_err(|error| StoreError::Io(error.to_string()))??;
    let Some((contents, advanced_seconds)) = stored else {
        let state = State::new(seed, rules, clock, store);
        state.store_seed().map_err(PersistError::from)?;
        state.wait_durable().await?;
        return Ok(state);
    };
    let seed = seed_beside(&contents, seed)?;
    clock.restore(advanced_seconds);
    Ok(State::with_contents(contents, seed, rules, clock, store))
}

/// The contents after a reset of a store that has some. Without a seed it is the stored account, with
/// nothing in it.
fn seed_beside(stored: &Seed, seed: Seed) -> Result<Seed, StartError> {
    if !seed.is_given {
        return Ok(Seed::for_account(&stored.account_id, &stored.region));
    }
    let of = |seed: &Seed| (seed.account_id.clone(), seed.region.clone());
    if of(&seed) != of(stored) {
        return Err(StartError::OtherAccount { seed: of(&seed), stored: of(stored) });
    }
    tracing::info!("the seed is passed over: what was stored before is taken up");
    Ok(seed)
}

async fn accept(listener: TcpListener, connections: Connections) {
    let places = Arc::new(Semaphore::new(connections.limits.connections));
    loop {
        let accepted = async {
            let place = Arc::clone(&places).acquire_owned().await.ok().map(Arc::new);
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            accepted = accepted => accepted,
            () = connections.stopping.cancelled() => return,
        };
        match accepted {
            Ok((stream, peer)) => {
                let connections = Connections { place, ..connections.clone() };
                connections.tracker.clone().spawn(connections.serve(stream, peer));
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}
