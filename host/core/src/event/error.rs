//! Why a text is no event, and where.

use std::{collections::BTreeMap, ops::Range};

use action_triggers_vocabulary::content_type;
use serde_json::value::RawValue;

use super::MAX_ID;

/// Why a line is not an event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EventError {
    /// More bytes than an event may have.
    #[error(
        "the event has more than {maximum} bytes: make it shorter, or raise `event_bytes` in `limits`"
    )]
    TooLarge {
        /// Bytes that are taken.
        maximum: usize,
    },
    /// Bytes that are not UTF-8.
    #[error("the event is not UTF-8 from byte {offset} on")]
    NotUtf8 {
        /// The first bad byte, from 0.
        offset: usize,
    },
    /// No JSON, or a member is missing or of the wrong type.
    #[error("the event is not of the right form: {message} at line {line} column {column}")]
    Malformed {
        /// What the JSON reader says.
        message: String,
        /// Where it stopped, in bytes from 0.
        offset: usize,
        /// The line of that, from 1.
        line: u64,
        /// The column of that, in characters from 1.
        column: usize,
    },
    /// None of Django's four model signals.
    #[error(
        "unknown signal `{0}`: expected `pre_save`, `post_save`, `pre_delete` or `post_delete`"
    )]
    UnknownSignal(String),
    /// Not `app_label.model`.
    #[error("{}", content_type::invalid(.0))]
    InvalidContentType(String),
    /// Empty, too long, or neither text nor integer.
    #[error("the event's id must be a text of 1 to {MAX_ID} bytes or an integer")]
    InvalidId,
    /// Not a JSON object.
    #[error("the event's `{0}` must be an object")]
    NotAnObject(&'static str),
}

impl EventError {
    /// Stable, for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "event_too_large",
            Self::NotUtf8 { .. } => "event_not_utf8",
            Self::Malformed { .. } | Self::NotAnObject(_) => "event_malformed",
            Self::UnknownSignal(_) => "unknown_signal",
            Self::InvalidContentType(_) => "invalid_content_type",
            Self::InvalidId => "invalid_event_id",
        }
    }

    /// The error of a text as that of one line in a file: its number, from 1.
    pub fn on_line(mut self, number: u64) -> Self {
        if let Self::Malformed { line, .. } = &mut self {
            *line += number.saturating_sub(1);
        }
        self
    }

    /// The bytes of its text that the error is about, if they are known.
    pub fn span_in(&self, text: &str) -> Option<Range<usize>> {
        let member = match self {
            Self::TooLarge { .. } => return None,
            Self::NotUtf8 { offset } => return Some(*offset..offset + 1),
            Self::Malformed { offset, .. } => return Some(*offset..*offset),
            Self::UnknownSignal(_) => "signal",
            Self::InvalidContentType(_) => "content_type",
            Self::InvalidId => "id",
            Self::NotAnObject(name) => name,
        };
        let members: BTreeMap<String, &RawValue> = serde_json::from_str(text).ok()?;
        let written = members.get(member)?.get();
        let start = written.as_ptr().addr().checked_sub(text.as_ptr().addr())?;
        Some(start..start + written.len())
    }

    pub(super) fn malformed(text: &str, offset: usize, message: String) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.matches('\n').count() as u64 + 1;
        let column = before.chars().rev().take_while(|one| *one != '\n').count() + 1;
        Self::Malformed {
            message,
            offset,
            line,
            column,
        }
    }

    /// What serde says of a text; its columns are bytes.
    pub(super) fn unreadable(text: &str, error: &serde_json::Error) -> Self {
        let lines = text
            .split_inclusive('\n')
            .take(error.line().saturating_sub(1));
        let offset = lines.map(str::len).sum::<usize>() + error.column().saturating_sub(1);
        let message = error.to_string();
        let place = format!(" at line {} column {}", error.line(), error.column());
        let message = message.strip_suffix(&place).unwrap_or(&message);
        Self::malformed(text, text.floor_char_boundary(offset), message.to_owned())
    }
}
