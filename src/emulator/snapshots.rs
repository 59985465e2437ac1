//! A model, and what it was before its last writes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many writes one can look back: enough for a role and everything that is attached to it, and a bound on
/// memory.
pub const KEPT: usize = 16;

/// A model that is read as a whole and written as a whole: a write that fails leaves nothing behind, and
/// what was there before the last [`KEPT`] writes can still be seen.
#[derive(Debug)]
pub struct Snapshots<M>(Mutex<History<M>>);

#[derive(Debug)]
struct History<M> {
    current: Arc<M>,
    /// What was there before each write, the last write first.
    earlier: VecDeque<Arc<M>>,
}

impl<M: Clone> Snapshots<M> {
    /// A model that has been as it is all along.
    pub fn settled(model: M) -> Self {
        Self(Mutex::new(History { current: Arc::new(model), earlier: VecDeque::new() }))
    }

    /// The model as it is.
    pub fn current(&self) -> Arc<M> {
        Arc::clone(&self.lock().current)
    }

    /// The model as it was before the last `writes` writes; the oldest that is kept where it was not written
    /// as often, or more often than is kept.
    pub fn before_writes(&self, writes: usize) -> Arc<M> {
        let history = self.lock();
        let oldest = history.earlier.len().min(writes);
        let seen = oldest.checked_sub(1).and_then(|index| history.earlier.get(index));
        Arc::clone(seen.unwrap_or(&history.current))
    }

    /// Changes the model; one change at a time.
    ///
    /// # Errors
    ///
    /// That of `change`, and then the model is as it was.
    pub fn write<T, E>(&self, change: impl FnOnce(&mut M) -> Result<T, E>) -> Result<T, E> {
        let mut history = self.lock();
        let mut next = M::clone(&history.current);
        let outcome = change(&mut next)?;
        let previous = std::mem::replace(&mut history.current, Arc::new(next));
        history.earlier.push_front(previous);
        history.earlier.truncate(KEPT);
        Ok(outcome)
    }

    /// As [`Snapshots::write`], for a change that does not count as a write for those who look back.
    ///
    /// # Errors
    ///
    /// That of `change`, and then the model is as it was.
    pub fn amend<T, E>(&self, change: impl FnOnce(&mut M) -> Result<T, E>) -> Result<T, E> {
        let mut history = self.lock();
        let mut next = M::clone(&history.current);
        let outcome = change(&mut next)?;
        history.current = Arc::new(next);
        Ok(outcome)
    }

    /// Puts another model in the place of this one, as if it had been there all along.
    pub fn replace(&self, model: M) {
        *self.lock() = History { current: Arc::new(model), earlier: VecDeque::new() };
    }

    fn lock(&self) -> MutexGuard<'_, History<M>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(snapshots: &Snapshots<Vec<usize>>, number: usize) {
        let written: Result<(), ()> = snapshots.write(|model| {
            model.push(number);
            Ok(())
        });
        assert_eq!(written, Ok(()));
    }

    #[test]
    fn a_failed_write_leaves_nothing_behind() {
        let snapshots = Snapshots::settled(vec![1]);
        for fails in [Snapshots::write, Snapshots::amend] {
            let failed: Result<(), &str> = fails(&snapshots, |model: &mut Vec<usize>| {
                model.push(2);
                Err("no")
            });
            assert_eq!((failed, snapshots.current().as_slice()), (Err("no"), [1].as_slice()));
        }
    }

    #[test]
    fn one_can_look_back_over_the_last_writes_but_not_beyond_what_is_kept() {
        let snapshots = Snapshots::settled(vec![]);
        assert!(snapshots.before_writes(3).is_empty());
        push(&snapshots, 0);
        push(&snapshots, 1);
        for (writes, seen) in [(0, 2), (1, 1), (2, 0), (3, 0)] {
            assert_eq!(snapshots.before_writes(writes).len(), seen, "{writes}");
        }
        for number in 2..=KEPT {
            push(&snapshots, number);
        }
        assert_eq!(snapshots.before_writes(usize::MAX).len(), 1);
        snapshots.replace(vec![7]);
        assert_eq!(snapshots.before_writes(1).as_slice(), [7]);
    }

    #[test]
    fn what_is_amended_is_there_at_once_and_counts_as_no_write() {
        let snapshots = Snapshots::settled(vec![1]);
        push(&snapshots, 2);
        let amended: Result<(), ()> = snapshots.amend(|model| {
            model.push(3);
            Ok(())
        });
        assert_eq!((amended, snapshots.current().as_slice()), (Ok(()), [1, 2, 3].as_slice()));
        assert_eq!(snapshots.before_writes(1).as_slice(), [1]);
    }
}
