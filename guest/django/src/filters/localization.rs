//! Filters of Django's libraries `l10n` and `tz`: the language is English, the time zone UTC.

use minijinja::Value;

use super::{
    super::{
        dates::Timestamp,
        json, output,
        python::{self, Kind},
    },
    Argument, Call, Filter, FilterError, plain,
};

pub(super) const FILTERS: &[Filter] = &[
    plain("localize", Argument::None, localize),
    plain("localtime", Argument::None, utc),
    plain("unlocalize", Argument::None, unlocalize),
    plain("utc", Argument::None, utc),
];

/// The text that output has, on the clock of a datetime itself.
fn localize(value: &Value, _: Option<&Value>, _: &Call) -> Result<Value, FilterError> {
    Ok(match python::kind(value) {
        Kind::Str(_) => value.clone(),
        Kind::Moment(moment) => Value::from(moment.in_english().unwrap_or_default()),
        _ => Value::from(output::rendered(value, false).into_owned()),
    })
}

/// The same, but numbers as Python prints them.
fn unlocalize(value: &Value, argument: Option<&Value>, call: &Call) -> Result<Value, FilterError> {
    match python::kind(value) {
        Kind::Float(_) | Kind::Decimal(_) => Ok(Value::from(python::to_str(value))),
        _ => localize(value, argument, call),
    }
}

/// A datetime in UTC; anything else is nothing.
fn utc(value: &Value, _: Option<&Value>, _: &Call) -> Result<Value, FilterError> {
    let moment = python::moment(value).and_then(Timestamp::as_datetime_only);
    let moment = moment.and_then(Timestamp::in_utc);
    Ok(moment.map_or_else(|| Value::from(""), json::moment))
}
