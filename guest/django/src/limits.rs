//! Bounds on a rendering.

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
            fuel: 250_000,
            output_bytes: 2 << 20,
        }
    }
}
