//! Python's conversions: `bool`, `int` and `float`.

use std::borrow::Cow;

use minijinja::Value;

use super::{
    compare,
    kind::{Exception, Kind, kind, type_name},
    text::{ascii_digits, strip},
};
use crate::{
    dates::Timestamp,
    integer::Integer,
    json::{self, Field, Reading},
};

/// `bool(value)`.
pub fn is_true(value: &Value) -> bool {
    value.is_true()
}

/// `int(value)`, exactly.
///
/// # Errors
///
/// As Python: a text that is no integer, an infinity or NaN, another type. A field's text that is a
/// decimal is cut off as the decimal is.
pub fn to_int(value: &Value) -> Result<Integer, Exception> {
    match kind(value) {
        Kind::Int(number) => Ok(Integer::from(number)),
        Kind::Long(number) => Ok(number),
        Kind::Float(number) if number.is_nan() => Err(Exception::Value),
        Kind::Float(number) if number.is_infinite() => Err(Exception::Overflow),
        Kind::Float(number) if value.is_number() => {
            Integer::from_f64(number).ok_or(Exception::Overflow)
        }
        kind => match (compare::number(value), kind) {
            (Some(number), _) => number.truncated().ok_or(Exception::Overflow),
            (None, Kind::Str(text)) => text.parse().map_err(|()| Exception::Value),
            _ => Err(Exception::Type(type_name(value))),
        },
    }
}

/// The value with what a field's text stands for where a number is asked for.
pub fn numeric(value: &Value) -> Cow<'_, Value> {
    let field = value.downcast_object_ref::<Field>();
    match field.map(Field::reading) {
        Some(Reading::DecimalText(number)) => Cow::Owned(json::decimal(number.clone())),
        Some(Reading::IntegerText(number)) => match number.truncated() {
            Some(number) => Cow::Owned(from_integer(&number)),
            None => Cow::Borrowed(value),
        },
        _ => Cow::Borrowed(value),
    }
}

/// The date or time that a value is or, as a field's text, writes.
pub fn moment(value: &Value) -> Option<Timestamp> {
    let field = value.downcast_object_ref::<Field>();
    match field.map(Field::reading) {
        Some(Reading::Moment(moment) | Reading::MomentText(moment)) => Some(*moment),
        _ => None,
    }
}

/// `int(value)` where a size or a place is meant: what 64 bits do not hold
/// becomes their largest or smallest.
///
/// # Errors
///
/// As [`to_int`].
pub fn to_i64(value: &Value) -> Result<i64, Exception> {
    let number = to_int(value)?;
    let limit = if number.is_negative() {
        i64::MIN
    } else {
        i64::MAX
    };
    Ok(number.to_i64().unwrap_or(limit))
}

/// `float(value)`.
///
/// # Errors
///
/// As Python: a text that is no number, an integer beyond the floats, another type.
pub fn to_float(value: &Value) -> Result<f64, Exception> {
    match kind(value) {
        Kind::Str(text) => float_of_text(text).ok_or(Exception::Value),
        Kind::Float(number) => Ok(number),
        Kind::Decimal(number) => Ok(number.to_f64()),
        Kind::Bool(truth) => Ok(f64::from(u8::from(truth))),
        Kind::Int(_) | Kind::Long(_) => Some(to_int(value)?.to_f64())
            .filter(|float| float.is_finite())
            .ok_or(Exception::Overflow),
        _ => Err(Exception::Type(type_name(value))),
    }
}

/// `float(text)`: spaces around and underscores between digits are fine.
fn float_of_text(text: &str) -> Option<f64> {
    let text = ascii_digits(strip(text));
    let is_digit = |character: Option<char>| character.is_some_and(|c| c.is_ascii_digit());
    let parts: Vec<&str> = text.split('_').collect();
    let well_formed = parts
        .iter()
        .zip(parts.iter().skip(1))
        .all(|(before, behind)| {
            is_digit(before.chars().next_back()) && is_digit(behind.chars().next())
        });
    if well_formed {
        parts.concat().parse().ok()
    } else {
        None
    }
}

/// The value of an integer as a template value; what 64 bits do not hold keeps its digits.
pub fn from_integer(number: &Integer) -> Value {
    match number.to_i64() {
        Some(number) => Value::from(number),
        None => json::parse(&number.to_string()).unwrap_or_default(),
    }
}
