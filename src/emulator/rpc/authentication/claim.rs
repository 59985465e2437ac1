//! What a call claims about its origin, and the forms that both schemes share.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use time::PrimitiveDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use crate::rpc::Error;

/// How far a call's date may be from the machine's clock, in seconds: 15 minutes.
pub const WINDOW: u64 = 15 * 60;

const TIMESTAMP: &[BorrowedFormatItem<'_>] = format_description!(
    version = 2,
    "[year]-[month]-[day]T[hour]:[minute]:[second][optional [.[subsecond]]]Z"
);

/// The unreserved characters of RFC 3986 (section 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// What a call claims about its origin, not yet believed.
#[derive(Debug)]
pub struct Claim<'a> {
    pub access_key_id: &'a str,
    pub token: Option<&'a str>,
    pub signature: &'a str,
    /// Seconds since the epoch.
    pub time: i64,
    pub nonce: &'a str,
    pub scheme: Scheme<'a>,
}

#[derive(Debug)]
pub enum Scheme<'a> {
    V1,
    Acs3 { signed_headers: &'a str },
}

/// Reads `2026-11-20T08:00:00Z` as seconds since the epoch. The seconds may have a fraction: JavaScript writes
/// `2026-11-20T08:00:00.123Z`.
pub fn timestamp(text: &str) -> Result<i64, Error> {
    let malformed = "Specified time stamp or date value is not well formatted.";
    PrimitiveDateTime::parse(text, TIMESTAMP)
        .map(|time| time.assume_utc().unix_timestamp())
        .map_err(|_| Error::new(400, "InvalidTimeStamp.Format", malformed))
}

/// `name=value` pairs, encoded, sorted and joined.
pub fn canonical<'p>(pairs: impl Iterator<Item = (&'p str, &'p str)>) -> String {
    let mut pairs: Vec<(String, String)> =
        pairs.map(|(name, value)| (encoded(name), encoded(value))).collect();
    pairs.sort_unstable();
    let written: Vec<String> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    written.join("&")
}

pub fn encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}
