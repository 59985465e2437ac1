//! Work that takes a processor or the disk for long, away from the threads that serve connections.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::Error;

/// On how many bytes there is work at once, which bounds what all of the work holds in memory: three of the largest
/// bodies.
const AT_ONCE: usize = 32 * 1024 * 1024;

/// Bytes up to which handing work over costs more than doing it.
const SMALL: usize = 16 * 1024;

/// What work on an unknown number of bytes counts as: 32 of it are done at once.
const UNKNOWN: usize = 1024 * 1024;

/// Where such work is done. It has a permit for each byte.
#[derive(Debug)]
pub struct HeavyWork(Arc<Semaphore>);

impl Default for HeavyWork {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

/// The bytes of one call among those that there is work on. They are free again when it and the work are gone.
#[derive(Debug)]
pub struct Share {
    bytes: usize,
    permits: Arc<Option<OwnedSemaphorePermit>>,
}

impl HeavyWork {
    /// Waits for so many bytes, `None` if that is not known. A call that has a share waits for no other one.
    pub async fn share(&self, bytes: Option<usize>) -> Share {
        let bytes = bytes.unwrap_or(UNKNOWN);
        let permits = u32::try_from(bytes.min(AT_ONCE)).unwrap_or(u32::MAX);
        // It is never closed, so that this does not fail.
        let permits = Arc::clone(&self.0).acquire_many_owned(permits).await.ok();
        Share { bytes, permits: Arc::new(permits) }
    }
}

impl Share {
    /// Does work on the bytes of the share. It is done at once if they are few, and else on a thread that may be held
    /// up.
    ///
    /// # Errors
    ///
    /// That of `work`; an internal error when it panics.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        if self.bytes <= SMALL {
            return work();
        }
        let permits = Arc::clone(&self.permits);
        let done = tokio::task::spawn_blocking(move || {
            let _permits = permits;
            work()
        });
        done.await.unwrap_or_else(|error| {
            tracing::error!(%error, "work on a thread of its own failed");
            Err(Error::internal_server_error())
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    async fn run<T: Send + 'static>(
        heavy: &HeavyWork,
        bytes: Option<usize>,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        heavy.share(bytes).await.run(work).await
    }

    /// The runtime has one thread: what waits on it for what comes after would wait for ever.
    #[tokio::test]
    async fn only_small_work_is_done_on_the_thread_that_asks() {
        let here = std::thread::current().id();
        let thread = || Ok(std::thread::current().id());
        let heavy = HeavyWork::default();
        assert_eq!(run(&heavy, Some(SMALL), thread).await.unwrap(), here);
        for bytes in [Some(SMALL + 1), Some(usize::MAX), None] {
            assert_ne!(run(&heavy, bytes, thread).await.unwrap(), here);
        }
        let (sender, receiver) = mpsc::channel();
        let waiting = run(&heavy, None, move || Ok(receiver.recv().unwrap()));
        let (answer, ()) = tokio::join!(waiting, async move { sender.send(7).unwrap() });
        assert_eq!(answer, Ok(7));
    }

    #[tokio::test]
    async fn a_share_is_waited_for_until_others_and_their_work_are_gone() {
        let heavy = HeavyWork::default();
        let (finish, finished) = mpsc::channel::<()>();
        let first = heavy.share(Some(AT_ONCE - UNKNOWN)).await;
        let mut work = Box::pin(first.run(move || Ok(finished.recv().is_ok())));
        assert!(futures_util::poll!(&mut work).is_pending());
        assert_eq!(run(&heavy, None, || Ok(())).await, Ok(()));
        let mut second = std::pin::pin!(heavy.share(Some(UNKNOWN + 1)));
        assert!(futures_util::poll!(&mut second).is_pending());
        drop(work);
        drop(first);
        assert!(futures_util::poll!(&mut second).is_pending(), "the work still has its bytes");
        finish.send(()).unwrap();
        second.await;
    }

    #[tokio::test]
    async fn a_panic_is_an_internal_error() {
        let heavy = HeavyWork::default();
        let failed = run(&heavy, None, || -> Result<(), Error> { panic!("expected by this test") });
        assert_eq!(failed.await.unwrap_err().status, 500);
    }
}
