//! What triggers may use, unless somebody says otherwise.

/// Most steps that one trigger may take for one event.
pub const TRIGGER_FUEL: u64 = 150_000;

/// Most steps of a call, all its events together.
pub const CALL_FUEL: u64 = 20_000_000;

/// Most bytes that one trigger may write for one event: 2 MiB.
pub const OUTPUT_BYTES: u32 = 2 << 20;

/// Most records that a call may hand over.
pub const RECORDS: u32 = 10_000;

/// The deepest nesting of objects and lists in an event.
pub const DEPTH: u32 = 128;
