//! `Marker`, `MaxItems` and `IsTruncated` of lists.

use serde_json::{Map, Value};

use crate::rpc::{Error, Parameters};

/// How many a list answers at once where the call does not say.
const DEFAULT_ITEMS: i64 = 100;

/// A part of a list whose elements have unique keys in ascending order.
#[derive(Clone, Debug)]
pub struct Page {
    /// The key of the last element of the page before.
    after: Option<String>,
    items: usize,
}

impl Page {
    /// Reads `Marker` and `MaxItems` (1 to 1000).
    ///
    /// # Errors
    ///
    /// `InvalidParameter.Marker`, `InvalidParameter.MaxItems`.
    pub fn from_parameters(parameters: &Parameters) -> Result<Self, Error> {
        let items = match parameters.number("MaxItems")?.unwrap_or(DEFAULT_ITEMS) {
            items @ 1..=1_000 => usize::try_from(items).map_err(|_| Error::incorrect("MaxItems"))?,
            _ => return Err(Error::incorrect("MaxItems")),
        };
        let after = parameters.get("Marker").map(|marker| {
            let key = hex::decode(marker).ok().and_then(|key| String::from_utf8(key).ok());
            key.ok_or_else(|| Error::incorrect("Marker"))
        });
        Ok(Self { after: after.transpose()?, items })
    }

    /// The answer for this page: `IsTruncated`, `Marker` where there is more, and the elements, in
    /// `name.element`.
    pub fn select<'k>(
        &self,
        elements: impl Iterator<Item = (&'k str, Value)>,
        (name, element): (&str, &str),
    ) -> Map<String, Value> {
        let mut rest =
            elements.skip_while(|(key, _)| self.after.as_deref().is_some_and(|after| *key <= after));
        let page: Vec<(&str, Value)> = rest.by_ref().take(self.items).collect();
        let is_truncated = rest.next().is_some();
        let last = page.last().map(|(key, _)| hex::encode(key));
        let values: Vec<Value> = page.into_iter().map(|(_, value)| value).collect();
        let mut members = Map::new();
        members.insert("IsTruncated".to_owned(), is_truncated.into());
        if let Some(marker) = last.filter(|_| is_truncated) {
            members.insert("Marker".to_owned(), marker.into());
        }
        members.insert(name.to_owned(), Value::Object(Map::from_iter([(element.to_owned(), values.into())])));
        members
    }
}
