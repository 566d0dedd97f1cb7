//! `wordwrap`: Python's `textwrap`, line by line.

use minijinja::Value;

use super::{super::python, Argument, Call, DEAR, Filter, FilterError, required, safe};

pub(super) const FILTERS: &[Filter] = &[safe("wordwrap", Argument::Required, word_wrap).at(DEAR)];

/// Django: long words stay whole, and white space stays but where a line is broken.
fn word_wrap(value: &Value, argument: Option<&Value>, _: &Call) -> Result<Value, FilterError> {
    let width = python::to_i64(required(argument)?)?;
    let text = python::as_text(value);
    let mut wrapped = Vec::new();
    for line in python::split_lines(&text) {
        if width <= 0 {
            return Err(FilterError::failed(format!(
                "the width {width} is not above zero"
            )));
        }
        let lines = wrap_line(line, usize::try_from(width).unwrap_or(usize::MAX));
        if lines.is_empty() {
            wrapped.push(line.to_owned());
        } else {
            wrapped.extend(lines);
        }
    }
    if text.ends_with('\n') {
        wrapped.push(String::new());
    }
    Ok(Value::from(wrapped.join("\n")))
}

/// `TextWrapper.wrap`: the line in pieces that fit, without white space at their ends.
fn wrap_line(line: &str, width: usize) -> Vec<String> {
    let line = expand_tabs(line);
    let mut chunks = chunks(&line).into_iter().peekable();
    let mut lines: Vec<String> = Vec::new();
    while chunks.peek().is_some() {
        if !lines.is_empty() {
            chunks.next_if(|chunk| is_blank(chunk));
        }
        let mut current: Vec<&str> = Vec::new();
        let mut length = 0;
        while let Some(chunk) = chunks.next_if(|chunk| length + chunk.chars().count() <= width) {
            length += chunk.chars().count();
            current.push(chunk);
        }
        if current.is_empty() {
            current.extend(chunks.next());
        }
        if current.last().is_some_and(|chunk| is_blank(chunk)) {
            current.pop();
        }
        if !current.is_empty() {
            lines.push(current.concat());
        }
    }
    lines
}

/// Words, and the white space between them.
fn chunks(line: &str) -> Vec<&str> {
    let is_break = |character: char| matches!(character, '\t' | '\u{b}' | '\u{c}' | ' ');
    let mut chunks = Vec::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|character| is_break(character) != is_break(first));
        let (chunk, behind) = rest
            .split_at_checked(end.unwrap_or(rest.len()))
            .unwrap_or((rest, ""));
        chunks.push(chunk);
        rest = behind;
    }
    chunks
}

fn is_blank(chunk: &str) -> bool {
    python::strip(chunk).is_empty()
}

/// `str.expandtabs()`: to the next column that eight divides.
fn expand_tabs(line: &str) -> String {
    let mut expanded = String::new();
    let mut column = 0;
    for character in line.chars() {
        if character == '\t' {
            let spaces = 8 - column % 8;
            expanded.push_str(&" ".repeat(spaces));
            column += spaces;
        } else {
            expanded.push(character);
            column += 1;
        }
    }
    expanded
}
