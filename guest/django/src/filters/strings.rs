//! Filters of plain text.

use minijinja::Value;

use super::{
    super::python::{self, Exception},
    Argument, Call, DEAR, Filter, FilterError, bounded, plain, required, safe, text_argument,
    text_like,
};

pub(super) const FILTERS: &[Filter] = &[
    safe("addslashes", Argument::None, add_slashes),
    safe("capfirst", Argument::None, capitalize_first),
    safe("center", Argument::Required, center),
    plain("cut", Argument::Required, cut),
    safe("ljust", Argument::Required, left_justify),
    safe("lower", Argument::None, lower),
    plain("make_list", Argument::None, make_list).at(DEAR),
    safe("phone2numeric", Argument::None, phone_to_numeric),
    safe("rjust", Argument::Required, right_justify),
    safe("title", Argument::None, title).at(DEAR),
    plain("upper", Argument::None, upper),
    plain("wordcount", Argument::None, word_count),
];

fn add_slashes(value: &Value, _: Option<&Value>, _: &Call) -> Result<Value, FilterError> {
    let mut slashed = String::new();
    for character in python::as_text(value).chars() {
        if matches!(character, '\\' | '"' | '\'') {
            slashed.push('\\');
        }
        slashed.push(character);
    }
    Ok(Value::from(slashed))
}

fn capitalize_first(value: &Value, _: Option<&Value>, _: &Call) -> Result<Value, FilterError> {
    let text = python::as_text(value);
    let mut characters = text.chars();
    let first = characters.next().into_iter().flat_map(char::to_uppercase);
    let mut capitalized: String = first.collect();
    capitalized.push_str(characters.as_str());
    Ok(Value::from(capitalized))
}

fn lower(value: &Value, _: Option<&Value>, _: &Call) -> Result<Value, FilterError> {
    Ok(Value::from(python::as_text(value).to_lowercase()))
}

fn upper(value: &Value, _: Option<&Value>, _: &Call) -> Result<Value, FilterError> {
    Ok(Value::from(python::as_text(value).to_uppercase()))
}

/// Django: Python's `str.title`, but `Joe's` and `3rd` stay as they are.
fn title(value: &Value, _: Option<&Value>, _: &Call) -> Result<Value, FilterError> {
    let titled: Vec<char> = python::title(&python::as_text(value)).chars().collect();
    let mut text = String::new();
    let mut before = [' ', ' '];
    for character in titled {
        let behind_apostrophe = before[1] == '\'' && before[0].is_ascii_lowercase();
        let behind_digit = python::decimal_digit(before[1]).is_some();
        if character.is_ascii_uppercase() && (behind_apostrophe || behind_digit) {
            text.push(character.to_ascii_lowercase());
        } else {
            text.push(character);
        }
        before = [before[1], character];
    }
    Ok(Value::from(text))
}

/// `left`: how many of this many spaces go to the left of the text.
fn pad(
    value: &Value,
    argument: Option<&Value>,
    call: &Call,
    left: impl Fn(usize, usize) -> usize,
) -> Result<Value, FilterError> {
    let width = python::to_int(required(argument)?)?.to_i64();
    let width = bounded(width.ok_or(Exception::Overflow)?, call)?;
    let text = python::as_text(value);
    let spaces = width.saturating_sub(text.chars().count());
    let left = left(spaces, width);
    let padded = [&" ".repeat(left), &*text, &" ".repeat(spaces - left)].concat();
    Ok(Value::from(padded))
}

/// Python's `str.center`: an odd space goes to the left when the width is odd too.
fn center(value: &Value, argument: Option<&Value>, call: &Call) -> Result<Value, FilterError> {
    pad(value, argument, call, |spaces, width| {
        spaces / 2 + (spaces & width & 1)
    })
}

fn left_justify(
    value: &Value,
    argument: Option<&Value>,
    call: &Call,
) -> Result<Value, FilterError> {
    pad(value, argument, call, |_, _| 0)
}

fn right_justify(
    value: &Value,
    argument: Option<&Value>,
    call: &Call,
) -> Result<Value, FilterError> {
    pad(value, argument, call, |spaces, _| spaces)
}

/// Django: a safe text stays safe, unless a `;` is cut, which may end an entity.
fn cut(value: &Value, argument: Option<&Value>, _: &Call) -> Result<Value, FilterError> {
    let part = text_argument(required(argument)?)?;
    let rest = python::as_text(value).replace(part, "");
    Ok(if part == ";" {
        Value::from(rest)
    } else {
        text_like(value, rest)
    })
}

fn make_list(value: &Value, _: Option<&Value>, _: &Call) -> Result<Value, FilterError> {
    let text = python::as_text(value);
    Ok(Value::from(
        text.chars().map(Value::from).collect::<Vec<_>>(),
    ))
}

/// The digits of a telephone's keys; a value that is no text is an error, as in Django.
fn phone_to_numeric(value: &Value, _: Option<&Value>, _: &Call) -> Result<Value, FilterError> {
    let phone = text_argument(value)?.to_lowercase();
    let digits = phone.chars().map(|character| match character {
        'a'..='c' => '2',
        'd'..='f' => '3',
        'g'..='i' => '4',
        'j'..='l' => '5',
        'm'..='o' => '6',
        'p'..='s' => '7',
        't'..='v' => '8',
        'w'..='z' => '9',
        other => other,
    });
    Ok(Value::from(digits.collect::<String>()))
}

fn word_count(value: &Value, _: Option<&Value>, _: &Call) -> Result<Value, FilterError> {
    Ok(Value::from(
        python::split_words(&python::as_text(value)).count(),
    ))
}
