//! What signals mean to a provider.

use std::io;

use tokio::signal;
use tokio_util::sync::CancellationToken;

use super::mode::Mode;

/// Begins to watch for signals; cancels `shutdown` for those that end the process.
///
/// Ctrl-C reaches every process of the terminal, the provider too. Under a host it is ignored: the
/// host says `StopProvider`, and a provider that died of it would take an object just created with
/// it, before the host could store it. A person in debug mode has no other way to end the process.
///
/// # Errors
///
/// The system refuses to hand signals over.
pub(super) fn watch(mode: &Mode, shutdown: &CancellationToken) -> io::Result<()> {
    let interrupt_ends = *mode != Mode::Plugin;
    watch_interrupt(interrupt_ends, shutdown.clone())?;
    watch_terminate(shutdown.clone())
}

#[cfg(unix)]
fn watch_interrupt(ends: bool, shutdown: CancellationToken) -> io::Result<()> {
    let mut interrupt = signal::unix::signal(signal::unix::SignalKind::interrupt())?;
    tokio::spawn(async move {
        while interrupt.recv().await.is_some() {
            on_interrupt(ends, &shutdown);
        }
    });
    Ok(())
}

#[cfg(unix)]
fn watch_terminate(shutdown: CancellationToken) -> io::Result<()> {
    let mut terminate = signal::unix::signal(signal::unix::SignalKind::terminate())?;
    tokio::spawn(async move {
        terminate.recv().await;
        tracing::debug!("SIGTERM received");
        shutdown.cancel();
    });
    Ok(())
}

#[cfg(not(unix))]
fn watch_interrupt(ends: bool, shutdown: CancellationToken) -> io::Result<()> {
    tokio::spawn(async move {
        while signal::ctrl_c().await.is_ok() {
            on_interrupt(ends, &shutdown);
        }
    });
    Ok(())
}

/// Other platforms have no signal that asks a process to end.
#[cfg(not(unix))]
fn watch_terminate(_shutdown: CancellationToken) -> io::Result<()> {
    Ok(())
}

fn on_interrupt(ends: bool, shutdown: &CancellationToken) {
    tracing::debug!(ends, "interrupted");
    if ends {
        shutdown.cancel();
    }
}
