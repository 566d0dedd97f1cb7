//! Why a body or one of its events is not decoded, and where.

use action_triggers_vocabulary::Place;

use super::format::Format;

/// Characters of a mistaken text that are shown.
const SHOWN: usize = 64;

/// Why a body as a whole is not decoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BodyError {
    /// `?format=` names no format. Answered with 400.
    #[error("unknown format `{given}`: {help}")]
    UnknownFormat {
        /// What was given.
        given: String,
        /// What to write instead.
        help: String,
    },
    /// A content type that tells no format. Answered with 415.
    #[error("unsupported content type `{given}`: {help}")]
    UnsupportedType {
        /// What was given.
        given: String,
        /// What to write instead.
        help: &'static str,
    },
    /// The body is not UTF-8. Answered with 400.
    #[error("the body is not UTF-8 from byte {offset} on")]
    NotUtf8 {
        /// The first bad byte, from 0.
        offset: usize,
    },
    /// The body cannot be cut into events. Answered with 400.
    #[error("{message} (line {line}, column {column})")]
    Malformed {
        /// What is wrong, and what to do about it.
        message: String,
        /// Where, from 1.
        line: usize,
        /// Where in the line, in bytes from 1.
        column: usize,
    },
}

impl BodyError {
    /// Stable, for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownFormat { .. } => "unknown_format",
            Self::UnsupportedType { .. } => "unsupported_content_type",
            Self::NotUtf8 { .. } => "event_not_utf8",
            Self::Malformed { .. } => "body_malformed",
        }
    }
}

/// Why one event of a body is not decoded. Sent again as it is, it fails again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{fault}")]
pub struct DecodeError {
    fault: Fault,
    path: Place,
}

/// What is wrong with an event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum Fault {
    #[error("the event is not UTF-8 from byte {offset} on")]
    NotUtf8 { offset: usize },
    #[error("{0}")]
    Malformed(String),
    #[error(
        "this looks like {}: send it with `?format={}`", tool(*.0), .0.name()
    )]
    OtherFormat(Format),
    #[error(
        "the table `{table}` has no content type: give it one in `{key}`, such as `{{\"{table}\": \"shop.order\"}}`"
    )]
    NoContentType { table: String, key: String },
    #[error("{0}")]
    UnsupportedEncoding(String),
    #[error(
        "the type `{0}` does not say what happened to which model: name it in `sources.cloudevents.types`, let it end like `shop.order.post_save`, or send an event in our own form as the data"
    )]
    UnknownEventType(String),
}

impl DecodeError {
    /// Not of the form that its format has.
    pub(super) fn malformed(path: Place, message: impl Into<String>) -> Self {
        let fault = Fault::Malformed(message.into());
        Self { fault, path }
    }

    pub(super) fn not_utf8(offset: usize) -> Self {
        let fault = Fault::NotUtf8 { offset };
        Self {
            fault,
            path: Place::root(),
        }
    }

    /// Of another format than the request says.
    pub(super) fn other_format(format: Format) -> Self {
        Self {
            fault: Fault::OtherFormat(format),
            path: Place::root(),
        }
    }

    /// Of a table that is configured nowhere and is not called like a content type.
    pub(super) fn no_content_type(path: Place, table: &str, key: &str) -> Self {
        let fault = Fault::NoContentType {
            table: shown(table),
            key: key.to_owned(),
        };
        Self { fault, path }
    }

    /// With a value that cannot be decoded.
    pub(super) fn unsupported_encoding(path: Place, message: impl Into<String>) -> Self {
        let fault = Fault::UnsupportedEncoding(message.into());
        Self { fault, path }
    }

    /// A `CloudEvent` of a type that says nothing to us.
    pub(super) fn unknown_event_type(path: Place, name: &str) -> Self {
        let fault = Fault::UnknownEventType(shown(name));
        Self { fault, path }
    }

    /// The same, of an event that stands here.
    pub(super) fn under(mut self, place: &Place) -> Self {
        self.path = place.joined(self.path.as_str());
        self
    }

    /// Stable, for machines.
    pub fn code(&self) -> &'static str {
        match &self.fault {
            Fault::NotUtf8 { .. } => "event_not_utf8",
            Fault::Malformed(_) => "event_malformed",
            Fault::OtherFormat(_) => "other_format",
            Fault::NoContentType { .. } => "invalid_content_type",
            Fault::UnsupportedEncoding(_) => "unsupported_encoding",
            Fault::UnknownEventType(_) => "unknown_event_type",
        }
    }

    /// Where in the body, or in its line where it has one event a line; such as
    /// `$[3].payload.after.price`.
    pub fn path(&self) -> &Place {
        &self.path
    }
}

/// What an event of a format is called.
fn tool(format: Format) -> &'static str {
    match format {
        Format::Own => "an event",
        Format::CloudEvents => "a CloudEvent",
        Format::Debezium => "a change event of Debezium",
        Format::Hasura => "an event of Hasura",
        Format::Supabase => "a webhook of Supabase",
    }
}

/// The beginning of a text, for a message.
pub(super) fn shown(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}
