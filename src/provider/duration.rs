//! Durations as Go writes them: `30s`, `1h30m`, `1.5h`. Terraform's `timeouts` use that notation.

use std::time::Duration;

/// The longest duration that is accepted. No operation on a Logstore takes longer, and sums with the time that a
/// process has run stay in range.
const LONGEST: Duration = Duration::from_hours(24);

/// Reads a duration such as `90s`, `5m` or `1h30m`.
///
/// Source: Go, package `time`, function `ParseDuration`; signs are left out, since a time limit is never
/// negative.
///
/// # Errors
///
/// What is wrong, as the end of a sentence.
pub(super) fn parse(text: &str) -> Result<Duration, String> {
    const FORM: &str = "it must be a duration such as \"30s\", \"5m\" or \"1h30m\"";
    let mut rest = text;
    let mut total = Duration::ZERO;
    if rest.is_empty() {
        return Err(FORM.to_owned());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, after) = rest.split_at(digits);
        let letters = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        let number: f64 = number.parse().map_err(|_| FORM.to_owned())?;
        let seconds = number * seconds_of(unit).ok_or_else(|| FORM.to_owned())?;
        let part = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        total = total.saturating_add(part);
        rest = after;
    }
    if total.is_zero() {
        return Err("it must be longer than zero".to_owned());
    }
    if total > LONGEST {
        return Err("it must be at most 24h".to_owned());
    }
    Ok(total)
}

fn seconds_of(unit: &str) -> Option<f64> {
    Some(match unit {
        "h" => 3600.0,
        "m" => 60.0,
        "s" => 1.0,
        "ms" => 1e-3,
        "us" | "µs" | "μs" => 1e-6,
        "ns" => 1e-9,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_durations_are_read() {
        for (text, seconds) in
            [("30s", 30.0), ("5m", 300.0), ("1h30m", 5400.0), ("1.5h", 5400.0), ("250ms", 0.25)]
        {
            assert_eq!(parse(text), Ok(Duration::from_secs_f64(seconds)), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in
            ["", "5", "m", "-5m", "5 m", "5d", "1..5s", "0s", "five", "99999999999999999999999h", "5m5"]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_duration_has_a_longest_value() {
        assert_eq!(parse("24h"), Ok(LONGEST));
        for text in ["24h1ns", "9223372036854775807s", "2562048h", "99999999999999h", "18446744073709551615s"]
        {
            assert_eq!(parse(text), Err("it must be at most 24h".to_owned()), "{text}");
        }
    }
}
