//! Dates as clients send them.

use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Date, Month, PrimitiveDateTime, Time};

const COMPACT: &[BorrowedFormatItem<'_>] =
    format_description!(version = 2, "[year][month][day]T[hour][minute][second][optional [.[subsecond]]]Z");

/// Reads an RFC 822 date in GMT (`Fri, 20 Nov 2026 08:00:00 GMT`) as seconds since the epoch.
///
/// The day may have one digit and the name of the weekday is not compared, because a published vector
/// of the vendor's (`Mon, 3 Jan 2010`, a Sunday) has both.
pub fn parse_rfc_822(text: &str) -> Option<i64> {
    let (_, rest) = text.split_once(',')?;
    let mut words = rest.split_ascii_whitespace();
    let day = words.next()?.parse().ok()?;
    let month = month(words.next()?)?;
    let year = words.next()?.parse().ok()?;
    let time = clock_time(words.next()?)?;
    let is_gmt = matches!(words.next()?, "GMT" | "UTC" | "+0000");
    if !is_gmt || words.next().is_some() {
        return None;
    }
    let date = Date::from_calendar_date(year, month, day).ok()?;
    Some(PrimitiveDateTime::new(date, time).assume_utc().unix_timestamp())
}

/// Reads `20261120T080000Z` as seconds since the epoch. The seconds may have a fraction.
pub fn parse_compact(text: &str) -> Option<i64> {
    let date = PrimitiveDateTime::parse(text, COMPACT).ok()?;
    Some(date.assume_utc().unix_timestamp())
}

fn month(name: &str) -> Option<Month> {
    const NAMES: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let number = NAMES.iter().position(|known| *known == name)? + 1;
    Month::try_from(u8::try_from(number).ok()?).ok()
}

fn clock_time(text: &str) -> Option<Time> {
    let mut parts = text.split(':').map(str::parse::<u8>);
    let (hour, minute, second) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
    if parts.next().is_some() {
        return None;
    }
    Time::from_hms(hour, minute, second).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_822_dates() {
        assert_eq!(parse_rfc_822("Fri, 20 Nov 2026 08:00:00 GMT"), Some(1_795_161_600));
        assert_eq!(parse_rfc_822("Mon, 3 Jan 2010 08:33:47 GMT"), Some(1_262_507_627));
        for bad in [
            "",
            "2026-11-20T08:00:00Z",
            "Fri, 20 Nov 2026 08:00:00",
            "Fri, 20 Nov 2026 08:00:00 CET",
            "Fri, 31 Feb 2026 08:00:00 GMT",
            "Fri, 20 Nov 2026 25:00:00 GMT",
            "Fri, 20 Nov 2026 08:00:00 GMT x",
            "Fri, 20 Nov 2026 08:00:00:00 GMT",
        ] {
            assert_eq!(parse_rfc_822(bad), None, "{bad}");
        }
    }

    #[test]
    fn compact_dates() {
        for good in ["20261120T080000Z", "20261120T080000.1Z", "20261120T080000.999999999Z"] {
            assert_eq!(parse_compact(good), Some(1_795_161_600), "{good}");
        }
        for bad in
            ["", "20261120", "20261320T080000Z", "20261120T080000", "20261120T080000Zx", "20261120T080000.Z"]
        {
            assert_eq!(parse_compact(bad), None, "{bad}");
        }
    }
}
