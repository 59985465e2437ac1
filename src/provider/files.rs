//! The files that are read while the provider is configured, by a time limit.

use std::{
    io,
    panic::resume_unwind,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use cloud::{
    CallContext, Interrupted,
    clock::Clock,
    file::{self, Content},
};
use schema::Diagnostic;

/// How long the files of a configuration may take. Reading them takes milliseconds, if their file system answers.
pub(super) const LIMIT: Duration = Duration::from_secs(30);

/// Reads files, and knows which one is being read.
#[derive(Debug, Default)]
pub(super) struct Files {
    reading: Mutex<Option<String>>,
}

impl Files {
    /// Uses `path`, which `setting` names, as `with` does. It blocks the thread.
    ///
    /// # Errors
    ///
    /// Those of `with`.
    pub(super) fn using<T>(
        &self,
        setting: &str,
        path: &Path,
        with: impl FnOnce(&Path) -> io::Result<T>,
    ) -> io::Result<T> {
        self.note(Some(format!("{setting} names the file {}", text::quote(&path.display().to_string()))));
        let outcome = with(path);
        self.note(None);
        outcome
    }

    /// The content of the file that `setting` names.
    ///
    /// # Errors
    ///
    /// Those of [`file::read`].
    pub(super) fn read(&self, setting: &str, path: &Path) -> io::Result<Content> {
        self.using(setting, path, file::read)
    }

    fn note(&self, reading: Option<String>) {
        *self.reading.lock().unwrap_or_else(PoisonError::into_inner) = reading;
    }

    fn named(&self) -> String {
        let reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        reading.clone().unwrap_or_else(|| "The provider block names files".to_owned())
    }
}

/// Does `work`, which reads files, on a thread that may be blocked, so that the calls of the host are served meanwhile.
///
/// # Errors
///
/// The limits have ended the wait: the error names the file that was being read.
pub(super) async fn within<T: Send + 'static>(
    limits: &CallContext,
    clock: &dyn Clock,
    work: impl FnOnce(&Files) -> T + Send + 'static,
) -> Result<T, Diagnostic> {
    let files = Arc::new(Files::default());
    let reader = Arc::clone(&files);
    let working = tokio::task::spawn_blocking(move || work(&reader));
    let why = match limits.bound(clock, working).await {
        Ok(Ok(done)) => return Ok(done),
        Ok(Err(failed)) => match failed.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(_) => "the process is ending".to_owned(),
        },
        Err(Interrupted::Cancelled) => "the run was interrupted".to_owned(),
        Err(Interrupted::DeadlineExceeded) => {
            "the time limit has passed. A file system that does not answer, such as one of the network, is the usual cause".to_owned()
        }
    };
    let detail = format!("{}. It was not read before {why}.", files.named());
    Err(Diagnostic::error("File not read in time", detail))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use cloud::clock::SystemClock;

    use super::*;

    #[tokio::test]
    async fn a_file_that_is_never_read_is_named_when_the_limit_has_passed_or_the_run_is_interrupted() {
        for interrupted in [false, true] {
            let (release, released) = mpsc::channel::<()>();
            let (begun, has_begun) = mpsc::channel();
            let limits = CallContext::default();
            let work = move |files: &Files| {
                files.using("ca_bundle", Path::new("/net/ca.pem"), |_| {
                    begun.send(()).unwrap();
                    let _ = released.recv();
                    Ok(())
                })
            };
            let cancel = limits.cancel.clone();
            let limits =
                if interrupted { limits } else { limits.with_timeout(&SystemClock, Duration::from_secs(5)) };
            let interrupting = tokio::task::spawn_blocking(move || {
                has_begun.recv().unwrap();
                if interrupted {
                    cancel.cancel();
                }
            });
            let told = within(&limits, &SystemClock, work).await.unwrap_err();
            interrupting.await.unwrap();
            assert!(told.detail.starts_with("ca_bundle names the file \"/net/ca.pem\"."), "{}", told.detail);
            let why = if interrupted { "interrupted" } else { "time limit" };
            assert!(told.detail.contains(why), "{}", told.detail);
            drop(release);
        }
    }

    #[tokio::test]
    async fn a_panic_of_the_work_goes_on() {
        let work = |_: &Files| -> () { panic!("told") };
        let running = tokio::spawn(async move { within(&CallContext::default(), &SystemClock, work).await });
        assert!(running.await.unwrap_err().is_panic());
    }
}
