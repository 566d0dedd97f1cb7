//! `truncatechars` and `truncatewords`: Django's `Truncator`.

use minijinja::Value;

use super::{
    super::python::{self, Exception},
    Argument, Call, DEAR, Filter, FilterError, required, safe,
    unicode::{compose, is_combining},
};

pub(super) const FILTERS: &[Filter] = &[
    safe("truncatechars", Argument::Required, truncate_characters).at(DEAR),
    safe("truncatewords", Argument::Required, truncate_words),
];

/// The length an argument asks for; none, and the text stays as it is, when it is no number.
fn length(argument: Option<&Value>) -> Result<Option<i64>, FilterError> {
    match python::to_i64(required(argument)?) {
        Err(Exception::Value) => Ok(None),
        length => Ok(Some(length?)),
    }
}

/// The value's text, shortened to the length the argument asks for.
pub(super) fn shortened(
    value: &Value,
    argument: Option<&Value>,
    shorten: impl FnOnce(&str, i64) -> String,
) -> Result<Value, FilterError> {
    let text = python::as_text(value);
    Ok(match length(argument)? {
        Some(length) => Value::from(shorten(&text, length)),
        None => Value::from(&*text),
    })
}

fn truncate_characters(
    value: &Value,
    argument: Option<&Value>,
    _: &Call,
) -> Result<Value, FilterError> {
    shortened(value, argument, |text, length| {
        first_characters(compose(text).into_owned(), length)
    })
}

/// Combining marks do not count; the ellipsis does.
fn first_characters(mut text: String, length: i64) -> String {
    let kept = length.saturating_sub(1);
    let mut counted = 0;
    let mut end = None;
    let bases = text
        .char_indices()
        .filter(|(_, character)| !is_combining(*character));
    for (index, _) in bases {
        counted += 1;
        if end.is_none() && counted > kept {
            end = Some(index);
        }
        if counted > length {
            text.truncate(end.unwrap_or(0));
            text.push('…');
            return text;
        }
    }
    text
}

fn truncate_words(value: &Value, argument: Option<&Value>, _: &Call) -> Result<Value, FilterError> {
    shortened(value, argument, first_words)
}

fn first_words(text: &str, length: i64) -> String {
    let mut words: Vec<&str> = python::split_words(text).collect();
    let count = i64::try_from(words.len()).unwrap_or(i64::MAX);
    if count <= length {
        return words.join(" ");
    }
    // As a slice's end: a negative one counts from the last word.
    let kept = if length < 0 {
        count.saturating_add(length)
    } else {
        length
    };
    words.truncate(usize::try_from(kept).unwrap_or(0));
    let text = words.join(" ");
    if text.ends_with(" …") {
        text
    } else {
        text + " …"
    }
}
