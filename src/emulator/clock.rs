//! The emulator's clock: the machine's or a fixed one, and how far it was moved.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

const ISO_8601: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
const RFC_1123: &[BorrowedFormatItem<'_>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");

/// What a clock can show: the years 1970 to 9989. What is dated ahead of it, such as the end of a session or of a key,
/// has to be in a year of four digits, as it is written on the wire.
const SPAN: RangeInclusive<i64> = 0..=253_086_767_999;

/// A clock cannot be moved to where it is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the clock can be moved within the years 1970 to 9989 only")]
pub struct OutOfSpan;

/// A clock that can be moved. Clones show the same time.
#[derive(Clone, Debug)]
pub struct Clock {
    base: Base,
    advanced: Arc<AtomicI64>,
}

#[derive(Clone, Debug)]
enum Base {
    System,
    Fixed(i64),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self { base: Base::System, advanced: Arc::default() }
    }

    /// A clock that stands still at `unix_seconds` until it is advanced.
    pub fn fixed(unix_seconds: i64) -> Self {
        Self { base: Base::Fixed(unix_seconds), advanced: Arc::default() }
    }

    /// Moves the clock by `seconds`, backwards when negative.
    ///
    /// # Errors
    ///
    /// `OutOfSpan`, and the clock has not been moved.
    pub fn advance(&self, seconds: i64) -> Result<(), OutOfSpan> {
        let unmoved = self.unmoved();
        let moved = self.advanced.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |so_far| {
            let advanced = so_far.checked_add(seconds)?;
            unmoved.checked_add(advanced).filter(|unix| SPAN.contains(unix)).map(|_| advanced)
        });
        moved.map(drop).map_err(|_| OutOfSpan)
    }

    /// How far the clock was moved, in seconds.
    pub fn advanced(&self) -> i64 {
        self.advanced.load(Ordering::Relaxed)
    }

    /// Undoes every [`Clock::advance`].
    pub fn reset(&self) {
        self.restore(0);
    }

    /// Has the clock be as far ahead, in seconds, as it was before: [`Clock::advanced`].
    pub fn restore(&self, advanced: i64) {
        self.advanced.store(advanced, Ordering::Relaxed);
    }

    /// Seconds since the epoch, in the years 1970 to 9989.
    pub fn unix(&self) -> i64 {
        self.unmoved().saturating_add(self.advanced()).clamp(*SPAN.start(), *SPAN.end())
    }

    /// Seconds since the epoch, as if the clock had never been advanced. Clients date their calls by the
    /// machine's clock, which the control API does not move.
    pub fn unmoved(&self) -> i64 {
        match self.base {
            Base::System => OffsetDateTime::now_utc().unix_timestamp(),
            Base::Fixed(seconds) => seconds,
        }
    }
}

/// `2026-11-20T08:00:00Z`.
pub fn iso_8601(unix_seconds: i64) -> String {
    formatted(unix_seconds, ISO_8601)
}

/// `Fri, 20 Nov 2026 08:00:00 GMT`, the form of HTTP's `Date` header (RFC 9110, section 5.6.7).
pub fn rfc_1123(unix_seconds: i64) -> String {
    formatted(unix_seconds, RFC_1123)
}

/// Writes a moment out; one outside the years the calendar knows is written as the epoch.
pub fn formatted(unix_seconds: i64, format: &[BorrowedFormatItem<'_>]) -> String {
    let moment = OffsetDateTime::from_unix_timestamp(unix_seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    moment.format(format).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_move_together_and_reset_undoes_it() {
        let clock = Clock::fixed(1_795_161_600);
        let other = clock.clone();
        clock.advance(3_600).unwrap();
        clock.advance(-600).unwrap();
        assert_eq!(other.unix(), 1_795_164_600);
        assert_eq!(other.unmoved(), 1_795_161_600);
        other.reset();
        assert_eq!(clock.unix(), 1_795_161_600);
    }

    #[test]
    fn no_move_leads_out_of_the_years_that_can_be_written() {
        let clock = Clock::fixed(1_795_161_600);
        for seconds in [i64::MIN, -1_795_161_601, SPAN.end() - 1_795_161_599, i64::MAX] {
            assert_eq!(clock.advance(seconds), Err(OutOfSpan), "{seconds}");
            assert_eq!(clock.advanced(), 0);
        }
        clock.advance(SPAN.end() - clock.unix()).unwrap();
        assert_eq!(iso_8601(clock.unix()), "9989-12-31T23:59:59Z");
        assert_eq!(clock.advance(1), Err(OutOfSpan));
        clock.advance(-clock.unix()).unwrap();
        assert_eq!(iso_8601(clock.unix()), "1970-01-01T00:00:00Z");
        // Of a machine whose clock is wrong.
        for (advanced, shown) in [(i64::MAX, *SPAN.end()), (i64::MIN, 0)] {
            clock.restore(advanced);
            assert_eq!(clock.unix(), shown);
        }
    }

    #[test]
    fn dates_are_written_as_the_wire_has_them() {
        assert_eq!(iso_8601(1_795_161_600), "2026-11-20T08:00:00Z");
        assert_eq!(rfc_1123(1_795_161_600), "Fri, 20 Nov 2026 08:00:00 GMT");
    }
}
