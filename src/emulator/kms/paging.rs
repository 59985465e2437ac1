//! Pages of lists.

use serde_json::{Map, Value, json};

use super::error;
use crate::rpc::{Error, Parameters, members};

/// Keys on a page where the call does not say, and at most.
const PAGE_SIZES: (i64, i64) = (10, 100);

/// Cuts a page out of a list: the page, and the members that describe it.
pub fn page(parameters: &Parameters, all: Vec<Value>) -> Result<(Vec<Value>, Map<String, Value>), Error> {
    let (default_size, largest) = PAGE_SIZES;
    let number = parameters.number("PageNumber")?.unwrap_or(1);
    let size = parameters.number("PageSize")?.unwrap_or(default_size);
    if number < 1 {
        return Err(error::invalid("PageNumber"));
    }
    if !(1..=largest).contains(&size) {
        return Err(error::invalid("PageSize"));
    }
    let described = members(json!({"TotalCount": all.len(), "PageNumber": number, "PageSize": size}));
    let skipped = usize::try_from((number - 1).saturating_mul(size)).unwrap_or(usize::MAX);
    let taken = usize::try_from(size).unwrap_or(usize::MAX);
    Ok((all.into_iter().skip(skipped).take(taken).collect(), described))
}
