//! Python's meaning of template values: how they print, compare, convert.

#[cfg(test)]
mod tests;

mod compare;
mod text;
mod title;

use std::borrow::Cow;

use minijinja::{Value, value::ValueKind};

pub use super::integer::Integer;
use super::sequence::Sequence;
use crate::{
    dates::Timestamp,
    decimal::Decimal,
    json::{self, Field, JsonObject, Number, Reading},
};
pub use compare::{compare, contains, equals};
pub(super) use text::write_escape;
use text::write_string_repr;
pub use text::{ascii_digits, decimal_digit, is_space, split_lines, split_words, strip};
pub use title::title;

/// What Python would hold in a value's place.
#[derive(Debug)]
pub enum Kind<'a> {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// An integer of 64 bits.
    Int(i64),
    /// A longer integer.
    Long(Integer),
    /// A float, or the float nearest to a decimal that keeps its text.
    Float(f64),
    /// A `Decimal`.
    Decimal(&'a Decimal),
    /// A `datetime`, `date` or `time`.
    Moment(&'a Timestamp),
    /// A string; a missing variable is the empty one.
    Str(&'a str),
    /// A list.
    List,
    /// A dict.
    Dict,
    /// Something of the engine's own, such as `forloop`.
    Other,
}

/// An exception that filters tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Exception {
    /// `TypeError`: the operation does not take this kind of value.
    #[error("a {0} cannot be used here")]
    Type(&'static str),
    /// `ValueError`: the kind is right and the value is not.
    #[error("the value is not a number")]
    Value,
    /// `OverflowError`: an infinity has no integer, or an integer no place among the floats.
    #[error("the number is too large")]
    Overflow,
    /// `IndexError` or `KeyError`: there is nothing at that place.
    #[error("there is nothing at that place")]
    Lookup,
    /// `ZeroDivisionError`.
    #[error("division by zero")]
    ZeroDivision,
}

/// Says what Python would hold in the value's place.
pub fn kind(value: &Value) -> Kind<'_> {
    match value.kind() {
        ValueKind::Undefined => Kind::Str(""),
        ValueKind::None => Kind::None,
        ValueKind::Bool => Kind::Bool(value.is_true()),
        ValueKind::Number => kind_of_number(value),
        ValueKind::String | ValueKind::Bytes => value.as_str().map_or(Kind::Other, Kind::Str),
        ValueKind::Seq | ValueKind::Iterable => Kind::List,
        ValueKind::Map => Kind::Dict,
        _ => kind_of_object(value),
    }
}

fn kind_of_object(value: &Value) -> Kind<'_> {
    if let Some(field) = value.downcast_object_ref::<Field>() {
        return match field.reading() {
            Reading::Decimal(decimal) => Kind::Decimal(decimal),
            Reading::Moment(moment) => Kind::Moment(moment),
            _ => Kind::Str(field.text()),
        };
    }
    match value.downcast_object_ref::<Number>() {
        Some(number) if number.is_integer() => kind_of_integer(number.text()),
        Some(number) => Kind::Float(number.to_f64()),
        None => Kind::Other,
    }
}

/// The text that a string is, or that Python has in the place of a field.
pub fn text(value: &Value) -> Option<&str> {
    match kind(value) {
        Kind::Str(text) if !value.is_undefined() => Some(text),
        _ => None,
    }
}

fn kind_of_number(value: &Value) -> Kind<'_> {
    if let Some(number) = value.as_i64().filter(|_| value.is_integer()) {
        Kind::Int(number)
    } else if value.is_integer() {
        kind_of_integer(&value.to_string())
    } else {
        f64::try_from(value.clone()).map_or(Kind::Other, Kind::Float)
    }
}

fn kind_of_integer(text: &str) -> Kind<'static> {
    match text.parse::<Integer>() {
        Ok(number) => number.to_i64().map_or(Kind::Long(number), Kind::Int),
        // Beyond Python's limit; the nearest float is what is left.
        Err(()) => Kind::Float(text.parse().unwrap_or(f64::NAN)),
    }
}

/// Python's name of the value's type, for messages.
pub fn type_name(value: &Value) -> &'static str {
    match kind(value) {
        Kind::None => "NoneType",
        Kind::Bool(_) => "bool",
        Kind::Int(_) | Kind::Long(_) => "int",
        Kind::Float(_) => "float",
        Kind::Decimal(_) => "decimal.Decimal",
        Kind::Moment(moment) => moment.python_type().name(),
        Kind::Str(_) => "str",
        Kind::List => "list",
        Kind::Dict => "dict",
        Kind::Other => "object",
    }
}

/// `str(value)`. A number that kept its JSON text prints as that text.
pub fn to_str(value: &Value) -> String {
    as_text(value).into_owned()
}

