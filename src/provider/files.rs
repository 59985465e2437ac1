//! The files that are read while the provider is configured, by a time limit.

use std::{
    io,
    panic::resume_unwind,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use super::world::{ReadFile, World};
use cloud::{CallContext, Interrupted, file::Content};
use schema::Diagnostic;

/// How long the files of a configuration may take. Reading them takes milliseconds, if their file system answers.
const LIMIT: Duration = Duration::from_secs(30);

/// Reads files, and knows which one is being read.
#[derive(Debug)]
pub(super) struct Files {
    read: ReadFile,
    reading: Mutex<Option<String>>,
}

impl Files {
    /// Reads by this function.
    pub(super) fn new(read: ReadFile) -> Files {
        Files { read, reading: Mutex::default() }
    }

    /// Does `work` with the file at `path`. It blocks the thread. `known_by` and the file make the sentence that an
    /// error says if the file does not answer: "`ca_bundle names` the file …".
    ///
    /// # Errors
    ///
    /// Those of `work`.
    pub(super) fn using<T>(
        &self,
        known_by: &str,
        path: &Path,
        work: impl FnOnce(&Path) -> io::Result<T>,
    ) -> io::Result<T> {
        self.note(Some(format!("{known_by} the file {}.", text::quote(&path.display().to_string()))));
        let outcome = work(path);
        self.note(None);
        outcome
    }

    /// The content of a file, as [`Files::using`].
    ///
    /// # Errors
    ///
    /// Those of [`cloud::file::read`].
    pub(super) fn read(&self, known_by: &str, path: &Path) -> io::Result<Content> {
        self.using(known_by, path, self.read)
    }

    fn note(&self, reading: Option<String>) {
        *self.reading.lock().unwrap_or_else(PoisonError::into_inner) = reading;
    }

    /// The sentence about the file that is being read.
    fn reading(&self) -> Option<String> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Does `work`, which reads files, on a thread that may be blocked, so that the calls of the host are served meanwhile.
/// It has [`LIMIT`], and ends earlier by `limits`.
///
/// # Errors
///
/// It was not done in time: the error names the file that was being read.
pub(super) async fn within<T: Send + 'static>(
    limits: &CallContext,
    world: &World,
    work: impl FnOnce(&Files) -> T + Send + 'static,
) -> Result<T, Diagnostic> {
    let files = Arc::new(Files::new(world.read_file));
    let reader = Arc::clone(&files);
    let working = tokio::task::spawn_blocking(move || work(&reader));
    let ended = limits.clone().with_timeout(&*world.clock, LIMIT).bound(&*world.clock, working).await;
    let (file, it) = match files.reading() {
        Some(file) => (format!("{file} "), "it"),
        None => (String::new(), "a file that the configuration names"),
    };
    let why = match ended {
        Ok(Ok(done)) => return Ok(done),
        Ok(Err(failed)) => match failed.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(_) => format!("The process ended before it had read {it}."),
        },
        Err(Interrupted::Cancelled) => format!("The run was interrupted before the provider had read {it}."),
        Err(Interrupted::DeadlineExceeded) => format!(
            "The provider could not read {it} within {} s. The usual cause is a file system that does not answer, such as one of the network.",
            LIMIT.as_secs()
        ),
    };
    Err(Diagnostic::error("File not read in time", format!("{file}{why}")))
}

#[cfg(test)]
impl Default for Files {
    /// Reads those of this machine.
    fn default() -> Self {
        Files::new(World::of_process().read_file)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use cloud::clock::Clock;
    use futures_util::future::BoxFuture;
    use time::OffsetDateTime;
    use tokio::sync::Notify;

    use super::*;

    /// A clock on which every wait ends when a test says so.
    #[derive(Debug, Default)]
    struct ToldClock(Arc<Notify>);

    impl Clock for ToldClock {
        fn now(&self) -> OffsetDateTime {
            OffsetDateTime::UNIX_EPOCH
        }

        fn monotonic(&self) -> Duration {
            Duration::ZERO
        }

        fn sleep(&self, _duration: Duration) -> BoxFuture<'static, ()> {
            let told = Arc::clone(&self.0);
            Box::pin(async move { told.notified().await })
        }
    }

    #[tokio::test]
    async fn a_file_that_is_never_read_is_named_when_the_limit_has_passed_or_the_run_is_interrupted() {
        for (interrupted, why) in [
            (true, "The run was interrupted before the provider had read it."),
            (false, "The provider could not read it within 30 s."),
        ] {
            let (release, released) = mpsc::channel::<()>();
            let (begun, has_begun) = mpsc::channel();
            let work = move |files: &Files| {
                files.using("ca_bundle names", Path::new("/net/ca.pem"), |_| {
                    begun.send(()).unwrap();
                    let _ = released.recv();
                    Ok(())
                })
            };
            let (limits, clock) = (CallContext::default(), ToldClock::default());
            let (cancel, passed) = (limits.cancel.clone(), Arc::clone(&clock.0));
            let world = World { clock: Arc::new(clock), ..World::of_process() };
            let ending = tokio::task::spawn_blocking(move || {
                has_begun.recv().unwrap();
                if interrupted { cancel.cancel() } else { passed.notify_one() }
            });
            let told = within(&limits, &world, work).await.unwrap_err();
            ending.await.unwrap();
            let expected = format!("ca_bundle names the file \"/net/ca.pem\". {why}");
            assert!(told.detail.starts_with(&expected), "{}", told.detail);
            drop(release);
        }
    }

    #[tokio::test]
    async fn a_panic_of_the_work_goes_on() {
        let work = |_: &Files| -> () { panic!("told") };
        let world = World::of_process();
        let running = tokio::spawn(async move { within(&CallContext::default(), &world, work).await });
        assert!(running.await.unwrap_err().is_panic());
    }
}
