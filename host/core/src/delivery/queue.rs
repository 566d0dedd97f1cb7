//! The records of a key, and the first ones of many.

use std::collections::{BTreeMap, VecDeque};

use super::pending::{Key, Pending};
use crate::{clock::Moment, cluster::Order};

/// The records of one ordering key, in order.
#[derive(Debug, Default)]
pub(super) struct KeyQueue {
    pub(super) waiting: VecDeque<Pending>,
    /// Records of the key in the POST under way; zero when there is none.
    pub(super) in_flight: usize,
    /// Records of the key that were given up and whose end the store does not have yet.
    pub(super) given_up: usize,
    /// Full runs in a row of which nothing had to go again.
    pub(super) streak: u32,
}

/// Under [`Order::Fast`] records of a key go one at a time until so many in a
/// row are delivered.
const TRUSTED_AFTER: u32 = 16;

impl KeyQueue {
    /// Whether none of the key may be sent: one of it is being sent, or the next process
    /// would send one again that was given up, after the one that is sent now.
    pub(super) fn is_held(&self) -> bool {
        self.in_flight > 0 || self.given_up > 0
    }

    /// Most records of the key in one POST.
    pub(super) fn run(&self, order: Order) -> usize {
        match order {
            Order::Strict => 1,
            Order::Fast => 1 << self.streak.saturating_sub(TRUSTED_AFTER - 1).min(16),
        }
    }
}

/// The first waiting record of a key that may be sent now.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) key: Key,
    pub(super) size: usize,
    pub(super) since: Moment,
    pub(super) deadline: Moment,
    pub(super) half_life: Moment,
}

/// Heads of one class in the order of acceptance; never empty.
#[derive(Debug, Default)]
pub(super) struct Heads {
    pub(super) by_number: BTreeMap<u64, Head>,
    pub(super) bytes: usize,
}

impl Heads {
    pub(super) fn insert(&mut self, number: u64, head: Head) {
        self.bytes += head.size;
        self.by_number.insert(number, head);
    }

    pub(super) fn oldest(&self) -> Option<(u64, &Head)> {
        let (number, head) = self.by_number.first_key_value()?;
        Some((*number, head))
    }
}
