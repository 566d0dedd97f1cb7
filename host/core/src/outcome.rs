//! What the sandbox answers: the set it took, and what events came to.

use std::sync::Arc;

pub use action_triggers_vocabulary::{
    Signal,
    known::{Frequency, KnownHeader, KnownRecord, KnownValue},
};

use crate::{
    event::EventError,
    record::{Header, Message, size_of_headers},
};

/// Why something came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
#[non_exhaustive]
pub struct Failure {
    /// Stable, such as `template_failed`.
    pub code: String,
    /// For a person: what is wrong and what to do about it.
    pub message: String,
}

impl Failure {
    /// A failure with this stable code, and what to say of it.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
        }
    }
}

/// Why an event as a whole came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EventFailure {
    /// Its text is not an event.
    #[error(transparent)]
    Unreadable(#[from] EventError),
    /// It was not decided.
    #[error(transparent)]
    Undecided(#[from] Failure),
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

/// What became of one queue of a trigger that fired.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Publication {
    /// The trigger's name.
    pub trigger: Arc<str>,
    /// The queue's place in its trigger, from 0.
    pub queue: u32,
    /// The topic of the record that the host took.
    pub outcome: Result<String, Failure>,
    /// Whether the host had the record before: the event was sent twice.
    pub is_duplicate: bool,
}

impl Publication {
    /// What became of this queue of a trigger.
    pub fn new(trigger: Arc<str>, queue: u32, outcome: Result<String, Failure>) -> Self {
        Self {
            trigger,
            queue,
            outcome,
            is_duplicate: false,
        }
    }
}

/// A queue of a trigger that fired for an event, and came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FailedQueue {
    /// The trigger's name.
    pub trigger: Arc<str>,
    /// The queue's place in its trigger, from 0.
    pub queue: u32,
    /// Why.
    pub failure: Failure,
}

impl FailedQueue {
    /// This queue of a trigger, and why it came to nothing.
    pub fn new(trigger: impl Into<Arc<str>>, queue: u32, failure: Failure) -> Self {
        Self {
            trigger: trigger.into(),
            queue,
            failure,
        }
    }
}

/// What of an event came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// All of it: the event was not decided.
    Event(Failure),
    /// These queues of triggers that fired, at least one.
    Queues(Vec<FailedQueue>),
}

impl Missing {
    /// What came to nothing of an event that can be tried again; none where all went
    /// well, or where its text is not an event.
    pub fn of(outcome: &Result<Vec<Publication>, EventFailure>) -> Option<Self> {
        let queues = match outcome {
            Ok(queues) => queues,
            Err(EventFailure::Undecided(failure)) => return Some(Self::Event(failure.clone())),
            Err(EventFailure::Unreadable(_)) => return None,
        };
        let failed = queues.iter().filter_map(|one| {
            let failure = one.outcome.as_ref().err()?.clone();
            Some(FailedQueue::new(one.trigger.clone(), one.queue, failure))
        });
        Self::of_queues(failed.collect())
    }

    /// These queues, if there are any.
    pub fn of_queues(queues: Vec<FailedQueue>) -> Option<Self> {
        (!queues.is_empty()).then_some(Self::Queues(queues))
    }

    /// The queues that came to nothing; none where the event as a whole did.
    pub fn queues(&self) -> &[FailedQueue] {
        match self {
            Self::Event(_) => &[],
            Self::Queues(queues) => queues,
        }
    }

    /// Why the event as a whole came to nothing, else the first of its queues.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Event(failure) => Some(failure),
            Self::Queues(queues) => queues.first().map(|queue| &queue.failure),
        }
    }
}

/// An event of which something came to nothing, whole, so that it can be tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FailedEvent {
    /// Its id.
    pub id: String,
    /// Whether that is the caller's.
    pub id_is_given: bool,
    /// Its JSON text.
    pub text: String,
    /// Headers that it brings for its records.
    pub carried: Arc<[Header]>,
    /// What came to nothing.
    pub missing: Missing,
}

impl FailedEvent {
    /// An event with this id, which the host gave, and this text.
    pub fn new(id: impl Into<String>, text: impl Into<String>, missing: Missing) -> Self {
        Self {
            id: id.into(),
            id_is_given: false,
            text: text.into(),
            carried: Arc::default(),
            missing,
        }
    }

