//! C's `e`, `f` and `g` conversions of floats, as Python has them.

/// More digits of fraction than any float has; those behind are zeros.
const MOST_DIGITS: usize = 1100;

/// Writes a float that is not negative by one of the letters `eEfFgG`.
pub(super) fn format_float(
    letter: char,
    number: f64,
    precision: Option<usize>,
    alternate: bool,
) -> String {
    let precision = precision.unwrap_or(6);
    let text = if number.is_nan() {
        "nan".to_owned()
    } else if number.is_infinite() {
        "inf".to_owned()
    } else {
        match letter.to_ascii_lowercase() {
            'e' => scientific(number, precision, alternate),
            'f' => fixed(number, precision, alternate),
            _ => general(number, precision.max(1), alternate),
        }
    };
    if letter.is_ascii_uppercase() {
        text.to_uppercase()
    } else {
        text
    }
}

fn fixed(number: f64, precision: usize, keeps_point: bool) -> String {
    let digits = format!("{number:.*}", precision.min(MOST_DIGITS));
    extended(digits, precision, keeps_point)
}

fn scientific(number: f64, precision: usize, keeps_point: bool) -> String {
    let (mantissa, exponent) = mantissa_and_exponent(number, precision);
    with_exponent(&extended(mantissa, precision, keeps_point), exponent)
}

/// The shorter of both forms, with `precision` significant digits and no zeros behind them.
fn general(number: f64, precision: usize, keeps_zeros: bool) -> String {
    let (mantissa, exponent) = mantissa_and_exponent(number, precision - 1);
    let significant = i32::try_from(precision).unwrap_or(i32::MAX);
    if exponent < -4 || exponent >= significant {
        let mantissa = extended(mantissa, precision - 1, keeps_zeros);
        return with_exponent(&without_zeros(mantissa, keeps_zeros), exponent);
    }
    let places = usize::try_from(significant - 1 - exponent).unwrap_or(0);
    without_zeros(fixed(number, places, keeps_zeros), keeps_zeros)
}

fn mantissa_and_exponent(number: f64, precision: usize) -> (String, i32) {
    let text = format!("{number:.*e}", precision.min(MOST_DIGITS));
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    (mantissa.to_owned(), exponent.parse().unwrap_or(0))
}

/// Adds the zeros the float's digits were asked for beyond [`MOST_DIGITS`].
fn extended(mut digits: String, precision: usize, keeps_point: bool) -> String {
    if precision == 0 && keeps_point {
        digits.push('.');
    }
    digits.push_str(&"0".repeat(precision.saturating_sub(MOST_DIGITS)));
    digits
}

fn without_zeros(digits: String, keeps_zeros: bool) -> String {
    if keeps_zeros || !digits.contains('.') {
        return digits;
    }
    digits
        .trim_end_matches('0')
        .trim_end_matches('.')
        .to_owned()
}

fn with_exponent(mantissa: &str, exponent: i32) -> String {
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
}
