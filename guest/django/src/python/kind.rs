//! What Python would hold in a value's place.

use minijinja::{Value, value::ValueKind};

use crate::{
    dates::Timestamp,
    decimal::Decimal,
    integer::Integer,
    json::{Field, Number, Reading},
};

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
