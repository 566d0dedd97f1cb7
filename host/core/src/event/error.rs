//! Why a text is not an event, and where.

use std::ops::Range;

/// Why a text is not an event.
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
    /// The sandbox could not read the text as an event.
    #[error("{message} (line {line}, column {column})")]
    Invalid {
        /// Stable, such as `unknown_signal`.
        code: String,
        /// What is wrong.
        message: String,
        /// The part of the text that is wrong, in bytes.
        span: Range<usize>,
        /// The line of that, from 1: of the text, or of the file that it is in.
        line: u64,
        /// The column of that, in characters from 1.
        column: u32,
    },
}

impl EventError {
    /// Stable, for machines.
    pub fn code(&self) -> &str {
        match self {
            Self::TooLarge { .. } => "event_too_large",
            Self::NotUtf8 { .. } => "event_not_utf8",
            Self::Invalid { code, .. } => code,
        }
    }

    /// The error of a text as that of one line in a file: its number, from 1.
    #[must_use]
    pub fn on_line(mut self, number: u64) -> Self {
        if let Self::Invalid { line, .. } = &mut self {
            *line = line.saturating_add(number.saturating_sub(1));
        }
        self
    }

    /// The bytes of its text that the error is about, if they are known.
    pub fn span(&self) -> Option<Range<usize>> {
        match self {
            Self::TooLarge { .. } => None,
            Self::NotUtf8 { offset } => Some(*offset..offset.saturating_add(1)),
            Self::Invalid { span, .. } => Some(span.clone()),
        }
    }
}
