//! What the provider reaches outside of Terraform.

use std::{io, path::Path, sync::Arc};

use cloud::{
    clock::{Clock, SystemClock},
    credentials::{Host, SystemHost},
    file::{self, Content},
    http::HttpTransport,
};

/// How a file of the configuration is read. It may block.
pub type ReadFile = fn(&Path) -> io::Result<Content>;

/// Files, commands, the network and the time. A test gives a provider others than those of the machine.
#[derive(Clone, Debug)]
pub struct World {
    /// Reads the files that the provider block names, while the provider is configured.
    pub read_file: ReadFile,
    /// The files and commands of sources of credentials.
    pub host: Arc<dyn Host>,
    /// What sends requests; `None` is the HTTP client, with the settings of the provider block.
    pub transport: Option<Arc<dyn HttpTransport>>,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
}

impl World {
    /// The machine that this process runs on, and the network.
    pub fn of_process() -> World {
        World {
            read_file: file::read,
            host: Arc::new(SystemHost),
            transport: None,
            clock: Arc::new(SystemClock),
        }
    }
}
