//! Bounds on the sandbox and on the outbox, as a configuration gives them.

use std::{path::PathBuf, time::Duration};

use action_triggers_vocabulary::limits;

/// Most workers of an engine.
pub const MOST_WORKERS: usize = 1024;

/// Most bytes of an instance's linear memory: all that 32 bits reach.
pub const MOST_MEMORY: usize = match 1_usize.checked_shl(32) {
    Some(most) => most,
    None => usize::MAX,
};

/// Most bytes of an instance's stack; each worker has one.
pub const MOST_STACK: usize = 256 << 20;

/// Bounds on what the guest may use. The defaults suit events of a few
/// kilobytes and sets of a few thousand triggers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Most bytes of an instance's linear memory. 64 MiB; more than 4 GiB count as that.
    pub memory_bytes: usize,
    /// Most bytes of its stack. 1 MiB; more than 256 MiB count as that.
    pub stack_bytes: usize,
    /// Most CPU time of one call. 1 s.
    pub call_deadline: Duration,
    /// Most CPU time of making an instance and of loading the triggers. 30 s.
    pub load_deadline: Duration,
    /// Most events handed over in one call. 100.
    pub events_per_call: usize,
    /// Most bytes of one event. 1 MiB.
    pub event_bytes: usize,
    /// Most records that one call may publish. 10,000.
    pub records_per_call: u32,
    /// Most bytes of records that one call may publish. 32 MiB.
    pub record_bytes_per_call: usize,
    /// Most steps that one trigger may take for one event. 150,000.
    pub trigger_fuel: u64,
    /// Most steps of one call, all its events together. 20,000,000.
    pub call_fuel: u64,
    /// Most bytes that one trigger may write for one event. 2 MiB.
    pub output_bytes: u32,
    /// The deepest nesting of objects and arrays in an event. 128.
    pub event_depth: u32,
}

impl Limits {
    /// The same without more memory and stack than there can be.
    pub fn within_reach(mut self) -> Self {
        self.memory_bytes = self.memory_bytes.min(MOST_MEMORY);
        self.stack_bytes = self.stack_bytes.min(MOST_STACK);
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 64 << 20,
            stack_bytes: 1 << 20,
            call_deadline: Duration::from_secs(1),
            load_deadline: Duration::from_secs(30),
            events_per_call: 100,
            event_bytes: 1 << 20,
            records_per_call: limits::RECORDS,
            record_bytes_per_call: 32 << 20,
            trigger_fuel: limits::TRIGGER_FUEL,
            call_fuel: limits::CALL_FUEL,
            output_bytes: limits::OUTPUT_BYTES,
            event_depth: limits::DEPTH,
        }
    }
}

/// How long a record is known when it is sent again.
const DEDUP: Duration = Duration::from_hours(24);

/// Where an outbox on disk is, and what bounds it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutboxFile {
    /// The file; beside it stand others of the same name with `-wal`, `-shm` and
    /// `.lock` behind it.
    pub path: PathBuf,
    /// Most bytes of keys, headers and values that may wait.
    pub max_bytes: u64,
    /// How long a record whose event's id the caller gave is known when it is sent
    /// again.
    pub dedup: Duration,
    /// How long dead letters are kept.
    pub dead_age: Duration,
    /// Most bytes of dead letters that are kept; the oldest go first.
    pub dead_bytes: u64,
}

impl OutboxFile {
    /// An outbox in this file with the defaults: 10 GB, sent twice within 24 hours, dead
    /// letters for 14 days and up to 1 GB.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            max_bytes: 10_000_000_000,
            dedup: DEDUP,
            dead_age: Duration::from_hours(14 * 24),
            dead_bytes: 1_000_000_000,
        }
    }
}

/// How much an outbox in memory holds before accepting waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutboxLimits {
    /// Most records; at least one is always let in.
    pub records: usize,
    /// Most bytes of keys, headers and values. A record above it is let in once
    /// the outbox is empty.
    pub bytes: usize,
    /// How long one of several clusters may deliver nothing before a record that
    /// finds its share full is refused instead of waiting.
    pub stalled_after: Duration,
    /// How long a record whose event's id the caller gave is known when it is sent
    /// again: the last 100,000 of them.
    pub dedup: Duration,
}

impl OutboxLimits {
    /// So many records and bytes, 10 s, and sent twice within 24 hours.
    pub const fn new(records: usize, bytes: usize) -> Self {
        Self {
            records,
            bytes,
            stalled_after: Duration::from_secs(10),
            dedup: DEDUP,
        }
    }
}

impl Default for OutboxLimits {
    /// 10,000 records, 64 MiB, 10 s, and sent twice within 24 hours.
    fn default() -> Self {
        Self::new(10_000, 64 << 20)
    }
}
