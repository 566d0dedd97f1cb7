//! Bounds on a rendering.

use action_triggers_vocabulary::limits;

/// What bounds the rendering of one template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Steps of the machine.
    pub fuel: u64,
    /// Bytes of output; also of each string that a filter makes.
    pub output_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            fuel: limits::TRIGGER_FUEL,
            output_bytes: usize::try_from(limits::OUTPUT_BYTES).unwrap_or(usize::MAX),
        }
    }
}
