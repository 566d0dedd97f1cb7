//! Python's integers: exact, however long.
//!
//! Few templates leave 64 bits, so digits in tens are fast enough and need no
//! conversion: they come from JSON text and go to text.

use std::{cmp::Ordering, fmt, str::FromStr};

/// How many digits Python reads or writes as one integer.
const MOST_DIGITS: usize = 4300;

/// An integer of any size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Integer {
    negative: bool,
    /// Decimal digits, the most significant first, none for zero.
    digits: Vec<u8>,
}

impl Integer {
    /// An integer of these digits, each 0 to 9.
    pub(super) fn new(negative: bool, digits: impl IntoIterator<Item = u8>) -> Self {
        let digits: Vec<u8> = digits.into_iter().skip_while(|digit| *digit == 0).collect();
        Self {
            negative: negative && !digits.is_empty(),
            digits,
        }
    }

    /// The float without its fraction, exactly; none for an infinity or NaN.
    pub fn from_f64(number: f64) -> Option<Self> {
        number
            .is_finite()
            .then(|| Self::from_digits(&format!("{:.0}", number.trunc())))
    }

    /// Whether it is below zero.
    pub fn is_negative(&self) -> bool {
        self.negative
    }

    /// Whether it is zero.
    pub fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    /// The same distance from zero, above it.
    pub fn abs(&self) -> Self {
        Self::new(false, self.digits.iter().copied())
    }

    /// Its decimal digits, the most significant first; none for zero.
    pub(super) fn digits(&self) -> &[u8] {
        &self.digits
    }

    /// The integer, if 64 bits hold it.
    pub fn to_i64(&self) -> Option<i64> {
        self.to_string().parse().ok()
    }

    /// The nearest float.
    pub fn to_f64(&self) -> f64 {
        self.to_string().parse().unwrap_or(f64::NAN)
    }

    /// The digit at this place, 1 being the right-most.
    pub fn digit_from_right(&self, place: usize) -> Option<u8> {
        if self.is_zero() && place == 1 {
            return Some(0);
        }
        self.digits.iter().rev().nth(place.checked_sub(1)?).copied()
    }

    /// The sum of the two.
    pub fn plus(&self, other: &Self) -> Self {
        if self.negative == other.negative {
            return Self::new(self.negative, add(&self.digits, &other.digits));
        }
        match compare(&self.digits, &other.digits) {
            Ordering::Less => Self::new(other.negative, subtract(&other.digits, &self.digits)),
            _ => Self::new(self.negative, subtract(&self.digits, &other.digits)),
        }
    }

    /// Whether the divisor divides it; none when the divisor is zero.
    pub fn is_divisible_by(&self, divisor: &Self) -> Option<bool> {
        if divisor.is_zero() {
            return None;
        }
        let mut rest: Vec<u8> = Vec::new();
        for digit in &self.digits {
            if !rest.is_empty() || *digit != 0 {
                rest.push(*digit);
            }
            while compare(&rest, &divisor.digits) != Ordering::Less {
                let less = subtract(&rest, &divisor.digits);
                rest = less.into_iter().skip_while(|digit| *digit == 0).collect();
            }
        }
        Some(rest.is_empty())
    }

    /// Its digits without the sign in a base up to 16, in lower case.
    pub fn in_base(&self, base: u8) -> String {
        let mut digits = self.digits.clone();
        let mut text = Vec::new();
        while !digits.is_empty() {
            let mut rest = 0;
            for digit in &mut digits {
                let value = u16::from(rest) * 10 + u16::from(*digit);
                // Both fit: rest < base, so value / base < 10.
                *digit = u8::try_from(value / u16::from(base)).unwrap_or_default();
                rest = u8::try_from(value % u16::from(base)).unwrap_or_default();
            }
            text.push(char::from_digit(u32::from(rest), 16).unwrap_or('0'));
            digits = digits.into_iter().skip_while(|digit| *digit == 0).collect();
        }
        if text.is_empty() {
            text.push('0');
        }
        text.into_iter().rev().collect()
    }

    fn from_digits(text: &str) -> Self {
        let digits = text
            .bytes()
            .filter(u8::is_ascii_digit)
            .map(|byte| byte - b'0');
        Self::new(text.starts_with('-'), digits)
    }
}

impl From<i64> for Integer {
    fn from(number: i64) -> Self {
        Self::from_digits(&number.to_string())
    }
}

