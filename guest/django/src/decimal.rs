//! Decimal numbers by their digits, as Python's `Decimal` holds them: exact, however long.

use std::{cmp::Ordering, fmt, str::FromStr};

use super::{integer::Integer, python};

/// The most digits that a decimal is written out to as an integer.
const MOST_DIGITS: u64 = 4300;

/// How many digits Python's operations keep.
const PRECISION: usize = 28;

/// A finite decimal: its digits times a power of ten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decimal {
    negative: bool,
    coefficient: Integer,
    exponent: i64,
}

impl Decimal {
    /// The float as Python writes it, exactly; none for an infinity or NaN.
    pub fn from_f64(number: f64) -> Option<Self> {
        Self::parse(&crate::json::python_float(number))
    }

    /// A finite decimal, read as Python's `Decimal` reads it.
    pub fn parse(text: &str) -> Option<Self> {
        match text.parse() {
            Ok(Parsed::Finite(decimal)) => Some(decimal),
            Ok(Parsed::Special) | Err(()) => None,
        }
    }

    /// Whether it is zero.
    pub fn is_zero(&self) -> bool {
        self.coefficient.is_zero()
    }

    /// Whether it has a minus sign; a zero may, too.
    pub fn is_negative(&self) -> bool {
        self.negative
    }

    /// Its digits, the most significant first; a zero has one.
    pub fn digits(&self) -> &[u8] {
        match self.coefficient.digits() {
            [] => &[0],
            digits => digits,
        }
    }

    /// The power of ten of its last digit.
    pub fn exponent(&self) -> i64 {
        self.exponent
    }

    /// The power of ten of its first digit.
    pub fn adjusted(&self) -> i64 {
        let digits = i64::try_from(self.digits().len()).unwrap_or(i64::MAX);
        self.exponent.saturating_add(digits - 1)
    }

    /// How many digits and zeros the number needs, which tells whether it can be written out.
    pub fn written_size(&self) -> u64 {
        let digits = u64::try_from(self.digits().len()).unwrap_or(u64::MAX);
        digits.saturating_add(self.exponent.unsigned_abs())
    }

    /// The same number with another sign.
    #[must_use]
    pub fn with_sign(&self, negative: bool) -> Self {
        Self {
            negative,
            ..self.clone()
        }
    }

    /// Python's `normalize`: without zeros at its end, and of at most 28 digits, half of one
    /// rounded to an even one.
    #[must_use]
    pub fn normalized(&self) -> Self {
        let digits = self.coefficient.digits();
        if let (kept, [first, rest @ ..]) = digits.split_at(digits.len().min(PRECISION)) {
            let is_odd = kept.last().is_some_and(|digit| digit % 2 == 1);
            let rest_counts = rest.iter().any(|digit| *digit > 0);
            let rounds_up = *first > 5 || (*first == 5 && (is_odd || rest_counts));
            let unit = Integer::new(false, [u8::from(rounds_up)]);
            let dropped = i64::try_from(rest.len() + 1).unwrap_or(i64::MAX);
            let rounded = Self {
                negative: self.negative,
                coefficient: Integer::new(false, kept.iter().copied()).plus(&unit),
                exponent: self.exponent.saturating_add(dropped),
            };
            return rounded.normalized();
        }
        let zeros = digits.iter().rev().take_while(|digit| **digit == 0).count();
        let dropped = i64::try_from(zeros).unwrap_or(i64::MAX);
        let exponent = if self.is_zero() {
            0
        } else {
            self.exponent.saturating_add(dropped)
        };
        Self {
            negative: self.negative,
            coefficient: Integer::new(false, digits.iter().copied().take(digits.len() - zeros)),
            exponent,
        }
    }

    /// Without its fraction: Python's `int`. None where that is too long to be written.
    pub fn truncated(&self) -> Option<Integer> {
        if self.adjusted() < 0 || self.is_zero() {
            return Some(Integer::new(false, []));
        }
        (self.written_size() <= MOST_DIGITS || self.exponent <= 0)
            .then(|| Integer::new(self.negative, self.parts().0))
    }

