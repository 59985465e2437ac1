//! The present time as requests carry it.

use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

const RFC_1123: &[BorrowedFormatItem<'_>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");
const ISO_8601: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");

/// The `Date` of SLS: `Fri, 20 Nov 2026 08:00:00 GMT`.
pub fn rfc_1123() -> String {
    now(RFC_1123)
}

/// The `Timestamp` of the RPC services: `2026-11-20T08:00:00Z`.
pub fn iso_8601() -> String {
    now(ISO_8601)
}

/// Seconds since 1970.
pub fn unix() -> i64 {
    OffsetDateTime::now_utc().unix_timestamp()
}

fn now(form: &[BorrowedFormatItem<'_>]) -> String {
    // Every part of both forms is there in every time.
    OffsetDateTime::now_utc().format(form).unwrap_or_default()
}
