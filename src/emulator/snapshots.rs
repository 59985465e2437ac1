//! A model, and what it was before its last write.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A model that is read as a whole and written as a whole: a write that fails leaves nothing behind, and
/// what was there before the last write can still be seen.
#[derive(Debug)]
pub struct Snapshots<M>(Mutex<Pair<M>>);

#[derive(Debug)]
struct Pair<M> {
    current: Arc<M>,
    previous: Arc<M>,
}

impl<M: Clone> Snapshots<M> {
    /// A model that has been as it is all along.
    pub fn settled(model: M) -> Self {
        let current = Arc::new(model);
        Self(Mutex::new(Pair { previous: Arc::clone(&current), current }))
    }

    /// The model as it is.
    pub fn current(&self) -> Arc<M> {
        Arc::clone(&self.lock().current)
    }

    /// The model as it was before the last write.
    pub fn before_last_write(&self) -> Arc<M> {
        Arc::clone(&self.lock().previous)
    }

    /// Changes the model; one change at a time.
    ///
    /// # Errors
    ///
    /// That of `change`, and then the model is as it was.
    pub fn write<T, E>(&self, change: impl FnOnce(&mut M) -> Result<T, E>) -> Result<T, E> {
        let mut pair = self.lock();
        let mut next = M::clone(&pair.current);
        let outcome = change(&mut next)?;
        pair.previous = std::mem::replace(&mut pair.current, Arc::new(next));
        Ok(outcome)
    }

    /// Puts another model in the place of this one, as if it had been there all along.
    pub fn replace(&self, model: M) {
        let current = Arc::new(model);
        *self.lock() = Pair { previous: Arc::clone(&current), current };
    }

    fn lock(&self) -> MutexGuard<'_, Pair<M>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_nothing_behind() {
        let snapshots = Snapshots::settled(vec![1]);
        let failed: Result<(), &str> = snapshots.write(|model| {
            model.push(2);
            Err("no")
        });
        assert_eq!((failed, snapshots.current().as_slice()), (Err("no"), [1].as_slice()));
        let written: Result<usize, ()> = snapshots.write(|model| {
            model.push(3);
            Ok(model.len())
        });
        assert_eq!((written, snapshots.current().as_slice()), (Ok(2), [1, 3].as_slice()));
        assert_eq!(snapshots.before_last_write().as_slice(), [1]);
        snapshots.replace(vec![]);
        assert!(snapshots.before_last_write().is_empty());
    }
}
