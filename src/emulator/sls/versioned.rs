//! A value and its previous version.
//!
//! SLS has this in place of `Snapshots`, which copies pointers to all of a table at each write: there may be 10,000
//! Logstores, while RAM limits how much an account has.

use std::sync::Arc;

/// Which version is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// The current version.
    Current,
    /// The version before the last write.
    BeforeLastWrite,
}

/// A value that can be absent, and what it was before its last write.
#[derive(Clone, Debug)]
pub struct Versioned<T> {
    current: Option<Arc<T>>,
    previous: Option<Arc<T>>,
}

impl<T> Default for Versioned<T> {
    fn default() -> Self {
        Self { current: None, previous: None }
    }
}

impl<T> Versioned<T> {
    /// A value without a history.
    pub fn new(value: T) -> Self {
        let value = Arc::new(value);
        Self { current: Some(Arc::clone(&value)), previous: Some(value) }
    }

    /// The value as `view` shows it.
    pub fn get(&self, view: View) -> Option<&T> {
        match view {
            View::Current => self.current.as_deref(),
            View::BeforeLastWrite => self.previous.as_deref(),
        }
    }

    /// The current value, which stays as it is now for whoever has it.
    pub fn shared(&self) -> Option<Arc<T>> {
        self.current.clone()
    }

    /// Replaces the value.
    pub fn set(&mut self, value: T) {
        self.previous = self.current.replace(Arc::new(value));
    }

    /// Changes the current value in place; not a write. Does nothing if there is no value.
    pub fn update_untracked(&mut self, change: impl FnOnce(&mut T))
    where
        T: Clone,
    {
        if let Some(current) = &mut self.current {
            change(Arc::make_mut(current));
        }
    }

    /// Removes the value, if there is one.
    pub fn remove(&mut self) {
        if self.current.is_some() {
            self.previous = self.current.take();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_view_before_the_last_write_lags_by_one() {
        let mut value = Versioned::new(1);
        assert_eq!(value.get(View::BeforeLastWrite), Some(&1));
        value.set(2);
        value.set(3);
        assert_eq!((value.get(View::Current), value.get(View::BeforeLastWrite)), (Some(&3), Some(&2)));
        let shared = value.shared().unwrap();
        value.update_untracked(|value| *value = 30);
        assert_eq!((*shared, value.get(View::Current)), (3, Some(&30)));
        value.update_untracked(|value| *value = 3);
        value.remove();
        value.remove();
        assert_eq!((value.get(View::Current), value.get(View::BeforeLastWrite)), (None, Some(&3)));
        value.set(4);
        assert_eq!(value.get(View::BeforeLastWrite), None);
    }
}
