//! `date`, `time`, `timesince` and `timeuntil` of ISO texts.

use minijinja::Value;

use super::{
    super::{
        dates::{self, FormatError, Timestamp},
        python::{self, Kind},
    },
    Argument, Call, Filter, FilterError, plain,
};

pub(super) const FILTERS: &[Filter] = &[
    plain("date", Argument::Optional, date),
    plain("time", Argument::Optional, time),
    plain("timesince", Argument::Optional, time_since),
    plain("timeuntil", Argument::Optional, time_until),
];

type Format = fn(Timestamp, &str) -> Result<String, FormatError>;

pub(super) fn date(
    value: &Value,
    argument: Option<&Value>,
    _: &Call,
) -> Result<Value, FilterError> {
    formatted(value, argument, "DATE_FORMAT", dates::format_date)
}

/// Django: silent where `date` raises an exception.
fn time(value: &Value, argument: Option<&Value>, _: &Call) -> Result<Value, FilterError> {
    formatted(value, argument, "TIME_FORMAT", |timestamp, format| {
        dates::format_time(timestamp, format).or_else(|_| Ok(String::new()))
    })
}

/// What is no date has nothing to show for any letter, but a format without letters is shown. Django
/// tries the format that is given where its default fails, though it counts as none, such as `[]`.
fn formatted(
    value: &Value,
    argument: Option<&Value>,
    default: &str,
    format: Format,
) -> Result<Value, FilterError> {
    if value.is_none() || matches!(python::kind(value), Kind::Str("")) {
        return Ok(Value::from(""));
    }
    let pattern = argument.filter(|argument| python::is_true(argument));
    let pattern = pattern.map_or(default.into(), python::as_text);
    let timestamp = python::moment(value).unwrap_or_default();
    let Some(timestamp) = timestamp.to_utc() else {
        return Ok(Value::from(""));
    };
    let shown = match (format(timestamp, &pattern), argument) {
        (Err(FormatError::Unfit(_)), Some(given)) => format(timestamp, &python::as_text(given)),
        (shown, _) => shown,
    };
    match shown {
        Ok(text) => Ok(Value::from(text)),
        Err(FormatError::Unfit(_)) => Ok(Value::from("")),
        Err(error) => Err(FilterError::failed(error.to_string())),
    }
}

fn time_since(value: &Value, argument: Option<&Value>, call: &Call) -> Result<Value, FilterError> {
    distance(value, argument, call, dates::timesince)
}

fn time_until(value: &Value, argument: Option<&Value>, call: &Call) -> Result<Value, FilterError> {
    distance(value, argument, call, dates::timeuntil)
}

/// Django: nothing of what is empty or cannot be compared; what is no date is an error. Without
/// an argument it is the event's time that counts as now.
fn distance(
    value: &Value,
    argument: Option<&Value>,
    call: &Call,
    written: fn(Timestamp, Timestamp) -> Option<String>,
) -> Result<Value, FilterError> {
    if !python::is_true(value) {
        return Ok(Value::from(""));
    }
    let moment = date_of(value)?;
    let now = if let Some(argument) = argument.filter(|argument| python::is_true(argument)) {
        Some(date_of(argument)?)
    } else {
        let missing = || FilterError::failed("the event has no time to count from");
        call.now.ok_or_else(missing)?.comparable_with(moment)
    };
    let text = now.and_then(|now| written(moment, now)).unwrap_or_default();
    Ok(Value::from(text))
}

fn date_of(value: &Value) -> Result<Timestamp, FilterError> {
    python::moment(value)
        .filter(Timestamp::has_date)
        .ok_or_else(|| FilterError::failed(format!("`{}` is no date", python::as_text(value))))
}
