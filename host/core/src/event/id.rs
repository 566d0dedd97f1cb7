//! Ids of events that bring none.

use uuid::{Builder, Uuid};

/// Makes unique ids: UUIDs of version 7, in the order in which they are made.
/// The time and the random bits that a batch begins with are handed in.
#[derive(Clone, Debug)]
pub struct EventIds {
    next: u128,
}

impl EventIds {
    /// Begins at this time, in milliseconds since 1970, with these random bytes.
    pub fn new(unix_ms: u64, random: [u8; 10]) -> Self {
        Self {
            next: Builder::from_unix_timestamp_millis(unix_ms, &random)
                .into_uuid()
                .as_u128(),
        }
    }
}

impl EventIds {
    /// Whether an id is one of the next `count` that this makes.
    pub fn will_make(&self, id: &str, count: usize) -> bool {
        let id = id.parse().map_or(0, |id: Uuid| id.as_u128());
        let is_alike = id & !COUNTER == self.next & !COUNTER;
        let place = id.wrapping_sub(self.next) & COUNTER;
        is_alike && place < count as u128
    }
}

/// The lowest 62 bits of an id, which are random; above them stands the variant.
const COUNTER: u128 = (1 << 62) - 1;

impl Iterator for EventIds {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let id = Uuid::from_u128(self.next);
        let counter = (self.next & COUNTER).wrapping_add(1) & COUNTER;
        self.next = (self.next & !COUNTER) | counter;
        Some(id.to_string())
    }
}
