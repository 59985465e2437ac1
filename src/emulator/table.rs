//! Values by key, each a document of the store. Copies of a table share them.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::collections::btree_map::{Entry, Iter};
use std::fmt;
use std::iter::Peekable;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::stored::{Keyed, Unreadable, Unwritable, decode, encode};
use storage::{Document, Kind, WriteBatch};

/// A value that is a document of its own.
pub trait OwnDocument: Keyed<Key: DocumentKey> + Serialize + DeserializeOwned {
    /// What the names of these documents begin with, before a slash.
    const PREFIX: &'static str;
}

/// What tells such documents from each other.
pub trait DocumentKey {
    /// What is behind the slash: another text for each key.
    fn to_name(&self) -> String;
}

impl DocumentKey for String {
    fn to_name(&self) -> String {
        self.clone()
    }
}

/// Values by their keys. A copy shares them all; one that is changed has pointers of its own to the values, and a
/// value of its own only where one was changed.
pub struct Table<V: Keyed>(Arc<Values<V>>);

type Values<V> = BTreeMap<<V as Keyed>::Key, Arc<V>>;

impl<V: Keyed> Table<V> {
    /// The value of a key.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        V::Key: Borrow<Q>,
    {
        self.0.get(key).map(AsRef::as_ref)
    }

    /// Whether there is a value of the key.
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        V::Key: Borrow<Q>,
    {
        self.0.contains_key(key)
    }

    /// The number of values.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Keys and values, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&V::Key, &V)> {
        self.0.iter().map(|(key, value)| (key, value.as_ref()))
    }

    /// The values, by key.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        self.0.values().map(AsRef::as_ref)
    }

    /// The keys whose values are not those of `before`, each with its value; `None` for one that is gone. Values that
    /// both share are not looked at.
    fn changes_since<'t>(&'t self, before: &'t Self) -> Changes<'t, V> {
        let of = |table: &'t Self| table.0.iter().peekable();
        Changes { before: of(before), after: of(self) }
    }
}

impl<V: OwnDocument> Table<V> {
    /// Writes into a change of the store what is not as it was in `before`: the documents of what is there, and the
    /// removal of those of what is not.
    ///
    /// # Errors
    ///
    /// [`Unwritable`]
    pub fn write_changes(&self, before: &Self, kind: Kind, batch: &mut WriteBatch) -> Result<(), Unwritable> {
        if Arc::ptr_eq(&self.0, &before.0) {
            return Ok(());
        }
        for (key, value) in self.changes_since(before) {
            let name = document_name::<V>(key);
            match value {
                Some(value) => batch.write(kind, &name, encode(value)?),
                None => batch.remove(kind, &name),
            }
        }
        Ok(())
    }

    /// Adds the value of a document; false if the document is of another table.
    ///
    /// # Errors
    ///
    /// [`Unreadable`]
    pub fn add_document(&mut self, document: &Document) -> Result<bool, Unreadable>
    where
        V::Key: Clone,
    {
        let prefix = document.name.split_once('/').map(|(prefix, _)| prefix);
        if prefix != Some(V::PREFIX) {
            return Ok(false);
        }
        let value: V = decode(&document.content)?;
        if document.name != document_name::<V>(&value.key()) {
            return Err(Unreadable::new("it has the name of another"));
        }
        self.insert(value);
        Ok(true)
    }
}

fn document_name<V: OwnDocument>(key: &V::Key) -> String {
    format!("{}/{}", V::PREFIX, key.to_name())
}

impl<V: Keyed> Table<V>
where
    V::Key: Clone,
{
    /// Sets a value, which says its key.
    pub fn insert(&mut self, value: V) {
        self.values_mut().insert(value.key(), Arc::new(value));
    }

    /// Adds a value; false where there is one of its key, which stays.
    pub fn add(&mut self, value: V) -> bool {
        match self.values_mut().entry(value.key()) {
            Entry::Occupied(_) => false,
            Entry::Vacant(place) => {
                place.insert(Arc::new(value));
                true
            }
        }
    }

    /// Removes a value, if there is one.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<Arc<V>>
    where
        V::Key: Borrow<Q>,
    {
        self.values_mut().remove(key)
    }

    /// The value of a key, to change it in all but what says its key.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        V: Clone,
        V::Key: Borrow<Q>,
    {
        self.values_mut().get_mut(key).map(Arc::make_mut)
    }

    fn values_mut(&mut self) -> &mut Values<V> {
        Arc::make_mut(&mut self.0)
    }
}

impl<V: Keyed> Default for Table<V> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<V: Keyed> Clone for Table<V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<V: Keyed + fmt::Debug> fmt::Debug for Table<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.values()).finish()
    }
}

#[cfg(test)]
impl<V: Keyed + PartialEq> PartialEq for Table<V> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<V: Keyed> FromIterator<V> for Table<V> {
    fn from_iter<I: IntoIterator<Item = V>>(values: I) -> Self {
        Self(Arc::new(values.into_iter().map(|value| (value.key(), Arc::new(value))).collect()))
    }
}

/// What [`Table::changes_since`] finds.
struct Changes<'t, V: Keyed> {
    before: Peekable<Iter<'t, V::Key, Arc<V>>>,
    after: Peekable<Iter<'t, V::Key, Arc<V>>>,
}

impl<'t, V: Keyed> Iterator for Changes<'t, V> {
    type Item = (&'t V::Key, Option<&'t V>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let order = match (self.before.peek(), self.after.peek()) {
                (None, None) => return None,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some((old, _)), Some((new, _))) => old.cmp(new),
            };
            match order {
                Ordering::Less => return self.before.next().map(|(key, _)| (key, None)),
                Ordering::Greater => return self.after.next().map(|(key, value)| (key, Some(&**value))),
                Ordering::Equal => {
                    let ((_, old), (key, new)) = (self.before.next()?, self.after.next()?);
                    if !Arc::ptr_eq(old, new) {
                        return Some((key, Some(&**new)));
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug, PartialEq)]
    struct Pair(u8, u8);

    impl Keyed for Pair {
        type Key = u8;

        fn key(&self) -> u8 {
            self.0
        }
    }

    proptest! {
        /// What changed since, put into what was there, gives what is there.
        #[test]
        fn changes_lead_from_one_table_to_the_other(
            before in prop::collection::vec((any::<u8>(), any::<u8>()), 0..20),
            steps in prop::collection::vec((any::<u8>(), any::<u8>(), 0..3), 0..20),
        ) {
            let before: Table<Pair> = before.into_iter().map(|(key, value)| Pair(key, value)).collect();
            let mut after = before.clone();
            let mut touched = std::collections::BTreeSet::new();
            for (key, value, step) in steps {
                match step {
                    0 => after.insert(Pair(key, value)),
                    1 => drop(after.remove(&key)),
                    _ => {
                        if let Some(pair) = after.get_mut(&key) {
                            pair.1 = value;
                        }
                    }
                }
                touched.insert(key);
            }
            let mut led = before.clone();
            for (key, value) in after.changes_since(&before) {
                prop_assert!(touched.contains(key), "{key} was not touched");
                match value {
                    Some(value) => led.insert(value.clone()),
                    None => prop_assert!(led.remove(key).is_some()),
                }
            }
            prop_assert_eq!(led, after);
        }
    }

    #[test]
    fn a_value_that_is_added_does_not_replace_one() {
        let mut table = Table::default();
        assert!(table.add(Pair(1, 1)) && !table.add(Pair(1, 2)));
        assert_eq!((table.get(&1), table.len()), (Some(&Pair(1, 1)), 1));
    }
}
