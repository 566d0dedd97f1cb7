//! Filters that escape or write HTML.

use std::{borrow::Cow, fmt::Write as _};

use minijinja::Value;

use super::{super::python, Argument, Call, Filter, FilterError, plain, safe};

pub(super) const FILTERS: &[Filter] = &[
    safe("escape", Argument::None, escape_filter),
    plain("escapejs", Argument::None, escape_js),
    safe("force_escape", Argument::None, force_escape),
    safe("linebreaks", Argument::None, linebreaks),
    safe("linebreaksbr", Argument::None, linebreaks_br),
    safe("linenumbers", Argument::None, line_numbers),
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

/// Escapes the text if output is escaped and the value is not safe.
pub(super) fn escape_for<'a>(value: &Value, text: &'a str, call: &Call) -> Cow<'a, str> {
    if call.autoescape && !value.is_safe() {
        Cow::Owned(escape(text))
    } else {
        Cow::Borrowed(text)
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

/// `\r\n` and `\r` as `\n`.
fn normalize_newlines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

/// Django: paragraphs at blank lines, `<br>` at other line ends.
fn linebreaks(value: &Value, _: Option<&Value>, call: &Call) -> Result<Value, FilterError> {
    let text = normalize_newlines(&python::as_text(value));
    let mut paragraphs = Vec::new();
    let mut rest = text.as_str();
    while let Some((paragraph, behind)) = rest.split_once("\n\n") {
        paragraphs.push(paragraph);
        rest = behind.trim_start_matches('\n');
    }
    paragraphs.push(rest);
    let paragraphs: Vec<String> = paragraphs
        .into_iter()
        .map(|paragraph| escape_for(value, paragraph, call).replace('\n', "<br>"))
        .map(|paragraph| format!("<p>{paragraph}</p>"))
        .collect();
    Ok(Value::from_safe_string(paragraphs.join("\n\n")))
}

fn linebreaks_br(value: &Value, _: Option<&Value>, call: &Call) -> Result<Value, FilterError> {
    let text = normalize_newlines(&python::as_text(value));
    let escaped = escape_for(value, &text, call);
    Ok(Value::from_safe_string(escaped.replace('\n', "<br>")))
}

/// Django: numbers of the width of the last one, in zeros.
fn line_numbers(value: &Value, _: Option<&Value>, call: &Call) -> Result<Value, FilterError> {
    let text = python::as_text(value);
    let lines: Vec<&str> = text.split('\n').collect();
    let width = lines.len().to_string().len();
    let numbered: Vec<String> = lines
        .iter()
        .zip(1..)
        .map(|(line, number)| format!("{number:0width$}. {}", escape_for(value, line, call)))
        .collect();
    Ok(Value::from_safe_string(numbered.join("\n")))
}