    /// The integer it is; none if it has a fraction.
    pub fn to_integer(&self) -> Option<Integer> {
        let (whole, fraction) = self.parts();
        fraction
            .iter()
            .all(|digit| *digit == 0)
            .then(|| Integer::new(self.negative, whole))
    }

    /// The nearest float, infinite beyond their range.
    pub fn to_f64(&self) -> f64 {
        self.to_string().parse().unwrap_or(f64::NAN)
    }

    /// The number with exactly so many digits of fraction, half of one rounded away from zero.
    pub fn rounded(&self, places: usize) -> String {
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

    /// The number without an exponent: Python's `{:f}`. Only for numbers of a bounded size.
    pub fn written_out(&self) -> String {
        let (whole, fraction) = self.parts();
        let mut text = String::from(if self.negative { "-" } else { "" });
        let whole = Integer::new(false, whole);
        text.push_str(&whole.to_string());
        text.push_str(if fraction.is_empty() { "" } else { "." });
        text.extend(fraction.into_iter().map(|digit| char::from(b'0' + digit)));
        text
    }

    /// The number with one digit before the point and an exponent: Python's `{:e}`.
    pub fn scientific(&self) -> String {
        let (first, rest) = self.digits().split_first().unwrap_or((&0, &[]));
        let sign = if self.negative { "-" } else { "" };
        let point = if rest.is_empty() { "" } else { "." };
        let rest = digits_text(rest);
        format!("{sign}{first}{point}{rest}e{:+}", self.adjusted())
    }

    /// Digits before and behind the point. Only for numbers of a bounded size.
    fn parts(&self) -> (Vec<u8>, Vec<u8>) {
        let mut whole = self.coefficient.digits().to_vec();
        let zeros = usize::try_from(self.exponent.unsigned_abs()).unwrap_or(usize::MAX);
        if self.exponent >= 0 {
            if !whole.is_empty() {
                whole.resize(whole.len() + zeros, 0);
            }
            return (whole, Vec::new());
        }
        let missing = zeros.saturating_sub(whole.len());
        let mut fraction = whole.split_off(whole.len().saturating_sub(zeros));
        fraction.splice(..0, std::iter::repeat_n(0, missing));
        (whole, fraction)
    }

    /// How the digits compare, whatever the sign.
    fn compare_size(&self, other: &Self) -> Ordering {
        match (self.is_zero(), other.is_zero()) {
            (true, true) => return Ordering::Equal,
            (true, false) => return Ordering::Less,
            (false, true) => return Ordering::Greater,
            (false, false) => {}
        }
        let by_size = self.adjusted().cmp(&other.adjusted());
        by_size.then_with(|| {
            let (one, other) = (self.digits(), other.digits());
            let length = one.len().max(other.len());
            let digits = |digits: &[u8]| {
                let zeros = std::iter::repeat_n(0, length - digits.len());
                digits.iter().copied().chain(zeros).collect::<Vec<_>>()
            };
            digits(one).cmp(&digits(other))
        })
    }

    /// Python's order of numbers, in which `1.0` and `1.00` are equal.
    pub fn compare(&self, other: &Self) -> Ordering {
        let is_below = |number: &Self| number.negative && !number.is_zero();
        match (is_below(self), is_below(other)) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => self.compare_size(other),
            (true, true) => other.compare_size(self),
        }
    }
}

impl From<&Integer> for Decimal {
    fn from(integer: &Integer) -> Self {
        Self {
            negative: integer.is_negative(),
            coefficient: integer.abs(),
            exponent: 0,
        }
    }
}

