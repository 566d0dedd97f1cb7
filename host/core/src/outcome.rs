//! What the sandbox answers: the set it took, and what events came to.

use crate::record::Message;

/// Why something came to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Stable, such as `template_failed`.
    pub code: String,
    /// For a person: what is wrong and what to do about it.
    pub message: String,
}

/// What became of one queue of a trigger that fired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// The trigger's name.
    pub trigger: String,
    /// The queue's place in its trigger, from 0.
    pub queue: u32,
    /// The topic of the record that the host took.
    pub outcome: Result<String, Failure>,
}

/// What one queue of a trigger that fires would publish.
#[derive(Clone, Debug)]
pub struct Rendering {
    /// The trigger's name.
    pub trigger: String,
    /// The queue's place in its trigger, from 0.
    pub queue: u32,
    /// The record as it would be published, addressed; or why it would not be.
    pub outcome: Result<Message, Failure>,
}

/// Why one trigger fires for an event, or does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The trigger's name.
    pub trigger: String,
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
pub struct Loaded {
    /// Every trigger of the set, in its order.
    pub triggers: Vec<LoadedTrigger>,
    /// Warnings only.
    pub diagnostics: Vec<Diagnostic>,
}

/// One trigger of a set that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadedTrigger {
    /// Its `name`, else its `id` as text, else its place in the set from 0.
    pub name: String,
    /// Whether it can fire at all.
    pub active: bool,
    /// The broker's name of each queue.
    pub queues: Vec<String>,
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
