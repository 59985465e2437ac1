//! Why the provider cannot listen.

use std::io;

/// The provider cannot listen for the host.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The unix socket or its directory cannot be made.
    #[error("cannot listen on a unix socket in {directory}: {source}")]
    Unix {
        /// Where it should have been.
        directory: String,
        /// Why not.
        source: io::Error,
    },
    /// No port of the range is free.
    #[error("cannot listen on 127.0.0.1, ports {first} to {last}: {source}")]
    Tcp {
        /// The first port tried.
        first: u16,
        /// The last port tried.
        last: u16,
        /// Why the last one failed.
        source: io::Error,
    },
    /// A variable of the host makes no sense.
    #[error("the environment variable {name} is {}, which is not {wanted}", text::quote(.value))]
    Variable {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: String,
        /// What it should be.
        wanted: &'static str,
    },
}
