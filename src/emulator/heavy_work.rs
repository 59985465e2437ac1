//! Work that takes a processor or the disk for long, away from the threads that serve connections.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::error::Error;

/// How much of it is done at once. What it holds in memory is bounded by that.
const AT_ONCE: usize = 32;

/// Bytes up to which handing work over costs more than doing it.
const SMALL: usize = 16 * 1024;

/// Where such work is done.
#[derive(Debug)]
pub struct HeavyWork(Arc<Semaphore>);

impl Default for HeavyWork {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl HeavyWork {
    /// Does work on so many bytes; at once if they are few, and else on a thread that may be held up.
    ///
    /// # Errors
    ///
    /// That of `work`; an internal error when it panics.
    pub async fn run<T: Send + 'static>(
        &self,
        bytes: usize,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        if bytes <= SMALL {
            return work();
        }
        let place = Arc::clone(&self.0).acquire_owned().await;
        let done = tokio::task::spawn_blocking(move || {
            let _place = place;
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

    /// The runtime has one thread: what waits on it for what comes after would wait for ever.
    #[tokio::test]
    async fn only_small_work_is_done_on_the_thread_that_asks() {
        let here = std::thread::current().id();
        let thread = || Ok(std::thread::current().id());
        let heavy = HeavyWork::default();
        assert_eq!(heavy.run(SMALL, thread).await.unwrap(), here);
        assert_ne!(heavy.run(SMALL + 1, thread).await.unwrap(), here);
        let (sender, receiver) = mpsc::channel();
        let waiting = heavy.run(SMALL + 1, move || Ok(receiver.recv().unwrap()));
        let (answer, ()) = tokio::join!(waiting, async move { sender.send(7).unwrap() });
        assert_eq!(answer, Ok(7));
    }

    #[tokio::test]
    async fn no_more_is_done_at_once_than_there_are_places() {
        let heavy = HeavyWork::default();
        let taken = Arc::clone(&heavy.0).acquire_many_owned(AT_ONCE.try_into().unwrap()).await.unwrap();
        let mut waiting = std::pin::pin!(heavy.run(SMALL + 1, || Ok(())));
        assert!(futures_util::poll!(&mut waiting).is_pending());
        drop(taken);
        assert_eq!(waiting.await, Ok(()));
    }

    #[tokio::test]
    async fn a_panic_is_an_internal_error() {
        let heavy = HeavyWork::default();
        let failed = heavy.run(SMALL + 1, || -> Result<(), Error> { panic!("expected by this test") });
        assert_eq!(failed.await.unwrap_err().status, 500);
    }
}
