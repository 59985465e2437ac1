//! Terraform's one number type: decimal, of any size within reason.

use std::{fmt, str::FromStr};

use bigdecimal::BigDecimal;

/// The most digits a number may have before the decimal point, and the most after it.
///
/// Nine characters such as `1e9999999` would otherwise become gigabytes of digits as soon as the
/// number is printed or compared. Terraform itself computes with 512 bits, about 155 decimal
/// digits, so the bound is far above what a configuration can mean; the smallest 64-bit float needs
/// 1,074 digits.
const MAX_DIGITS: i64 = 5_000;

/// The longest text that is read as a number: twice [`MAX_DIGITS`], with sign, point and exponent.
const MAX_TEXT: usize = 10_016;

/// A decimal number.
///
/// Two numbers are equal if they are the same amount, however they were written.
#[derive(Clone, PartialEq, Eq)]
pub struct Number(BigDecimal);

/// A text or float is not a number Terraform can mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// It is not decimal notation.
    #[error("not a decimal number")]
    NotDecimal,
    /// It has more digits than any configuration needs.
    #[error("a number with more than {MAX_DIGITS} digits before or after the decimal point")]
    TooLong,
    /// It is infinite or not a number at all.
    #[error("not a finite number")]
    NotFinite,
}

impl Number {
    /// The exact value of a float, binary rounding included: `0.1` is not a tenth.
    ///
    /// # Errors
    ///
    /// The float is infinite or not a number.
    pub fn from_f64(float: f64) -> Result<Number, NumberError> {
        let exact = BigDecimal::try_from(float).map_err(|_| NumberError::NotFinite)?;
        Number::bounded(&exact)
    }

    /// The number, if it is whole and fits.
    pub fn to_i64(&self) -> Option<i64> {
        self.to_string().parse().ok()
    }

    /// The number, if it is whole and fits.
    pub fn to_u64(&self) -> Option<u64> {
        self.to_string().parse().ok()
    }

    /// The float nearest to the number; infinite if it is out of range.
    pub fn to_f64(&self) -> f64 {
        // The standard parser rounds correctly, and reads everything `Display` writes.
        self.to_string().parse().unwrap_or(f64::NAN)
    }

    /// The float that is exactly this number, if there is one.
    pub fn to_exact_f64(&self) -> Option<f64> {
        let nearest = self.to_f64();
        (Number::from_f64(nearest).as_ref() == Ok(self)).then_some(nearest)
    }

    fn bounded(decimal: &BigDecimal) -> Result<Number, NumberError> {
        let decimal = decimal.normalized();
        let (digits, after_point) = (decimal.digits().cast_signed(), decimal.fractional_digit_count());
        if after_point > MAX_DIGITS || digits.saturating_sub(after_point) > MAX_DIGITS {
            return Err(NumberError::TooLong);
        }
        Ok(Number(decimal))
    }
}

impl From<i64> for Number {
    fn from(whole: i64) -> Self {
        Number(BigDecimal::from(whole).normalized())
    }
}

impl From<u64> for Number {
    fn from(whole: u64) -> Self {
        Number(BigDecimal::from(whole).normalized())
    }
}

/// Reads decimal notation, with or without an exponent: `-1.5`, `1e20`.
impl FromStr for Number {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        if text.len() > MAX_TEXT {
            return Err(NumberError::TooLong);
        }
        if !is_decimal_notation(text) {
            return Err(NumberError::NotDecimal);
        }
        // What is well formed and yet refused here has an exponent beyond 64 bits.
        let decimal = BigDecimal::from_str(text).map_err(|_| NumberError::TooLong)?;
        Number::bounded(&decimal)
    }
}

/// Writes all digits and no exponent, without trailing zeros after the point.
impl fmt::Display for Number {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write_plain_string(out)
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Number({self})")
    }
}

/// True for `[sign] digits [. digits] [e [sign] digits]`: the decimal library also takes underscores.
fn is_decimal_notation(text: &str) -> bool {
    let unsigned = |text: &str| text.strip_prefix(['+', '-']).unwrap_or(text).to_owned();
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let mantissa = unsigned(mantissa);
    let mantissa_is_good = match mantissa.split_once('.') {
        Some((whole, fraction)) => all_digits(whole) && all_digits(fraction),
        None => all_digits(&mantissa),
    };
    mantissa_is_good && exponent.is_none_or(|exponent| all_digits(&unsigned(exponent)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        text.parse().unwrap()
    }

    #[track_caller]
    fn check_refused(text: &str, error: NumberError) {
        assert_eq!(text.parse::<Number>(), Err(error), "{text}");
    }

    #[test]
    fn is_written_plainly_whatever_the_notation() {
        for (text, plain) in [
            ("0", "0"),
            ("-0", "0"),
            ("1.50", "1.5"),
            ("1e3", "1000"),
            ("+12E-3", "0.012"),
            ("99999999999999999999", "99999999999999999999"),
            ("-0.000000000000000000000000000001", "-0.000000000000000000000000000001"),
        ] {
            assert_eq!(number(text).to_string(), plain);
        }
    }

    #[test]
    fn equality_is_by_amount() {
        assert_eq!(number("1.0"), number("1"));
        assert_eq!(number("1e2"), Number::from(100_i64));
        assert_ne!(number("0.1"), Number::from_f64(0.1).unwrap());
    }

    #[test]
    fn text_that_is_no_decimal_number_is_refused() {
        for text in
            ["", "-", ".5", "5.", "1_000", "0x10", "1e", "1e+", "NaN", "inf", " 1", "1 ", "--1", "1.2.3"]
        {
            check_refused(text, NumberError::NotDecimal);
        }
    }

    #[test]
    fn numbers_that_would_fill_the_memory_are_refused() {
        check_refused("1e5001", NumberError::TooLong);
        check_refused("1e-5001", NumberError::TooLong);
        check_refused("1e999999999999", NumberError::TooLong);
        check_refused("1e99999999999999999999999", NumberError::TooLong);
        check_refused(&"9".repeat(1_000_000), NumberError::TooLong);
    }

    #[test]
    fn numbers_up_to_the_bound_are_read() {
        assert_eq!(number("1e4999").to_string().len(), 5000);
        assert_eq!(number(&"9".repeat(5000)).to_string().len(), 5000);
    }

    #[test]
    fn whole_numbers_come_out_only_if_they_fit() {
        assert_eq!(number("-9223372036854775808").to_i64(), Some(i64::MIN));
        assert_eq!(number("9223372036854775808").to_i64(), None);
        assert_eq!(number("18446744073709551615").to_u64(), Some(u64::MAX));
        assert_eq!(number("1.5").to_i64(), None);
    }

    #[test]
    fn floats_are_taken_exactly() {
        for float in [0.0, 1.5, 0.1, f64::MAX, f64::MIN_POSITIVE, 5e-324, -123_456.789] {
            let number = Number::from_f64(float).unwrap();
            assert_eq!(number.to_exact_f64(), Some(float));
        }
        assert_eq!(number("0.1").to_exact_f64(), None);
        assert_eq!(Number::from_f64(f64::INFINITY), Err(NumberError::NotFinite));
        assert_eq!(Number::from_f64(f64::NAN), Err(NumberError::NotFinite));
    }
}
