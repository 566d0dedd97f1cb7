//! `default`, `default_if_none`, `pluralize`, `yesno`.

use minijinja::Value;

use super::{
    super::python::{self, Exception},
    Argument, Call, Filter, FilterError, QUICK, plain, required, text_argument,
};

pub(super) const FILTERS: &[Filter] = &[
    plain("default", Argument::Required, default).at(QUICK),
    plain("default_if_none", Argument::Required, default_if_none).at(QUICK),
    plain("pluralize", Argument::Optional, pluralize),
    plain("yesno", Argument::Optional, yes_or_no).at(QUICK),
];

fn default(value: &Value, argument: Option<&Value>, _: &Call) -> Result<Value, FilterError> {
    Ok(if python::is_true(value) {
        value
    } else {
        required(argument)?
    }
    .clone())
}

fn default_if_none(
    value: &Value,
    argument: Option<&Value>,
    _: &Call,
) -> Result<Value, FilterError> {
    Ok(if value.is_none() {
        required(argument)?
    } else {
        value
    }
    .clone())
}

/// Django: the plural suffix unless the value is 1, "1" or has one member.
fn pluralize(value: &Value, argument: Option<&Value>, _: &Call) -> Result<Value, FilterError> {
    let suffixes = argument.map_or(Ok("s"), text_argument)?;
    let (singular, plural) = match suffixes.split_once(',') {
        None => ("", suffixes),
        Some((_, plural)) if plural.contains(',') => return Ok(Value::from("")),
        Some(both) => both,
    };
    let is_one = match python::to_float(value) {
        #[expect(clippy::float_cmp, reason = "exactly one is meant")]
        Ok(number) => number == 1.0,
        Err(Exception::Type(_)) => match python::length(value) {
            Ok(length) => length == 1,
            Err(_) => return Ok(Value::from("")),
        },
        Err(Exception::Value) => return Ok(Value::from("")),
        Err(exception) => return Err(exception.into()),
    };
    Ok(Value::from(if is_one { singular } else { plural }))
}

fn yes_or_no(value: &Value, argument: Option<&Value>, _: &Call) -> Result<Value, FilterError> {
    let words = match argument {
        Some(argument) if !argument.is_none() => text_argument(argument)?,
        _ => "yes,no,maybe",
    };
    let words: Vec<&str> = words.split(',').collect();
    let (yes, no, maybe) = match words[..] {
        [] | [_] => return Ok(value.clone()),
        [yes, no, maybe] => (yes, no, maybe),
        [yes, no, ..] => (yes, no, no),
    };
    Ok(Value::from(if value.is_none() {
        maybe
    } else if python::is_true(value) {
        yes
    } else {
        no
    }))
}
