//! Filters of numbers: `add`, `divisibleby`, `filesizeformat`, `floatformat`, `get_digit`.

use minijinja::Value;

use super::{
    super::{
        decimal::Parsed,
        python::{self, Exception, Integer, Kind},
        sequence::{Sequence, SequenceKind, sequence_kind},
    },
    Argument, Call, DEAR, Filter, FilterError, bounded,
    humanize::with_commas,
    plain, required, safe,
};
use crate::json;

pub(super) const FILTERS: &[Filter] = &[
    plain("add", Argument::Required, add),
    plain("divisibleby", Argument::Required, divisible_by),
    safe("filesizeformat", Argument::None, file_size),
    safe("floatformat", Argument::Optional, float_format).at(DEAR),
    plain("get_digit", Argument::Required, get_digit),
];

/// Numbers of more digits are given back as they came, or keep their exponent: Django's bound.
const MOST_DIGITS: u64 = 200;

/// Django: the sum as integers; else what `+` makes of the two; else nothing.
fn add(value: &Value, argument: Option<&Value>, _: &Call) -> Result<Value, FilterError> {
    let argument = required(argument)?;
    match (python::to_int(value), python::to_int(argument)) {
        (Ok(one), Ok(other)) => Ok(python::from_integer(&one.plus(&other))),
        (Err(exception @ Exception::Overflow), _)
        | (Ok(_), Err(exception @ Exception::Overflow)) => Err(exception.into()),
        _ => Ok(python_sum(value, argument)),
    }
}

/// Python adds a list to a list, a tuple to a tuple, and nothing else.
fn sequence_sum(one: &Value, other: &Value) -> Value {
    let items = || [one, other].into_iter().flat_map(python::iterate).flatten();
    match (sequence_kind(one), sequence_kind(other)) {
        (None, None) => items().collect(),
        (Some(SequenceKind::View(_)) | None, _) | (_, Some(SequenceKind::View(_)) | None) => {
            Value::from("")
        }
        _ => Sequence::value(SequenceKind::Tuple, items().collect()),
    }
}

fn python_sum(one: &Value, other: &Value) -> Value {
    match (python::kind(one), python::kind(other)) {
        (Kind::Str(text), Kind::Str(more)) => {
            let sum = [text, more].concat();
            if one.is_safe() && other.is_safe() {
                Value::from_safe_string(sum)
            } else {
                Value::from(sum)
            }
        }
        (Kind::List, Kind::List) => sequence_sum(one, other),
        (Kind::Str(_) | Kind::List, _) | (_, Kind::Str(_) | Kind::List) => Value::from(""),
        // Numbers come here when one is NaN.
        _ => match (python::to_float(one), python::to_float(other)) {
            (Ok(one), Ok(other)) => Value::from(one + other),
            _ => Value::from(""),
        },
    }
}

fn divisible_by(value: &Value, argument: Option<&Value>, _: &Call) -> Result<Value, FilterError> {
    let value = python::to_int(value)?;
    let divisor = python::to_int(required(argument)?)?;
    let answer = value.is_divisible_by(&divisor);
    Ok(Value::from(answer.ok_or(Exception::ZeroDivision)?))
}

/// Django: the digit at a place counted from the right, 0 beyond the last; what has no such
/// digits comes back.
fn get_digit(value: &Value, argument: Option<&Value>, _: &Call) -> Result<Value, FilterError> {
    let place = match python::to_i64(required(argument)?) {
        Err(Exception::Value) => return Ok(value.clone()),
        place => place?,
    };
    let number = match python::to_int(value) {
        Err(Exception::Value) => return Ok(value.clone()),
        number => number?,
    };
    if place < 1 {
        return Ok(python::from_integer(&number));
    }
    let place = usize::try_from(place).unwrap_or(usize::MAX);
    let is_sign = number.is_negative() && place == number.abs().to_string().len() + 1;
    if is_sign {
        return Err(FilterError::failed("the sign of the number is no digit"));
    }
    Ok(Value::from(number.digit_from_right(place).unwrap_or(0)))
}

