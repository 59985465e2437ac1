//! The `offset` and `size` of lists.

use crate::error::Error;
use crate::target::Query;

/// The most a list answers at once.
const MAX_SIZE: usize = 500;

/// A part of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    offset: usize,
    size: usize,
}

impl Page {
    /// Reads `offset` (from 0) and `size` (1 to 500); an empty value counts as none.
    ///
    /// # Errors
    ///
    /// `InvalidLogStoreQuery` for a text that is not a number, `ParameterInvalid` for a size out of range.
    pub fn from_query(query: &Query, default_size: usize) -> Result<Self, Error> {
        let offset = number(query, "offset")?.unwrap_or(0);
        let size = number(query, "size")?.unwrap_or(default_size);
        if !(1..=MAX_SIZE).contains(&size) {
            // The range is misprinted in the vendor's table of errors; clients match the text.
            return Err(Error::parameter_invalid("Invalid parameter size, (0.6.0]."));
        }
        Ok(Self { offset, size })
    }

    /// Cuts the page out of the whole list.
    pub fn select<T>(self, all: Vec<T>) -> Vec<T> {
        all.into_iter().skip(self.offset).take(self.size).collect()
    }
}

fn number(query: &Query, name: &str) -> Result<Option<usize>, Error> {
    match query.get(name) {
        None | Some("") => Ok(None),
        Some(text) => match text.parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(Error::new(400, "InvalidLogStoreQuery", "logstore Query is invalid.")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(query: &str) -> Result<Vec<u32>, Error> {
        Ok(Page::from_query(&Query::parse(query), 3)?.select((0..10).collect()))
    }

    #[test]
    fn pages_are_cut_from_the_list() {
        assert_eq!(page(""), Ok(vec![0, 1, 2]));
        assert_eq!(page("offset=8&size=500"), Ok(vec![8, 9]));
        assert_eq!(page("offset=10"), Ok(vec![]));
        assert_eq!(page("offset=&size="), Ok(vec![0, 1, 2]));
    }

    #[test]
    fn bad_pages_are_refused() {
        for size in ["size=0", "size=501"] {
            assert_eq!(page(size).unwrap_err().message, "Invalid parameter size, (0.6.0].");
        }
        for query in ["size=x", "offset=-1"] {
            assert_eq!(page(query).unwrap_err().code, "InvalidLogStoreQuery");
        }
    }
}
