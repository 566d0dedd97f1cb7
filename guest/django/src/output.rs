//! A value as the text that Django's `{{ value }}` writes.

use std::borrow::Cow;

use minijinja::Value;

use super::{
    decimal::Decimal,
    filters::html,
    python::{self, Kind},
};

/// A value as text, escaped where that is due.
pub(super) fn rendered(value: &Value, escape: bool) -> Cow<'_, str> {
    match python::kind(value) {
        Kind::Float(_) => {
            if let Some(digits) = long_float(value) {
                return digits.into();
            }
        }
        Kind::Decimal(decimal) => return decimal_output(decimal).into(),
        Kind::Moment(moment) => return moment.localized().unwrap_or_default().into(),
        _ => {}
    }
    let text = python::as_text(value);
    if escape && !value.is_safe() && text.contains(['&', '<', '>', '"', '\'']) {
        html::escape(&text).into()
    } else {
        text
    }
}

/// The most digits of a float that Django writes without an exponent.
const MOST_DIGITS: usize = 200;

/// A decimal as Django's output has it: with an exponent only where it would be very long.
fn decimal_output(decimal: &Decimal) -> String {
    match usize::try_from(decimal.written_size()) {
        Ok(size) if size <= MOST_DIGITS => decimal.written_out(),
        _ => decimal.scientific(),
    }
}

/// A float that Python prints with an exponent, as Django's output has it.
fn long_float(value: &Value) -> Option<String> {
    if !value.is_number() || value.is_integer() {
        return None;
    }
    let text = python::to_str(value);
    let (mantissa, exponent) = text.split_once('e')?;
    let exponent: i32 = exponent.parse().ok()?;
    let (sign, mantissa) = mantissa
        .strip_prefix('-')
        .map_or(("", mantissa), |rest| ("-", rest));
    let digits = mantissa.replace('.', "");
    // The place of the point, counted from the first digit.
    let point = exponent + 1;
    let last = exponent + 1 - i32::try_from(digits.len()).ok()?;
    if usize::try_from(last.unsigned_abs()).ok()? + digits.len() > MOST_DIGITS {
        return Some(text.clone());
    }
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or(0));
    Some(if point > 0 {
        format!("{sign}{digits}{}", zeros(last))
    } else {
        format!("{sign}0.{}{digits}", zeros(-point))
    })
}
