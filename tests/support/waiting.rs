//! Waiting for something, within a limit.

use std::io::{self, BufRead as _, BufReader, Read};
use std::process::{Child, ExitStatus};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// How long a test waits for anything. Far more than it takes on a busy machine: only what hangs takes longer.
pub const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// Between two looks, so that whoever is waited for gets the processor.
const PAUSE: Duration = Duration::from_millis(5);

/// Looks again and again until something is there.
///
/// # Errors
/// What `look` answers; or that `what` has not come within the limit.
pub fn wait_for<T>(
    what: &str,
    limit: Duration,
    mut look: impl FnMut() -> io::Result<Option<T>>,
) -> io::Result<T> {
    let deadline = Instant::now() + limit;
    while Instant::now() < deadline {
        if let Some(found) = look()? {
            return Ok(found);
        }
        thread::sleep(PAUSE);
    }
    Err(not_within(limit, what))
}

/// [`wait_for`] in a task, within [`LONGEST_WAIT`]: other tasks of its thread go on between two looks.
///
/// # Errors
/// That `what` has not come within the limit.
pub async fn wait_for_in_task<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> io::Result<T> {
    let deadline = Instant::now() + LONGEST_WAIT;
    while Instant::now() < deadline {
        if let Some(found) = look().await {
            return Ok(found);
        }
        tokio::task::yield_now().await;
    }
    Err(not_within(LONGEST_WAIT, what))
}

/// The outcome of a future, within [`LONGEST_WAIT`].
///
/// # Errors
/// That `what` has not come within the limit.
pub async fn within_limit<T>(what: &str, future: impl Future<Output = T>) -> io::Result<T> {
    tokio::time::timeout(LONGEST_WAIT, future).await.map_err(|_| not_within(LONGEST_WAIT, what))
}

/// Waits until a process has ended.
///
/// # Errors
/// If it has not within [`LONGEST_WAIT`].
pub fn wait_for_end(process: &mut Child) -> io::Result<ExitStatus> {
    wait_for("the end of the process", LONGEST_WAIT, || process.try_wait())
}

/// The first line that a process writes, with its end, and the rest of its output. Empty if it writes nothing.
///
/// # Errors
/// If reading fails, or there is no line within [`LONGEST_WAIT`].
pub fn first_line<R: Read + Send + 'static>(output: R) -> io::Result<(String, BufReader<R>)> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let (mut output, mut line) = (BufReader::new(output), String::new());
        let read = output.read_line(&mut line);
        // Whoever waited may have given up.
        let _ = sender.send(read.map(|_| (line, output)));
    });
    receiver.recv_timeout(LONGEST_WAIT).map_err(|_| not_within(LONGEST_WAIT, "the first line"))?
}

fn not_within(limit: Duration, what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("{what} did not come within {limit:?}"))
}