impl FromStr for Integer {
    type Err = ();

    /// Python's `int(text)`: spaces around, a sign, and single underscores
    /// between digits are fine, and so are the digits of every script.
    fn from_str(text: &str) -> Result<Self, ()> {
        let text = super::python::ascii_digits(super::python::strip(text));
        let digits = text.strip_prefix(['+', '-']).unwrap_or(&text);
        let well_formed = digits
            .split('_')
            .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
        if well_formed && digits.len() <= MOST_DIGITS {
            Ok(Self::from_digits(&text))
        } else {
            Err(())
        }
    }
}

impl fmt::Display for Integer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_zero() {
            return formatter.write_str("0");
        }
        if self.negative {
            formatter.write_str("-")?;
        }
        let text: String = self
            .digits
            .iter()
            .map(|digit| char::from(b'0' + digit))
            .collect();
        formatter.write_str(&text)
    }
}

impl Ord for Integer {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => compare(&self.digits, &other.digits),
            (true, true) => compare(&other.digits, &self.digits),
        }
    }
}

impl PartialOrd for Integer {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Compares digits without leading zeros.
fn compare(left: &[u8], right: &[u8]) -> Ordering {
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

fn add(left: &[u8], right: &[u8]) -> Vec<u8> {
    let (mut left, mut right) = (left.iter().rev(), right.iter().rev());
    let mut sum = Vec::new();
    let mut carry = 0;
    loop {
        let (one, other) = (left.next(), right.next());
        if one.is_none() && other.is_none() {
            break;
        }
        let digit = one.unwrap_or(&0) + other.unwrap_or(&0) + carry;
        sum.push(digit % 10);
        carry = digit / 10;
    }
    sum.push(carry);
    sum.reverse();
    sum
}

/// Subtracts the smaller from the larger.
fn subtract(larger: &[u8], smaller: &[u8]) -> Vec<u8> {
    let mut smaller = smaller.iter().rev();
    let mut borrow = 0;
    let mut difference = Vec::with_capacity(larger.len());
    for digit in larger.iter().rev() {
        let taken = smaller.next().unwrap_or(&0) + borrow;
        borrow = u8::from(*digit < taken);
        difference.push(digit + borrow * 10 - taken);
    }
    difference.reverse();
    difference
}

#[cfg(test)]
mod tests {
    use super::*;

    fn integer(text: &str) -> Integer {
        text.parse().unwrap()
    }

    #[test]
    fn sums_are_exact() {
        for (left, right, sum) in [
            ("2", "3", "5"),
            ("-2", "3", "1"),
            ("2", "-3", "-1"),
            ("-2", "2", "0"),
            ("99999999999999999999", "1", "100000000000000000000"),
            ("-99999999999999999999", "100000000000000000000", "1"),
        ] {
            assert_eq!(integer(left).plus(&integer(right)).to_string(), sum);
        }
    }

    #[test]
    fn divisibility_is_exact() {
        assert_eq!(
            integer("36893488147419103232").is_divisible_by(&integer("1024")),
            Some(true)
        );
        assert_eq!(
            integer("36893488147419103233").is_divisible_by(&integer("2")),
            Some(false)
        );
        assert_eq!(integer("-21").is_divisible_by(&integer("7")), Some(true));
        assert_eq!(integer("0").is_divisible_by(&integer("7")), Some(true));
        assert_eq!(integer("1").is_divisible_by(&integer("0")), None);
    }

    #[test]
    fn text_is_read_as_python_reads_it() {
        for (text, number) in [
            (" 7 ", "7"),
            ("+1_000", "1000"),
            ("-0", "0"),
            ("007", "7"),
            ("١٢", "12"),
            ("-４_2", "-42"),
        ] {
            assert_eq!(integer(text).to_string(), number);
        }
        for text in ["", " ", "1__0", "_1", "1_", "1.0", "- 1", "0x1", "--1", "²"] {
            assert_eq!(text.parse::<Integer>(), Err(()), "{text}");
        }
        assert_eq!("1".repeat(4301).parse::<Integer>(), Err(()));
    }

    #[test]
    fn other_bases_are_exact() {
        assert_eq!(
            integer("18446744073709551616").in_base(16),
            "10000000000000000"
        );
        assert_eq!(integer("-8").in_base(8), "10");
        assert_eq!(integer("0").in_base(8), "0");
    }
}
