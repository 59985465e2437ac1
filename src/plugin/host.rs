//! The process that started this one: when it has ended, there is nobody left to serve.

use tokio_util::sync::CancellationToken;

use super::mode::Mode;

/// Begins to watch the host; cancels `shutdown` when it has ended.
///
/// A host that is killed cannot ask its providers to end. It is the parent of its provider, and takes a provider
/// whose process it loses for ended: whether there are connections does not matter. In debug mode there is no host.
/// Nothing is watched on platforms that do not say that a parent has ended.
pub(super) fn watch(mode: &Mode, shutdown: &CancellationToken) {
    if *mode == Mode::Plugin {
        watch_parent(shutdown.clone());
    }
}

#[cfg(unix)]
fn watch_parent(shutdown: CancellationToken) {
    use std::{os::unix::process::parent_id, time::Duration};

    /// How often to look: no system call waits for it, and a second costs nothing that can be measured.
    const PERIOD: Duration = Duration::from_secs(1);

    // The system gives a process another parent when its own has ended.
    let host = parent_id();
    tokio::spawn(async move {
        while parent_id() == host {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(PERIOD) => {}
            }
        }
        tracing::debug!("the host has ended");
        shutdown.cancel();
    });
}

#[cfg(not(unix))]
fn watch_parent(_shutdown: CancellationToken) {}
