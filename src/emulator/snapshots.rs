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
    /// A model without a history.
    pub fn new(model: M) -> Self {
        Self(Mutex::new(History { current: Arc::new(model), earlier: VecDeque::new() }))
    }

    /// The current model.
    pub fn current(&self) -> Arc<M> {
        Arc::clone(&self.lock().current)
    }

    /// The model as it was before the last `writes` writes; the oldest that is kept where it was not written
    /// as often, or more often than is kept.
    pub fn nth_previous(&self, writes: usize) -> Arc<M> {
        let history = self.lock();
        let oldest = history.earlier.len().min(writes);
        let seen = oldest.checked_sub(1).and_then(|index| history.earlier.get(index));
        Arc::clone(seen.unwrap_or(&history.current))
    }

    /// Changes the model. `submit` gets the model as it was and as it is, before any other change can begin.
    ///
    /// # Errors
    ///
    /// That of `change` or `submit`, and then the model is as it was.
    pub fn write<T, E>(
        &self,
        change: impl FnOnce(&mut M) -> Result<T, E>,
        submit: impl FnOnce(&M, &M) -> Result<(), E>,
    ) -> Result<T, E> {
        let mut history = self.lock();
        let mut next = M::clone(&history.current);
        let outcome = change(&mut next)?;
        submit(&history.current, &next)?;
        let previous = std::mem::replace(&mut history.current, Arc::new(next));
        history.earlier.push_front(previous);
        history.earlier.truncate(KEPT);
        Ok(outcome)
    }

    /// Puts another model in the place of this one, as if it had been there all along. `submit` is called
    /// while no change can begin.
    pub fn replace(&self, model: M, submit: impl FnOnce()) {
        let mut history = self.lock();
        *history = History { current: Arc::new(model), earlier: VecDeque::new() };
        submit();
    }

    fn lock(&self) -> MutexGuard<'_, History<M>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(snapshots: &Snapshots<Vec<usize>>, number: usize) {
        let push = |model: &mut Vec<usize>| {
            model.push(number);
            Ok(model.len())
        };
        let mut submitted = None;
        let submit = |before: &Vec<usize>, model: &Vec<usize>| {
            assert_eq!(before.len() + 1, model.len());
            submitted = model.last().copied();
            Ok(())
        };
        let written: Result<_, ()> = snapshots.write(push, submit);
        assert_eq!((written, submitted), (Ok(snapshots.current().len()), Some(number)));
    }

    #[test]
    fn a_failed_write_leaves_nothing_behind() {
        let snapshots = Snapshots::new(vec![1]);
        for (changed, submitted) in [(Err("no"), Ok(())), (Ok(()), Err("no"))] {
            let change = |model: &mut Vec<usize>| {
                model.push(2);
                changed
            };
            assert_eq!(snapshots.write(change, |_, _| submitted), Err("no"));
            assert_eq!(snapshots.current().as_slice(), [1]);
        }
    }

    #[test]
    fn one_can_look_back_over_the_last_writes_but_not_beyond_what_is_kept() {
        let snapshots = Snapshots::new(vec![]);
        assert!(snapshots.nth_previous(3).is_empty());
        push(&snapshots, 0);
        push(&snapshots, 1);
        for (writes, seen) in [(0, 2), (1, 1), (2, 0), (3, 0)] {
            assert_eq!(snapshots.nth_previous(writes).len(), seen, "{writes}");
        }
        for number in 2..=KEPT {
            push(&snapshots, number);
        }
        assert_eq!(snapshots.nth_previous(usize::MAX).len(), 1);
        snapshots.replace(vec![7], || ());
        assert_eq!(snapshots.nth_previous(1).as_slice(), [7]);
    }
}
