//! `a.b.0`: Django tries a key, then an attribute, then an index.
//!
//! The attributes are those of Python's `str`, `int`, `float`, `list` and
//! `dict` that need no argument. A method that needs one gives `''`, as does
//! one that would change its value: a payload is not changed by looking at it.

use minijinja::{Error, Value};

use super::{
    bounds::Bounds,
    loops::ForLoop,
    typed::{self, uncallable},
};
use crate::{
    filters::{DEAR, USUAL},
    json::{JsonObject, undeclared},
    python::{self, Kind},
    sequence::{Sequence, SequenceKind, View},
};

/// Follows a path; undefined where it leads nowhere. A field that it ends at is given as JSON has it,
/// of which [`undeclared`] says what it stands for.
///
/// # Errors
///
/// There are too few steps left to go through what an attribute is made of.
pub(crate) fn at<'a>(
    start: Found,
    path: impl IntoIterator<Item = &'a str>,
    bounds: &Bounds,
) -> Result<Found, Error> {
    let mut current = start;
    for step in path {
        let value = current.value();
        if value.is_undefined() {
            return Ok(Found::Computed(value));
        }
        current = step_into(&value, step, bounds)?;
    }
    Ok(current)
}

/// What a path leads to.
pub(crate) enum Found {
    /// A field of the event's.
    Field(Value),
    /// What an attribute or method gives.
    Computed(Value),
}

impl Found {
    /// The value, with what a field's text stands for.
    pub(crate) fn value(self) -> Value {
        match self {
            Self::Field(value) => undeclared(value),
            Self::Computed(value) => value,
        }
    }

    /// The value as JSON has it, which is enough to print it.
    pub(crate) fn raw(self) -> Value {
        match self {
            Self::Field(value) | Self::Computed(value) => value,
        }
    }
}

fn step_into(value: &Value, step: &str, bounds: &Bounds) -> Result<Found, Error> {
    match python::kind(value) {
        Kind::Dict => return step_into_dict(value, step, bounds),
        Kind::Str(_) => bounds.go_through(value, cost_of_text(step))?,
        // Their text is read each time.
        Kind::Decimal(_) | Kind::Long(_) => bounds.go_through(value, USUAL)?,
        _ => {}
    }
    Ok(Found::Computed(attribute(value, step)))
}

/// What an attribute of a text takes.
fn cost_of_text(step: &str) -> u64 {
    match step {
        // They look each letter up in tables.
        "title" | "casefold" | "capitalize" | "swapcase" => DEAR,
        _ => USUAL,
    }
}

fn step_into_dict(value: &Value, step: &str, bounds: &Bounds) -> Result<Found, Error> {
    let member = match value.downcast_object_ref::<JsonObject>() {
        Some(object) => object.lookup(step).unwrap_or_default(),
        None => value.get_attr(step).unwrap_or_default(),
    };
    if !member.is_undefined() || value.downcast_object_ref::<ForLoop>().is_some() {
        return Ok(Found::Field(member));
    }
    if matches!(step, "items" | "keys" | "values") {
        bounds.go_through(value, USUAL)?;
    }
    Ok(Found::Computed(attribute_of_dict(value, step)))
}

fn attribute(value: &Value, step: &str) -> Value {
    match python::kind(value) {
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

fn attribute_of_dict(value: &Value, step: &str) -> Value {
    match step {
        "items" => {
            let pairs = python::items(value).into_iter();
            let pairs =
                pairs.map(|(key, item)| Sequence::value(SequenceKind::Tuple, vec![key, item]));
            Sequence::value(SequenceKind::View(View::Items), pairs.collect())
        }
        "keys" => {
            let keys = python::iterate(value).unwrap_or_default();
            Sequence::value(SequenceKind::View(View::Keys), keys)
        }
        "values" => {
            let values = python::items(value).into_iter().map(|(_, item)| item);
            Sequence::value(SequenceKind::View(View::Values), values.collect())
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
        "as_integer_ratio" => {
            let whole = attribute_of_int(value, "numerator");
            Sequence::value(SequenceKind::Tuple, vec![whole, Value::from(1)])
        }
        "bit_length" => bits(value).map_or(0, |bits| bits.len()).into(),
        "bit_count" => bits(value)
            .map_or(0, |bits| bits.matches('1').count())
            .into(),
        "to_bytes" | "from_bytes" => uncallable(),
        _ => Value::UNDEFINED,
    }
}

/// The bits of an integer's magnitude; none of zero.
fn bits(value: &Value) -> Option<String> {
    let number = python::to_int(value).ok()?.abs();
    (!number.is_zero()).then(|| number.in_base(2))
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
        "lower" => Value::from(text.to_lowercase()),
        "casefold" => python::casefold(text).into(),
        "capitalize" => python::capitalize(text).into(),
        "title" => python::title(text).into(),
        "swapcase" => python::swap_case(text).into(),
        "strip" => Value::from(python::strip(text)),
        "lstrip" => Value::from(text.trim_start_matches(python::is_space)),
        "rstrip" => Value::from(text.trim_end_matches(python::is_space)),
        "split" | "rsplit" => python::split_words(text).map(Value::from).collect(),
        "splitlines" => python::split_lines(text)
            .into_iter()
            .map(Value::from)
            .collect(),
        "isdecimal" => all(|letter| python::decimal_digit(letter).is_some()),
        "isdigit" => all(python::is_digit),
        "isnumeric" => all(char::is_numeric),
        "isidentifier" => Value::from(is_identifier(text)),
        "isprintable" => Value::from(text.chars().all(python::is_printable)),
        "istitle" => Value::from(python::is_title(text)),
        "isalpha" => all(char::is_alphabetic),
        "isalnum" => all(char::is_alphanumeric),
        "isspace" => all(python::is_space),
        "isascii" => Value::from(text.is_ascii()),
        "islower" => Value::from(python::is_lower(text)),
        "isupper" => Value::from(python::is_upper(text)),
        "encode" => python::bytes_repr(text).into(),
        "center" | "count" | "endswith" | "find" | "index" | "join" | "ljust" | "maketrans"
        | "partition" | "replace" | "rfind" | "rindex" | "rjust" | "rpartition" | "startswith"
        | "translate" | "zfill" | "removeprefix" | "removesuffix" | "format_map" => uncallable(),
        "expandtabs" => python::expand_tabs(text).into(),
        // What stands in braces would be taken from arguments, of which there are none.
        "format" if text.contains(['{', '}']) => uncallable(),
        "format" => Value::from(text),
        "year" | "month" | "day" | "hour" | "minute" | "second" | "microsecond" => {
            // Where a date stands as its text, as in `date` and its siblings.
            return python::moment(value)?.part(step).map(Value::from);
        }
        _ => return None,
    })
}

/// `str.isidentifier`
fn is_identifier(text: &str) -> bool {
    let is_part = |letter: char| letter == '_' || letter.is_alphanumeric();
    let first = text.chars().next();
    first.is_some_and(|letter| is_part(letter) && !letter.is_numeric()) && text.chars().all(is_part)
}
