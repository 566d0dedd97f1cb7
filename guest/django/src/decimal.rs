//! Decimal numbers by their digits, as Python's `Decimal` holds them.

use std::str::FromStr;

use super::{integer::Integer, python};

/// A finite decimal: its digits times a power of ten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    negative: bool,
    /// The most significant first and not zero, unless it is the only one.
    digits: Vec<u8>,
    exponent: i64,
}

impl Decimal {
    /// How many digits and zeros the number needs, which tells whether it can be written out.
    pub(super) fn written_size(&self) -> u64 {
        u64::try_from(self.digits.len())
            .unwrap_or(u64::MAX)
            .saturating_add(self.exponent.unsigned_abs())
    }

    /// The integer it is; none if it has a fraction.
    pub(super) fn to_integer(&self) -> Option<Integer> {
        let (whole, fraction) = self.parts();
        fraction
            .iter()
            .all(|digit| *digit == 0)
            .then(|| Integer::new(self.negative, whole))
    }

    /// The number with exactly so many digits of fraction, half of one rounded away from zero.
    pub(super) fn rounded(&self, places: usize) -> String {
        let (whole, mut fraction) = self.parts();
        let rounds_up = fraction.get(places).is_some_and(|digit| *digit >= 5);
        fraction.resize(places, 0);
        let digits = whole.into_iter().chain(fraction);
        let truncated = Integer::new(self.negative, digits);
        let unit = Integer::new(self.negative, [u8::from(rounds_up)]);
        let rounded = truncated.plus(&unit);
        let sign = if rounded.is_negative() { "-" } else { "" };
        let digits = rounded.abs().to_string();
        // At least one digit before the point.
        let digits = "0".repeat((places + 1).saturating_sub(digits.len())) + &digits;
        let (whole, fraction) = digits
            .split_at_checked(digits.len() - places)
            .unwrap_or((&digits, ""));
        let point = if places > 0 { "." } else { "" };
        format!("{sign}{whole}{point}{fraction}")
    }

    /// Digits before and behind the point. Only for numbers of a bounded size.
    fn parts(&self) -> (Vec<u8>, Vec<u8>) {
        let mut whole = self.digits.clone();
        let zeros = usize::try_from(self.exponent.unsigned_abs()).unwrap_or(usize::MAX);
        if self.exponent >= 0 {
            whole.resize(whole.len() + zeros, 0);
            return (whole, Vec::new());
        }
        let missing = zeros.saturating_sub(whole.len());
        let mut fraction = whole.split_off(whole.len().saturating_sub(zeros));
        fraction.splice(..0, std::iter::repeat_n(0, missing));
        (whole, fraction)
    }
}

/// What Python's `Decimal(text)` is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Parsed {
    /// A number.
    Finite(Decimal),
    /// An infinity or NaN.
    Special,
}

impl FromStr for Parsed {
    type Err = ();

    /// Reads what Python's `Decimal` reads: spaces around and underscores anywhere are fine.
    fn from_str(text: &str) -> Result<Self, ()> {
        let text = python::strip(text).replace('_', "").to_ascii_lowercase();
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(&text);
        let payload = ["snan", "nan"]
            .iter()
            .find_map(|nan| unsigned.strip_prefix(nan));
        if matches!(unsigned, "inf" | "infinity") || payload.is_some_and(is_digits) {
            return Ok(Self::Special);
        }
        let (mantissa, exponent) = match unsigned.split_once('e') {
            Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if !is_digits(whole) || !is_digits(fraction) || whole.len() + fraction.len() == 0 {
            return Err(());
        }
        let digits = whole
            .bytes()
            .chain(fraction.bytes())
            .map(|byte| byte - b'0');
        let mut digits: Vec<u8> = digits.skip_while(|digit| *digit == 0).collect();
        if digits.is_empty() {
            digits.push(0);
        }
        let places = i64::try_from(fraction.len()).map_err(|_| ())?;
        Ok(Self::Finite(Decimal {
            negative: text.starts_with('-'),
            digits,
            exponent: exponent.saturating_sub(places),
        }))
    }
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// An exponent; one beyond 64 bits is as good as their limit.
fn parse_exponent(text: &str) -> Result<i64, ()> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !is_digits(digits) {
        return Err(());
    }
    let limit = if text.starts_with('-') {
        i64::MIN
    } else {
        i64::MAX
    };
    Ok(text.parse().unwrap_or(limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        match text.parse().unwrap() {
            Parsed::Finite(decimal) => decimal,
            Parsed::Special => panic!("{text} is not finite"),
        }
    }

    #[test]
    fn halves_are_rounded_away_from_zero() {
        for (number, places, text) in [
            ("2.5", 0, "3"),
            ("-2.5", 0, "-3"),
            ("0.125", 2, "0.13"),
            ("9.995", 2, "10.00"),
            ("-0.004", 2, "0.00"),
            ("0.05", 1, "0.1"),
            ("1e3", 1, "1000.0"),
            ("1e-9", 3, "0.000"),
            ("12345678901234567890.12345", 4, "12345678901234567890.1235"),
        ] {
            assert_eq!(decimal(number).rounded(places), text, "{number}");
        }
    }

    #[test]
    fn decimals_are_read_as_python_reads_them() {
        for text in ["1", " 1. ", ".5", "+1_0.0e-3", "-0"] {
            assert!(matches!(text.parse(), Ok(Parsed::Finite(_))), "{text}");
        }
        for text in ["inf", "-Infinity", "NaN", "snan12"] {
            assert_eq!(text.parse(), Ok(Parsed::Special), "{text}");
        }
        for text in ["", ".", "e5", "1e", "1 0", "0x1", "--1", "1.2.3"] {
            assert_eq!(text.parse::<Parsed>(), Err(()), "{text}");
        }
    }
}