/// `str(value)`, borrowed where the value is a string.
pub fn as_text(value: &Value) -> Cow<'_, str> {
    match kind(value) {
        Kind::Str(text) => Cow::Borrowed(text),
        Kind::Decimal(decimal) => Cow::Owned(decimal.to_string()),
        Kind::Moment(moment) => Cow::Owned(moment.text()),
        _ => Cow::Owned(repr(value)),
    }
}

/// `repr(value)`.
pub fn repr(value: &Value) -> String {
    let mut text = String::new();
    write_repr(value, &mut text);
    text
}

fn write_repr(value: &Value, out: &mut String) {
    match kind(value) {
        Kind::None => out.push_str("None"),
        Kind::Bool(true) => out.push_str("True"),
        Kind::Bool(false) => out.push_str("False"),
        Kind::Float(number) if value.is_number() => out.push_str(&json::python_float(number)),
        Kind::Str(text) => write_string_repr(text, out),
        Kind::Decimal(decimal) => {
            out.push_str("Decimal('");
            out.push_str(&decimal.to_string());
            out.push_str("')");
        }
        Kind::Moment(moment) => out.push_str(&moment.repr()),
        Kind::List => {
            if let Some(sequence) = value.downcast_object_ref::<Sequence>() {
                return out.push_str(&sequence.repr());
            }
            out.push('[');
            for (place, item) in iterate(value).unwrap_or_default().iter().enumerate() {
                out.push_str(if place == 0 { "" } else { ", " });
                write_repr(item, out);
            }
            out.push(']');
        }
        Kind::Dict => {
            out.push('{');
            for (place, (key, item)) in items(value).iter().enumerate() {
                out.push_str(if place == 0 { "" } else { ", " });
                write_repr(key, out);
                out.push_str(": ");
                write_repr(item, out);
            }
            out.push('}');
        }
        _ => out.push_str(&value.to_string()),
    }
}

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

/// `len(value)`: characters of a string, members of a list or dict.
///
/// # Errors
///
/// `TypeError`: the value has no length.
pub fn length(value: &Value) -> Result<usize, Exception> {
    match kind(value) {
        Kind::Str(text) => Ok(text.chars().count()),
        Kind::List | Kind::Dict => Ok(match value.len() {
            Some(length) => length,
            None => iterate(value)?.len(),
        }),
        _ => Err(Exception::Type(type_name(value))),
    }
}

/// `list(value)`: characters of a string, items of a list, keys of a dict.
///
/// # Errors
///
/// `TypeError`: the value has no members.
pub fn iterate(value: &Value) -> Result<Vec<Value>, Exception> {
    let not_iterable = || Exception::Type(type_name(value));
    match kind(value) {
        Kind::Str(text) => Ok(text.chars().map(Value::from).collect()),
        Kind::List | Kind::Dict => Ok(value.try_iter().map_err(|_| not_iterable())?.collect()),
        _ => Err(not_iterable()),
    }
}

/// `value.items()` of a dict, in its order.
pub fn items(value: &Value) -> Vec<(Value, Value)> {
    let keys = iterate(value).unwrap_or_default();
    keys.into_iter()
        .map(|key| {
            let item = value.get_item(&key).unwrap_or_default();
            (key, item)
        })
        .collect()
}

/// `value[key]` of a dict, without the fallbacks of attribute access.
fn get(dict: &Value, key: &Value) -> Option<Value> {
    if let Some(object) = dict.downcast_object_ref::<JsonObject>() {
        let name = text(key)?;
        object.exact_member(name)?;
        return object.lookup(name).map(json::undeclared);
    }
    items(dict)
        .into_iter()
        .find(|(known, _)| equals(known, key))
        .map(|(_, item)| item)
}

/// `value[key]`: a member of a dict by its key, an item of a list or string by its place, counted
/// from the end when negative.
///
/// # Errors
///
/// `IndexError` or `KeyError`, or `TypeError` where the value has no members or not by such a key.
pub fn item(value: &Value, key: &Value) -> Result<Value, Exception> {
    match (kind(value), kind(key)) {
        (Kind::Dict, _) => get(value, key).ok_or(Exception::Lookup),
        // A dict's `keys`, `values` and `items` have no index.
        (Kind::List, _) if value.kind() == ValueKind::Iterable => Err(Exception::Type("dict view")),
        (Kind::List | Kind::Str(_), Kind::Int(place)) => item_at(value, place),
        (Kind::List | Kind::Str(_), Kind::Bool(place)) => item_at(value, i64::from(place)),
        (Kind::List | Kind::Str(_), _) => Err(Exception::Type(type_name(key))),
        _ => Err(Exception::Type(type_name(value))),
    }
}

fn item_at(value: &Value, place: i64) -> Result<Value, Exception> {
    let mut members = iterate(value)?.into_iter();
    let skipped = usize::try_from(place.unsigned_abs()).map_err(|_| Exception::Lookup)?;
    if place < 0 {
        members.nth_back(skipped - 1)
    } else {
        members.nth(skipped)
    }
    .ok_or(Exception::Lookup)
}
