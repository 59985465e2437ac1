//! A local stand-in for the Alibaba Cloud services behind the provider.
//!
//! A call takes one straight way: off the wire (`server`, `connection`, `tls`, `http`) → which service (`dispatch`) →
//! who signed it → which operation → may they → what was ordered to go wrong (`faults`) → the service's
//! rules. A service is a folder (`sls`); its rules know nothing of HTTP. Nothing here is shared with the
//! clients in `cloud`: a mistake made on both sides would go unseen.
//!
//! ```no_run
//! use emulator::{Config, Emulator};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let emulator = Emulator::start(Config::default()).await?;
//! println!("SLS is at http://{}", emulator.addr());
//! emulator.shutdown().await;
//! # Ok(())
//! # }
//! ```

mod access;
mod billing;
mod body;
#[cfg(any(test, fuzzing))]
mod captured;
mod clock;
mod connection;
mod control;
mod dispatch;
mod endpoint;
mod error;
mod faulted_call;
mod faults;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod heavy_work;
mod hosts;
mod http;
mod identity;
mod ids;
mod inspect;
mod json;
mod kms;
mod limits;
mod link;
mod location;
pub mod logging;
mod master_key;
mod origin;
mod persistence;
mod policy;
mod quotas;
mod ram;
mod requests;
mod rpc;
mod seed;
mod server;
mod sessions;
mod sls;
mod snapshots;
mod state;
mod stored;
mod sts;
mod table;
mod target;
mod tls;
mod write_timeout;

pub use clock::Clock;
pub use inspect::{InspectError, Inspected, inspect};
pub use limits::Limits;
pub use master_key::{MASTER_KEY_VARIABLE, NoMasterKey, master_key};
pub use seed::{Seed, SeedError};
pub use server::{Config, Emulator, StartError, Storage};
pub use tls::TlsError;

/// How strictly the services read what they are sent, where the real ones are not documented or not of
/// one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rules {
    /// What an update leaves out is reset to its default; `encrypt_conf` may not be left out once it is
    /// set; unknown members are ignored.
    #[default]
    Default,
    /// As [`Rules::Default`], but members an operation does not know are refused.
    Strict,
    /// What an update leaves out keeps its value, `encrypt_conf` included.
    Lenient,
}