    /// Bytes of its texts and headers.
    pub fn size(&self) -> usize {
        let failures = self.missing.queues().iter().map(|queue| {
            queue.trigger.len() + queue.failure.code.len() + queue.failure.message.len()
        });
        self.id.len() + self.text.len() + size_of_headers(&*self.carried) + failures.sum::<usize>()
    }
}

/// What one queue of a trigger that fires would publish.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Rendering {
    /// The trigger's name.
    pub trigger: Arc<str>,
    /// The queue's place in its trigger, from 0.
    pub queue: u32,
    /// The record as it would be published, addressed; or why it would not be.
    pub outcome: Result<Message, Failure>,
}

impl Rendering {
    /// What this queue of a trigger would publish.
    pub fn new(trigger: Arc<str>, queue: u32, outcome: Result<Message, Failure>) -> Self {
        Self {
            trigger,
            queue,
            outcome,
        }
    }
}

/// Why one trigger fires for an event, or does not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
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

impl Explanation {
    /// Whether this trigger fires, the clause that decided, and the decision in words.
    pub fn new(trigger: Arc<str>, fires: bool, clause: String, reason: String) -> Self {
        Self {
            trigger,
            fires,
            clause,
            reason,
        }
    }
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
#[non_exhaustive]
pub struct Refusal {
    /// Every fault and every warning.
    pub diagnostics: Vec<Diagnostic>,
    /// The triggers as far as they could be read.
    pub triggers: Vec<LoadedTrigger>,
}

impl Refusal {
    /// What the sandbox told of a set that it refused.
    pub fn new(diagnostics: Vec<Diagnostic>, triggers: Vec<LoadedTrigger>) -> Self {
        Self {
            diagnostics,
            triggers,
        }
    }
}

/// One trigger of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
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
    /// What is known of the value of its records before there is an event.
    pub value: KnownValue,
}

impl LoadedTrigger {
    /// A trigger of this name that is active, listens to nothing and publishes nothing.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self {
            name: name.into(),
            is_named: true,
            active: true,
            signals: Vec::new(),
            content_types: Vec::new(),
            queues: Vec::new(),
            value: KnownValue::Either(0),
        }
    }
}

/// One queue of a trigger.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
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
    /// What is known of its records before there is an event, beside their value;
    /// nothing where they have nothing else.
    pub records: Option<KnownRecord>,
}

impl LoadedQueue {
    /// A queue at this path of its set that names this broker and sets nothing itself.
    pub fn new(broker: impl Into<String>, path: impl Into<String>) -> Self {
        Self {
            broker: broker.into(),
            path: path.into(),
            destination: QueueDestination::default(),
            is_fixed: true,
            renders_topic: false,
            timeout_ms: None,
            settings: Vec::new(),
            records: None,
        }
    }
}

/// A queue's own destination, without what its broker sets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct QueueDestination {
    /// Its `conn_details`, a JSON object.
    pub conn_details: String,
    /// Its `parameters`, a JSON object.
    pub parameters: String,
}

impl QueueDestination {
    /// A destination of these JSON objects.
    pub fn new(conn_details: impl Into<String>, parameters: impl Into<String>) -> Self {
        Self {
            conn_details: conn_details.into(),
            parameters: parameters.into(),
        }
    }
}

/// A placeholder of a queue's destination.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NamedSetting {
    /// The dotted path of the setting.
    pub name: String,
    /// Where in the set the string with the placeholder is.
    pub path: String,
    /// Which part of that string the dotted path is.
    pub span: Span,
}

impl NamedSetting {
    /// The setting of this dotted path, named in the string at `path`.
    pub fn new(name: impl Into<String>, path: impl Into<String>, span: Span) -> Self {
        Self {
            name: name.into(),
            path: path.into(),
            span,
        }
    }
}

/// Something found in a set of triggers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
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

impl Diagnostic {
    /// An error at a path of a set, without a remedy and without a span.
    pub fn error(
        code: impl Into<String>,
        path: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            severity: Severity::Error,
            code: code.into(),
            path: path.into(),
            message: message.into(),
            help: None,
            span: None,
        }
    }
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