impl fmt::Display for Decimal {
    /// Python's `str`: with an exponent where digits alone would need zeros at the end, or many
    /// behind the point.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = digits_text(self.digits());
        let length = i64::try_from(digits.len()).unwrap_or(i64::MAX);
        let left = self.exponent.saturating_add(length);
        let point = if self.exponent <= 0 && left > -6 {
            left
        } else {
            1
        };
        if self.negative {
            formatter.write_str("-")?;
        }
        if point <= 0 {
            let zeros = usize::try_from(-point).unwrap_or(0);
            write!(formatter, "0.{}{digits}", "0".repeat(zeros))?;
        } else {
            let at = usize::try_from(point).unwrap_or(usize::MAX);
            match digits.split_at_checked(at) {
                Some((whole, fraction)) if !fraction.is_empty() => {
                    write!(formatter, "{whole}.{fraction}")?;
                }
                _ => formatter.write_str(&digits)?,
            }
        }
        if left == point {
            return Ok(());
        }
        write!(formatter, "E{:+}", left.saturating_sub(point))
    }
}

fn digits_text(digits: &[u8]) -> String {
    digits
        .iter()
        .map(|digit| char::from(b'0' + digit))
        .collect()
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

    /// Reads what Python's `Decimal` reads: spaces around, underscores anywhere and the digits of
    /// every script are fine.
    fn from_str(text: &str) -> Result<Self, ()> {
        let text = python::ascii_digits(python::strip(text));
        let text = text.replace('_', "").to_ascii_lowercase();
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
        let digits = whole.bytes().chain(fraction.bytes());
        let places = i64::try_from(fraction.len()).map_err(|_| ())?;
        Ok(Self::Finite(Decimal {
            negative: text.starts_with('-'),
            coefficient: Integer::new(false, digits.map(|byte| byte - b'0')),
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
        Decimal::parse(text).unwrap()
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
        for text in ["1", " 1. ", ".5", "+1_0.0e-3", "-0", "１.٥"] {
            assert!(matches!(text.parse(), Ok(Parsed::Finite(_))), "{text}");
        }
        for text in ["inf", "-Infinity", "NaN", "snan12"] {
            assert_eq!(text.parse(), Ok(Parsed::Special), "{text}");
        }
        for text in ["", ".", "e5", "1e", "1 0", "0x1", "--1", "1.2.3"] {
            assert_eq!(text.parse::<Parsed>(), Err(()), "{text}");
        }
    }

    #[test]
    fn decimals_are_written_as_python_writes_them() {
        for (text, written, written_out, scientific) in [
            ("10.50", "10.50", "10.50", "1.050e+1"),
            ("-0.00", "-0.00", "-0.00", "-0e-2"),
            ("1e3", "1E+3", "1000", "1e+3"),
            ("0.0000001", "1E-7", "0.0000001", "1e-7"),
            ("0.000001", "0.000001", "0.000001", "1e-6"),
            ("123e-2", "1.23", "1.23", "1.23e+0"),
            ("0e3", "0E+3", "0", "0e+3"),
        ] {
            let decimal = decimal(text);
            assert_eq!(decimal.to_string(), written);
            assert_eq!(decimal.written_out(), written_out);
            assert_eq!(decimal.scientific(), scientific);
        }
    }

    #[test]
    fn decimals_compare_to_the_last_digit() {
        use Ordering::{Equal, Greater, Less};
        for (one, other, expected) in [
            ("1.0", "1.00", Equal),
            ("-0", "0.0", Equal),
            ("0.1", "0.10000000000000000001", Less),
            ("1e999999999", "2e999999999", Less),
            ("-1", "1", Less),
            ("-2", "-1", Less),
            ("0", "-1e-999999999", Greater),
            ("9007199254740993", "9007199254740992.9", Greater),
        ] {
            assert_eq!(
                decimal(one).compare(&decimal(other)),
                expected,
                "{one} {other}"
            );
            assert_eq!(decimal(other).compare(&decimal(one)), expected.reverse());
        }
    }

    #[test]
    fn fractions_are_cut_off() {
        for (text, whole) in [
            ("9.99", "9"),
            ("-9.99", "-9"),
            ("0.5", "0"),
            ("1e3", "1000"),
            ("1e-99999", "0"),
        ] {
            assert_eq!(decimal(text).truncated().unwrap().to_string(), whole);
        }
        assert_eq!(decimal("1e99999").truncated(), None);
    }
}