/// Django: sizes in powers of 1024, from a kilobyte on with one digit of fraction, without
/// a space that could break.
fn file_size(value: &Value, _: Option<&Value>, _: &Call) -> Result<Value, FilterError> {
    let bytes = match python::to_int(value) {
        Err(exception @ Exception::Overflow) => return Err(exception.into()),
        Err(_) => Integer::from(0),
        Ok(bytes) => bytes,
    };
    let sign = if bytes.is_negative() { "-" } else { "" };
    let size = size_text(&bytes.abs())?;
    Ok(Value::from(format!("{sign}{size}").replace(' ', "\u{a0}")))
}

fn size_text(bytes: &Integer) -> Result<String, FilterError> {
    let size = bytes.to_f64();
    if size < 1024.0 {
        let plural = if *bytes == Integer::from(1) { "" } else { "s" };
        return Ok(format!("{bytes} byte{plural}"));
    }
    if size.is_infinite() {
        return Err(Exception::Overflow.into());
    }
    let mut size = size / 1024.0;
    let mut units = ["KB", "MB", "GB", "TB", "PB"].iter().peekable();
    while let Some(unit) = units.next() {
        if size < 1024.0 || units.peek().is_none() {
            return Ok(format!("{} {unit}", one_decimal(size)));
        }
        size /= 1024.0;
    }
    Ok(String::new())
}

/// One digit of fraction; of a size that Python writes with an exponent none is left,
/// and beyond 200 digits Django keeps the exponent.
fn one_decimal(size: f64) -> String {
    let repr = json::python_float(size);
    let Some((mantissa, exponent)) = repr.split_once('e') else {
        return format!("{size:.1}");
    };
    match repr.parse() {
        Ok(Parsed::Finite(number)) if number.written_size() <= MOST_DIGITS => number.rounded(1),
        _ => {
            let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
            format!("{whole}.{}e{exponent}", fraction.get(..1).unwrap_or("0"))
        }
    }
}

/// Django's `floatformat`, on decimal digits and not on a float.
fn float_format(
    value: &Value,
    argument: Option<&Value>,
    call: &Call,
) -> Result<Value, FilterError> {
    if argument.is_some_and(|argument| python::text(argument) == Some("")) {
        return Err(FilterError::failed("the number of decimal places is empty"));
    }
    let text = python::to_str(value);
    let Some(parsed) = as_decimal(value, &text, call) else {
        return Ok(Value::from(""));
    };
    let (places, grouped) = argument.map_or(Ok((Ok(-1), false)), places_and_grouping)?;
    let (Ok(places), Parsed::Finite(number)) = (places, parsed) else {
        return Ok(super::text_like(value, text));
    };
    if number.written_size() > MOST_DIGITS {
        return Ok(super::text_like(value, text));
    }
    let written = if let Some(integer) = number.to_integer().filter(|_| places <= 0) {
        integer.to_string()
    } else {
        let places = i64::try_from(places.unsigned_abs()).unwrap_or(i64::MAX);
        number.rounded(bounded(places, call)?)
    };
    Ok(Value::from_safe_string(if grouped {
        with_commas(&written)
    } else {
        written
    }))
}

/// `2g`: grouped. `2u`: not localized, which changes nothing in English but that `gu` does not group.
fn places_and_grouping(argument: &Value) -> Result<(Result<i64, Exception>, bool), FilterError> {
    let Kind::Str(text) = python::kind(argument) else {
        return match python::to_i64(argument) {
            Err(exception @ (Exception::Type(_) | Exception::Overflow)) => Err(exception.into()),
            places => Ok((places, false)),
        };
    };
    let (places, grouped) = match text.strip_suffix("gu").or_else(|| text.strip_suffix("ug")) {
        Some(places) => (places, false),
        None => match text.strip_suffix('g') {
            Some(places) => (places, true),
            None => (text.strip_suffix('u').unwrap_or(text), false),
        },
    };
    let places = if places.is_empty() {
        Ok(-1)
    } else {
        python::to_i64(&Value::from(places))
    };
    Ok((places, grouped))
}

/// `Decimal(str(value))`, or of the float it is.
fn as_decimal(value: &Value, text: &str, call: &Call) -> Option<Parsed> {
    if text.len() > call.most_bytes {
        return None;
    }
    let as_float = || {
        let number = python::to_float(value).ok()?;
        json::python_float(number).parse().ok()
    };
    text.parse().ok().or_else(as_float)
}
