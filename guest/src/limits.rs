//! What triggers may use.

use action_triggers_vocabulary::limits;

/// Bounds on what triggers may use. A step is roughly one tag or loop
/// round of a template, or 64 bytes read or written; filters and comparisons take more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most steps that one trigger may take for one event: its condition,
    /// payload and record together.
    pub fuel: u64,
    /// Most steps of a call, all its events together.
    pub call_fuel: u64,
    /// Most bytes that one trigger may write for one event.
    pub output_bytes: u32,
    /// Most records that a call may hand over.
    pub records: u32,
    /// The deepest nesting of objects and arrays in an event's text.
    pub depth: u32,
    /// The only content types that may fire, as `app_label.model`; none allows all.
    pub content_types: Vec<String>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            fuel: limits::TRIGGER_FUEL,
            call_fuel: limits::CALL_FUEL,
            output_bytes: limits::OUTPUT_BYTES,
            records: limits::RECORDS,
            depth: limits::DEPTH,
            content_types: Vec::new(),
        }
    }
}
