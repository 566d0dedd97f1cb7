//! `linebreaks`, `linebreaksbr` and `linenumbers`.

use std::borrow::Cow;

use minijinja::Value;

use super::{super::python, Argument, Call, DEAR, Filter, FilterError, html::escape, safe};

pub(super) const FILTERS: &[Filter] = &[
    safe("linebreaks", Argument::None, linebreaks),
    safe("linebreaksbr", Argument::None, linebreaks_br),
    safe("linenumbers", Argument::None, line_numbers).at(DEAR),
];

/// Escapes the text if output is escaped and the value is not safe.
pub(super) fn escape_for<'a>(value: &Value, text: &'a str, call: &Call) -> Cow<'a, str> {
    if call.autoescape && !value.is_safe() {
        Cow::Owned(escape(text))
    } else {
        Cow::Borrowed(text)
    }
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
