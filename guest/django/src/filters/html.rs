//! Filters that escape.

use std::fmt::Write as _;

use minijinja::Value;

use super::{super::python, Argument, Call, Filter, FilterError, plain, safe};

pub(super) const FILTERS: &[Filter] = &[
    safe("escape", Argument::None, escape_filter),
    plain("escapejs", Argument::None, escape_js),
    safe("force_escape", Argument::None, force_escape),
    safe("safe", Argument::None, safe_filter),
];

/// Django's `escape`.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#x27;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Django's `conditional_escape`: a safe string stays as it is.
pub fn conditional_escape(value: &Value) -> String {
    let text = python::as_text(value);
    if value.is_safe() {
        text.into_owned()
    } else {
        escape(&text)
    }
}

fn escape_filter(value: &Value, _: Option<&Value>, _: &Call) -> Result<Value, FilterError> {
    Ok(Value::from_safe_string(conditional_escape(value)))
}

fn force_escape(value: &Value, _: Option<&Value>, _: &Call) -> Result<Value, FilterError> {
    Ok(Value::from_safe_string(escape(&python::as_text(value))))
}

fn safe_filter(value: &Value, _: Option<&Value>, _: &Call) -> Result<Value, FilterError> {
    Ok(Value::from_safe_string(python::to_str(value)))
}

/// Django escapes what could end a string literal or its script element.
fn escape_js(value: &Value, _: Option<&Value>, _: &Call) -> Result<Value, FilterError> {
    let mut escaped = String::new();
    for character in python::as_text(value).chars() {
        match character {
            '\0'..='\u{1f}'
            | '\\'
            | '\''
            | '"'
            | '>'
            | '<'
            | '&'
            | '='
            | '-'
            | ';'
            | '`'
            | '\u{2028}'
            | '\u{2029}' => {
                // Writing to a String cannot fail.
                let _infallible = write!(escaped, "\\u{:04X}", u32::from(character));
            }
            other => escaped.push(other),
        }
    }
    Ok(Value::from_safe_string(escaped))
}
