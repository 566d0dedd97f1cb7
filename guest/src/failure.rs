//! Why something was not published.

use action_triggers_django::RenderError;
use action_triggers_vocabulary::{PublishError, SettingError};

/// The code of what is longer than a trigger may write.
pub(crate) const OUTPUT_TOO_LARGE: &str = "template_output_too_large";
/// The code of a payload that a value would shape.
pub(crate) const AMBIGUOUS: &str = "payload_ambiguous";
/// The code of what takes more steps than a trigger may.
pub(crate) const OUT_OF_FUEL: &str = "template_out_of_fuel";

/// Why an event, a trigger or one of its queues published nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// There are no triggers yet.
    #[error("no triggers are loaded: call `load` first")]
    NotLoaded,
    /// The event alone needs more fuel than a call has.
    #[error(
        "the event takes more than {0} steps: make its triggers cheaper, or raise `call_fuel` in \
         `limits`"
    )]
    EventOutOfFuel(u64),
    /// A payload has more bytes than a trigger may write.
    #[error("the payload has more than {0} bytes: shorten it, or raise `output_bytes` in `limits`")]
    PayloadTooLarge(u32),
    /// A condition looks into `before` or `changed`, and the event has no `before`.
    #[error(
        "the condition `{0}` looks at the instance before the change, and the event has no \
         `before`: send it, or ask for `event.before` first"
    )]
    BeforeMissing(String),
    /// A template could not be rendered, or broke a limit.
    #[error("{place}: {message}")]
    Template {
        /// The template engine's own code.
        code: &'static str,
        /// Where the template stands in the set of triggers.
        place: String,
        /// What went wrong.
        message: String,
    },
    /// A typed value has no JSON form.
    #[error("{place}: {message}")]
    NotJson {
        /// Where the template stands in the set of triggers.
        place: String,
        /// What the value is.
        message: String,
    },
    /// A payload that is JSON text is none with its values written as JSON, and is one with them
    /// written plainly: then a value would decide its shape.
    #[error(
        "{0}: the payload is JSON only if its values are written without quotes and escapes; put \
         quotes around those that are text, and give those that may be missing a `default`"
    )]
    PayloadAmbiguous(String),
    /// A record's partition or timestamp came out as something else.
    #[error("{place}: `{text}` is not {expected}")]
    InvalidRecord {
        /// Where the template stands in the set of triggers.
        place: String,
        /// The start of what was rendered.
        text: String,
        /// What was needed.
        expected: &'static str,
    },
    /// A queue rendered a topic that Kafka does not take or its broker does not allow.
    #[error("{place}: {message}")]
    InvalidTopic {
        /// Where the template stands in the set of triggers.
        place: String,
        /// What the topic is, and what is allowed.
        message: String,
    },
    /// A placeholder's value could not be had.
    #[error("placeholder `{path}`: {error}")]
    Setting {
        /// The dotted path that was asked for.
        path: String,
        /// The host's answer.
        error: SettingError,
    },
    /// The host did not take the record.
    #[error(transparent)]
    Publish(#[from] PublishError),
}

impl Failure {
    /// Ties a template engine's error to the template's place in the set.
    pub(crate) fn template(error: &RenderError, place: &str) -> Self {
        Self::Template {
            code: error.code(),
            place: place.into(),
            message: error.to_string(),
        }
    }

    /// The failure's stable name.
    pub fn code(&self) -> &str {
        match self {
            Self::NotLoaded => "not_loaded",
            Self::EventOutOfFuel(_) => "event_out_of_fuel",
            Self::PayloadTooLarge(_) => OUTPUT_TOO_LARGE,
            Self::BeforeMissing(_) => "before_missing",
            Self::Template { code, .. } => code,
            Self::NotJson { .. } => "payload_not_json",
            Self::PayloadAmbiguous(_) => AMBIGUOUS,
            Self::InvalidRecord { .. } => "invalid_record",
            Self::InvalidTopic { .. } => "invalid_topic",
            Self::Setting { error, .. } => error.code(),
            Self::Publish(error) => error.code(),
        }
    }
}
