//! `a.b.0`: Django tries a key, then an attribute, then an index.
//!
//! The attributes are those of Python's `str`, `int`, `float`, `list` and
//! `dict` that need no argument. A method that needs one gives `''`, as does
//! one that would change its value: a payload is not changed by looking at it.

use minijinja::Value;

use super::loops::ForLoop;
use super::typed;
use crate::{
    json::JsonObject,
    python::{self, Kind},
    sequence::{Sequence, SequenceKind},
};

/// Follows a path; undefined where it leads nowhere.
pub(crate) fn at<'a>(value: &Value, path: impl IntoIterator<Item = &'a str>) -> Value {
    let mut current = value.clone();
    for step in path {
        if current.is_undefined() {
            break;
        }
        current = step_into(&current, step);
    }
    current
}

fn step_into(value: &Value, step: &str) -> Value {
    match python::kind(value) {
        Kind::Dict => {
            let member = match value.downcast_object_ref::<JsonObject>() {
                Some(object) => object.lookup(step).unwrap_or_default(),
                None => value.get_attr(step).unwrap_or_default(),
            };
            if member.is_undefined() && value.downcast_object_ref::<ForLoop>().is_none() {
                attribute_of_dict(value, step)
            } else {
                member
            }
        }
        Kind::List => match value.downcast_object_ref::<Sequence>() {
            Some(sequence) => sequence.attribute(step).cloned().unwrap_or_default(),
            None => attribute_of_list(value, step).unwrap_or_else(|| index(value, step)),
        },
        Kind::Str(text) => {
            attribute_of_str(value, text, step).unwrap_or_else(|| index(value, step))
        }
        Kind::Int(_) | Kind::Long(_) | Kind::Bool(_) => attribute_of_int(value, step),
        Kind::Float(number) => attribute_of_float(value, number, step),
        Kind::Decimal(decimal) => typed::attribute_of_decimal(value, decimal, step),
        Kind::Moment(moment) => typed::attribute_of_moment(value, *moment, step),
        _ => Value::UNDEFINED,
    }
}

fn index(value: &Value, step: &str) -> Value {
    let Ok(place) = step.parse::<i64>() else {
        return Value::UNDEFINED;
    };
    match python::text(value) {
        Some(_) => python::item(value, &Value::from(place)).unwrap_or_default(),
        None => value.get_item(&Value::from(place)).unwrap_or_default(),
    }
}

/// What a method that cannot be called from a template gives.
pub(super) fn uncallable() -> Value {
    Value::from("")
}

fn attribute_of_dict(value: &Value, step: &str) -> Value {
    match step {
        "items" => {
            let pairs = python::items(value).into_iter();
            let pairs =
                pairs.map(|(key, item)| Sequence::value(SequenceKind::Tuple, vec![key, item]));
            Sequence::value(SequenceKind::View("dict_items"), pairs.collect())
        }
        "keys" => {
            let keys = python::iterate(value).unwrap_or_default();
            Sequence::value(SequenceKind::View("dict_keys"), keys)
        }
        "values" => {
            let values = python::items(value).into_iter().map(|(_, item)| item);
            Sequence::value(SequenceKind::View("dict_values"), values.collect())
        }
        "copy" => value.clone(),
        "get" | "pop" | "setdefault" | "fromkeys" | "popitem" | "clear" | "update" => uncallable(),
        _ => Value::UNDEFINED,
    }
}

fn attribute_of_list(value: &Value, step: &str) -> Option<Value> {
    match step {
        "copy" => Some(value.clone()),
        "append" | "extend" | "insert" | "remove" | "index" | "count" | "pop" | "clear"
        | "sort" | "reverse" => Some(uncallable()),
        _ => None,
    }
}

fn attribute_of_int(value: &Value, step: &str) -> Value {
    match step {
        "real" | "numerator" | "conjugate" => match python::kind(value) {
            Kind::Bool(flag) => Value::from(i64::from(flag)),
            _ => value.clone(),
        },
        "imag" => Value::from(0),
        "denominator" => Value::from(1),
        "bit_length" => match python::to_i64(value) {
            Ok(number) => Value::from(64 - number.unsigned_abs().leading_zeros()),
            Err(_) => Value::UNDEFINED,
        },
        "to_bytes" | "from_bytes" => uncallable(),
        _ => Value::UNDEFINED,
    }
}

fn attribute_of_float(value: &Value, number: f64, step: &str) -> Value {
    match step {
        "real" | "conjugate" => value.clone(),
        "imag" => Value::from(0.0),
        "is_integer" => Value::from(number.is_finite() && number.fract() == 0.0),
        "fromhex" => uncallable(),
        _ => Value::UNDEFINED,
    }
}

fn attribute_of_str(value: &Value, text: &str, step: &str) -> Option<Value> {
    let all = |test: fn(char) -> bool| Value::from(!text.is_empty() && text.chars().all(test));
    Some(match step {
        "upper" => Value::from(text.to_uppercase()),
        "lower" | "casefold" => Value::from(text.to_lowercase()),
        "capitalize" => capitalized(text),
        "title" => python::title(text).into(),
        "swapcase" => text.chars().map(swapped).collect::<String>().into(),
        "strip" => Value::from(python::strip(text)),
        "lstrip" => Value::from(text.trim_start_matches(python::is_space)),
        "rstrip" => Value::from(text.trim_end_matches(python::is_space)),
        "split" | "rsplit" => python::split_words(text).map(Value::from).collect(),
        "splitlines" => text.lines().map(Value::from).collect(),
        "isdigit" | "isdecimal" | "isnumeric" => all(char::is_numeric),
        "isalpha" => all(char::is_alphabetic),
        "isalnum" => all(char::is_alphanumeric),
        "isspace" => all(python::is_space),
        "isascii" => Value::from(text.is_ascii()),
        "islower" => Value::from(text.to_lowercase() == text && text.to_uppercase() != text),
        "isupper" => Value::from(text.to_uppercase() == text && text.to_lowercase() != text),
        "center" | "count" | "encode" | "endswith" | "find" | "index" | "join" | "ljust"
        | "maketrans" | "partition" | "replace" | "rfind" | "rindex" | "rjust" | "rpartition"
        | "startswith" | "translate" | "zfill" | "removeprefix" | "removesuffix" | "format_map" => {
            uncallable()
        }
        "format" | "expandtabs" => Value::from(text),
        "year" | "month" | "day" | "hour" | "minute" | "second" | "microsecond" => {
            // Where a date stands as its text, as in `date` and its siblings.
            return python::moment(value)?.part(step).map(Value::from);
        }
        _ => return None,
    })
}

fn capitalized(text: &str) -> Value {
    let mut letters = text.chars();
    let first: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    Value::from(first + &letters.as_str().to_lowercase())
}

fn swapped(letter: char) -> String {
    if letter.is_uppercase() {
        letter.to_lowercase().collect()
    } else {
        letter.to_uppercase().collect()
    }
}
