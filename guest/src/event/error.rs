//! Why an event is not read, and where.

use action_triggers_django::Span;

/// Why an event is not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EventError {
    /// Stable, such as `event_malformed`.
    pub code: &'static str,
    /// What is wrong and what to do about it.
    pub message: String,
    /// The part of the text that is wrong.
    pub span: Span,
}

impl EventError {
    /// Something is wrong with this part of a text.
    pub(super) fn at(code: &'static str, text: &str, part: &str, message: String) -> Self {
        let offset = part.as_ptr().addr().wrapping_sub(text.as_ptr().addr());
        let (offset, length) = match text.get(offset..offset.saturating_add(part.len())) {
            Some(found) => (offset, found.len()),
            None => (0, text.len()),
        };
        Self {
            code,
            message,
            span: Span::of(text, offset, length),
        }
    }

    /// What the JSON reader says of a text; its columns are bytes.
    pub(super) fn unreadable(text: &str, error: &serde_json::Error) -> Self {
        let lines = text
            .split_inclusive('\n')
            .take(error.line().saturating_sub(1));
        let offset = lines.map(str::len).sum::<usize>() + error.column().saturating_sub(1);
        let offset = text.floor_char_boundary(offset);
        let said = error.to_string();
        let place = format!(" at line {} column {}", error.line(), error.column());
        let said = said.strip_suffix(&place).unwrap_or(&said);
        let hint = if text.trim_start().starts_with('\u{feff}') {
            ": the text begins with a byte order mark (BOM); remove it"
        } else if is_at_a_mark(text, offset) {
            ": there is a byte order mark (BOM); remove it"
        } else if error.is_eof() {
            ": the event ends too early; write each event on one line"
        } else {
            ""
        };
        Self {
            code: "event_malformed",
            message: format!("the event is not of the right form: {said}{hint}"),
            span: Span::of(text, offset, 0),
        }
    }
}

/// Whether a byte order mark stands at this place or right before it.
fn is_at_a_mark(text: &str, offset: usize) -> bool {
    let before = text.floor_char_boundary(offset.saturating_sub(1));
    let around = text.get(before..).unwrap_or_default();
    around.chars().take(2).any(|one| one == '\u{feff}')
}
