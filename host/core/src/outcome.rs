//! What the sandbox answers: the set it took, and what events came to.

use std::sync::Arc;

pub use action_triggers_vocabulary::Signal;

use crate::{event::EventError, record::Message};

/// Why something came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Stable, such as `template_failed`.
    pub code: String,
    /// For a person: what is wrong and what to do about it.
    pub message: String,
}

/// Why an event as a whole came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EventFailure {
    /// Its text is not an event.
    #[error(transparent)]
    Unreadable(#[from] EventError),
    /// It was not decided.
    #[error("{}", .0.message)]
    Undecided(Failure),
}

impl EventFailure {
    /// Stable, for machines.
    pub fn code(&self) -> &str {
        match self {
            Self::Unreadable(error) => error.code(),
            Self::Undecided(failure) => &failure.code,
        }
    }
}

impl From<Failure> for EventFailure {
    fn from(failure: Failure) -> Self {
        Self::Undecided(failure)
    }
}

/// What became of one queue of a trigger that fired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// The trigger's name.
    pub trigger: Arc<str>,
    /// The queue's place in its trigger, from 0.
    pub queue: u32,
    /// The topic of the record that the host took.
    pub outcome: Result<String, Failure>,
}

/// What one queue of a trigger that fires would publish.
#[derive(Clone, Debug)]
pub struct Rendering {
    /// The trigger's name.
    pub trigger: Arc<str>,
    /// The queue's place in its trigger, from 0.
    pub queue: u32,
    /// The record as it would be published, addressed; or why it would not be.
    pub outcome: Result<Message, Failure>,
}

/// Why one trigger fires for an event, or does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The trigger's name.
    pub trigger: Arc<str>,
    /// Whether it fires.
    pub fires: bool,
    /// The clause that decided: `active`, `signal`, `content_type`, `when`,
    /// `whitelisted_content_types`.
    pub clause: String,
    /// The decision in words.
    pub reason: String,
}

/// A set of triggers that was taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Loaded {
    /// Every trigger of the set, in its order.
    pub triggers: Vec<LoadedTrigger>,
    /// Warnings only.
    pub diagnostics: Vec<Diagnostic>,
    /// SHA-256 of the set's text, in hexadecimal.
    pub set_sha256: String,
}

impl Loaded {
    /// What the sandbox told of a set.
    pub fn new(
        triggers: Vec<LoadedTrigger>,
        diagnostics: Vec<Diagnostic>,
        set_sha256: String,
    ) -> Self {
        Self {
            triggers,
            diagnostics,
            set_sha256,
        }
    }
}

/// A set of triggers that was refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// Every fault and every warning.
    pub diagnostics: Vec<Diagnostic>,
    /// The triggers as far as they could be read.
    pub triggers: Vec<LoadedTrigger>,
}

/// One trigger of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadedTrigger {
    /// Its `name`, else its `id` as text, else its place in the set from 0.
    pub name: Arc<str>,
    /// Whether the set gives it a name or an id.
    pub is_named: bool,
    /// Whether it can fire at all.
    pub active: bool,
    /// The signals it listens to.
    pub signals: Vec<Signal>,
    /// The content types it watches, the model in lower case.
    pub content_types: Vec<String>,
    /// Where its records go.
    pub queues: Vec<LoadedQueue>,
}

/// One queue of a trigger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadedQueue {
    /// The name of its broker. There may be none of that name.
    pub broker: String,
    /// Where in the set the queue is, such as `$[0].msg_broker_queues[1]`.
    pub path: String,
    /// Its own destination, without what the broker sets; placeholders stand in
    /// it as `{{ dotted.path }}`.
    pub destination: QueueDestination,
    /// Whether the destination is the same for every event.
    pub is_fixed: bool,
    /// Whether the topic is rendered for each event.
    pub renders_topic: bool,
    /// Its own bound on an attempt to publish, in milliseconds.
    pub timeout_ms: Option<u64>,
    /// The settings that its placeholders name.
    pub settings: Vec<NamedSetting>,
}

/// A queue's own destination, without what its broker sets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct QueueDestination {
    /// Its `conn_details`, a JSON object.
    pub conn_details: String,
    /// Its `parameters`, a JSON object.
    pub parameters: String,
}

/// A placeholder of a queue's destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedSetting {
    /// The dotted path of the setting.
    pub name: String,
    /// Where in the set the string with the placeholder is.
    pub path: String,
    /// Which part of that string the dotted path is.
    pub span: Span,
}

/// Something found in a set of triggers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Stable, such as `unknown_signal`.
    pub code: String,
    /// Where in the set, such as `$[0].payload.customer`; with a `~` behind it,
    /// the name of that member.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Which part of the string at `path`, when that is a template.
    pub span: Option<Span>,
}

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// What has it is refused.
    Error,
    /// It is taken, but this is hardly what was meant.
    Warning,
}

/// Part of a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Where it begins, in bytes of UTF-8 of the string after JSON decoding.
    pub offset: u32,
    /// How long it is, in the same bytes.
    pub length: u32,
    /// The line of the offset, from 1.
    pub line: u32,
    /// The column of the offset, in characters from 1.
    pub column: u32,
}
