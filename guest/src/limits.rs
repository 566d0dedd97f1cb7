//! What triggers may use.

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
            fuel: 250_000,
            call_fuel: 20_000_000,
            output_bytes: 2 << 20,
            records: 10_000,
            depth: 128,
            content_types: Vec::new(),
        }
    }
}
