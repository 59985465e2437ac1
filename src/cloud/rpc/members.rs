//! Members of answers that serde cannot deserialize by itself.

use std::collections::BTreeMap;

use serde::de::{Deserialize, Deserializer, Error as _};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crypto::Secret;

/// A member that may be missing or null, and then has its default.
pub(crate) fn or_default<'de, D, T>(member: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::deserialize(member).map(Option::unwrap_or_default)
}

/// A text that may be missing, null or empty; each of these is `None`.
pub(crate) fn optional_text<'de, D: Deserializer<'de>>(member: D) -> Result<Option<String>, D::Error> {
    or_default(member).map(|text: String| Some(text).filter(|text| !text.is_empty()))
}

/// A list in the form of RAM: the only member of an object. A list or object that is missing or null is an empty list.
pub(crate) fn list<'de, D, T>(member: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let lists: BTreeMap<String, Option<Vec<T>>> = or_default(member)?;
    Ok(lists.into_values().flatten().flatten().collect())
}

/// A secret.
pub(crate) fn secret<'de, D: Deserializer<'de>>(member: D) -> Result<Secret, D::Error> {
    String::deserialize(member).map(Secret::from)
}

/// A date such as `2026-11-20T08:00:00Z`.
pub(crate) fn date<'de, D: Deserializer<'de>>(member: D) -> Result<OffsetDateTime, D::Error> {
    let date = OffsetDateTime::parse(&String::deserialize(member)?, &Rfc3339);
    date.map_err(|_| D::Error::custom("it is not a date such as 2026-11-20T08:00:00Z"))
}

/// Checks that an answer is about the requested object. RAM matches names without regard to letter case, and answers
/// with its own spelling.
///
/// # Errors
/// What is wrong, for [`RpcClient::read`](super::RpcClient::read).
pub(crate) fn expect_name(member: &str, answered: &str, asked: &str) -> Result<(), String> {
    if answered.eq_ignore_ascii_case(asked) {
        return Ok(());
    }
    Err(format!("`{member}` should be {asked:?}; found {answered:?}"))
}
