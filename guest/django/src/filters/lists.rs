//! Filters of lists: `dictsort`, `dictsortreversed`, `first`, `join`, `last`, `length`,
//! `length_is`, `random`, `safeseq`.

use std::cmp::Ordering;

use minijinja::Value;

use super::{
    super::python::{self, Exception, Kind},
    Argument, Call, DEAR, Filter, FilterError, QUICK, SORTING,
    html::conditional_escape,
    plain, required, safe,
};

pub(super) const FILTERS: &[Filter] = &[
    plain("dictsort", Argument::Required, sort_by_property).at(SORTING),
    plain(
        "dictsortreversed",
        Argument::Required,
        sort_by_property_reversed,
    )
    .at(SORTING),
    plain("first", Argument::None, first).at(QUICK),
    safe("join", Argument::Required, join).at(DEAR),
    safe("last", Argument::None, last).at(QUICK),
    plain("length", Argument::None, length).at(QUICK),
    plain("length_is", Argument::Required, length_is).at(QUICK),
    safe("random", Argument::None, random).at(QUICK),
    safe("safeseq", Argument::None, safe_sequence).at(DEAR),
];

fn sort_by_property(
    value: &Value,
    argument: Option<&Value>,
    _: &Call,
) -> Result<Value, FilterError> {
    sorted(value, required(argument)?, |ordering| ordering)
}

fn sort_by_property_reversed(
    value: &Value,
    argument: Option<&Value>,
    _: &Call,
) -> Result<Value, FilterError> {
    sorted(value, required(argument)?, Ordering::reverse)
}

/// Django: the empty string when an item has no such property or two do not compare.
fn sorted(
    value: &Value,
    property: &Value,
    direction: fn(Ordering) -> Ordering,
) -> Result<Value, FilterError> {
    match python::kind(property) {
        Kind::Str("") => return Err(FilterError::failed("the name of the property is empty")),
        Kind::Str(path) if path.starts_with('_') || path.contains("._") => {
            return Ok(Value::from(""));
        }
        Kind::None | Kind::List | Kind::Dict | Kind::Moment(_) => return Ok(Value::from("")),
        _ => {}
    }
    let Ok(items) = python::iterate(value) else {
        return Ok(Value::from(""));
    };
    let mut keyed = Vec::with_capacity(items.len());
    for item in items {
        match resolve(&item, property) {
            Ok(key) => keyed.push((key, item)),
            Err(Exception::Type(_)) => return Ok(Value::from("")),
            Err(exception) => return Err(exception.into()),
        }
    }
    let mut comparable = true;
    // A stable sort, reversed by comparison, keeps equals in their order as Python's does.
    keyed.sort_by(|(one, _), (other, _)| {
        let ordering = python::compare(one, other);
        comparable &= ordering.is_some();
        direction(ordering.unwrap_or(Ordering::Equal))
    });
    Ok(if comparable {
        keyed.into_iter().map(|(_, item)| item).collect()
    } else {
        Value::from("")
    })
}

/// Django: a number is an item's place; else a path of dots, through keys and attributes.
fn resolve(item: &Value, property: &Value) -> Result<Value, Exception> {
    if python::to_float(property).is_ok() {
        return python::item(item, property);
    }
    let Kind::Str(path) = python::kind(property) else {
        return Err(Exception::Type(python::type_name(property)));
    };
    // A missing key is looked up as an attribute, and the lack of one is silent.
    path.split('.').try_fold(item.clone(), |value, name| {
        python::item(&value, &Value::from(name))
            .map_err(|_| Exception::Type(python::type_name(&value)))
    })
}

fn first(value: &Value, _: Option<&Value>, _: &Call) -> Result<Value, FilterError> {
    end_of(value, 0)
}

fn last(value: &Value, _: Option<&Value>, _: &Call) -> Result<Value, FilterError> {
    end_of(value, -1)
}

/// Django: nothing of an empty list; what has no places is an error.
fn end_of(value: &Value, place: i64) -> Result<Value, FilterError> {
    match python::item(value, &Value::from(place)) {
        Err(Exception::Lookup) if !matches!(python::kind(value), Kind::Dict) => Ok(Value::from("")),
        answer => Ok(answer?),
    }
}

/// `random`: always the first item. The guest has no randomness, so that an event
/// replayed renders as before.
fn random(value: &Value, _: Option<&Value>, _: &Call) -> Result<Value, FilterError> {
    Ok(python::item(value, &Value::from(0))?)
}

/// Django under its default, which escapes: each item is made a text, and items and separator are
/// escaped where output is, unless safe. Without it Django joins no list that has an item which is
/// no text; here the answer does not depend on escaping. A value that is no list comes back as it is.
fn join(value: &Value, argument: Option<&Value>, call: &Call) -> Result<Value, FilterError> {
    let separator = conditional_escape(required(argument)?);
    let Ok(items) = python::iterate(value) else {
        return Ok(value.clone());
    };
    let mut joined = String::new();
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            joined.push_str(&separator);
        }
        if call.autoescape {
            joined.push_str(&conditional_escape(item));
        } else {
            joined.push_str(&python::as_text(item));
        }
    }
    Ok(Value::from_safe_string(joined))
}

fn length(value: &Value, _: Option<&Value>, _: &Call) -> Result<Value, FilterError> {
    Ok(Value::from(python::length(value).unwrap_or(0)))
}

fn length_is(value: &Value, argument: Option<&Value>, _: &Call) -> Result<Value, FilterError> {
    let expected = match python::to_int(required(argument)?) {
        Err(exception @ Exception::Overflow) => return Err(exception.into()),
        expected => expected,
    };
    Ok(match (python::length(value), expected) {
        (Ok(length), Ok(expected)) => Value::from(expected.to_string() == length.to_string()),
        _ => Value::from(""),
    })
}

/// Django marks each item safe, as text.
fn safe_sequence(value: &Value, _: Option<&Value>, _: &Call) -> Result<Value, FilterError> {
    let items = python::iterate(value)?;
    Ok(items
        .iter()
        .map(|item| Value::from_safe_string(python::to_str(item)))
        .collect())
}
