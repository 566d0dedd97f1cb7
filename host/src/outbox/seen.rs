//! What is known of records whose events' ids callers gave, so that one that is sent
//! again is told from a new one.

use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};

use sha2::{Digest as _, Sha256};

use super::store::Appended;
use crate::record::StoredRecord;

/// Most names that are known in memory, the newest: they and what they stood for take 11 MB
/// at most.
pub(super) const MOST_NAMES: usize = 100_000;

/// What a name stood for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    /// Of what is written, and to which topic.
    pub(super) digest: [u8; 32],
    /// When the record was accepted, in milliseconds since 1970.
    pub(super) accepted_ms: u64,
}

impl Seen {
    /// What a record's name stands for.
    pub(super) fn of(record: &StoredRecord) -> Self {
        let parts = [
            Some(record.topic.as_bytes()),
            record.record.key.as_deref(),
            record.record.value.as_deref(),
        ];
        Self {
            digest: digest(&parts),
            accepted_ms: record.accepted_ms,
        }
    }

    /// What a later record of the same name is; none where this one was accepted so long
    /// before that it does not count any more.
    pub(super) fn meet(&self, later: &Self, dedup: Duration) -> Option<Appended> {
        if self.is_over(dedup, later.accepted_ms) {
            None
        } else if self.digest == later.digest {
            Some(Appended::Duplicate)
        } else {
            Some(Appended::Reused)
        }
    }

    fn is_over(&self, dedup: Duration, now_ms: u64) -> bool {
        let dedup = u64::try_from(dedup.as_millis()).unwrap_or(u64::MAX);
        self.accepted_ms.saturating_add(dedup) <= now_ms
    }
}

/// A digest of parts, some of which may be missing.
fn digest(parts: &[Option<&[u8]>]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        // Lengths keep the parts apart; what is missing has one that no bytes have.
        let length = part.map_or(u64::MAX, |part| part.len() as u64);
        hasher.update(length.to_le_bytes());
        hasher.update(part.unwrap_or_default());
    }
    hasher.finalize().into()
}

/// A record's name (tenant, event, trigger and queue) in few bytes: two of them that are the
/// same by chance are not to be expected.
type Name = [u8; 16];

/// A record's name and what it stands for, to be remembered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named {
    name: Name,
    seen: Seen,
}

impl Named {
    /// A record whose name counts; none of others, and none where no name does.
    pub(super) fn of(record: &StoredRecord, dedup: Duration) -> Option<Self> {
        if !record.id_is_given || dedup.is_zero() {
            return None;
        }
        let queue = record.queue.to_le_bytes();
        let [tenant, event, trigger] =
            [&record.tenant, &record.event, &record.trigger].map(|text| Some(text.as_bytes()));
        let digest = digest(&[tenant, event, trigger, Some(&queue)]);
        Some(Self {
            name: *digest.first_chunk()?,
            seen: Seen::of(record),
        })
    }
}

/// The names of the records that were accepted last, in memory.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// How long a name is known; not at all where this is nothing.
    dedup: Duration,
    /// What each name stands for, and its place in the order.
    known: HashMap<Name, (u64, Seen)>,
    /// In the order of acceptance.
    order: VecDeque<Name>,
    /// The place of the first one of them.
    first: u64,
}

impl Names {
    pub(super) fn new(dedup: Duration) -> Self {
        Self {
            dedup,
            ..Self::default()
        }
    }

    /// What a record is to those of its name before; none where it is new, and known from
    /// now on.
    pub(super) fn meet(&mut self, named: &Named) -> Option<Appended> {
        let Named { name, seen } = named;
        let known = self.known.get(name);
        let met = known.and_then(|(_, known)| known.meet(seen, self.dedup));
        if met.is_none() {
            let place = self.first + self.order.len() as u64;
            self.known.insert(*name, (place, *seen));
            self.order.push_back(*name);
            self.forget(seen.accepted_ms);
        }
        met
    }

    /// Forgets a record's name: what it stood for is not kept any more.
    pub(super) fn drop(&mut self, record: &StoredRecord) {
        if let Some(named) = Named::of(record, self.dedup) {
            self.known.remove(&named.name);
        }
    }

    /// Forgets the oldest names, where they are too old or too many.
    fn forget(&mut self, now_ms: u64) {
        while let Some(name) = self.order.front() {
            // A name that came again has a later place too.
            let known = self
                .known
                .get(name)
                .filter(|(place, _)| *place == self.first);
            let is_young = known.is_some_and(|(_, seen)| !seen.is_over(self.dedup, now_ms));
            if is_young && self.order.len() <= MOST_NAMES {
                return;
            }
            if known.is_some() {
                self.known.remove(name);
            }
            self.order.pop_front();
            self.first += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    fn given(event: &str, accepted_ms: u64) -> StoredRecord {
        let mut record = StoredRecord::default();
        record.event = event.to_owned();
        record.id_is_given = true;
        record.accepted_ms = accepted_ms;
        record
    }

    fn meet(names: &mut Names, event: &str, accepted_ms: u64) -> Option<Appended> {
        let record = Named::of(&given(event, accepted_ms), names.dedup);
        names.meet(&record.unwrap())
    }

    #[test]
    fn the_oldest_names_are_forgotten_first_and_each_is_known_once() {
        let mut names = Names::new(DAY);
        for event in 0..=MOST_NAMES {
            assert_eq!(meet(&mut names, &event.to_string(), 1), None);
        }
        assert_eq!(names.known.len(), MOST_NAMES);
        assert_eq!(names.order.len(), MOST_NAMES);
        let duplicate = Some(Appended::Duplicate);
        assert_eq!(meet(&mut names, "1", 1), duplicate);
        assert_eq!(meet(&mut names, "0", 1), None, "it was the oldest");
        assert_eq!(meet(&mut names, "1", 1), None, "it was the next one");
        names.drop(&given("1", 1));
        assert_eq!(meet(&mut names, "1", 1), None);
        let later = 2 + u64::try_from(DAY.as_millis()).unwrap();
        assert_eq!(meet(&mut names, "0", later), None);
        assert_eq!((names.known.len(), names.order.len()), (1, 1));
    }

    #[test]
    fn a_clock_that_goes_back_forgets_no_name_twice() {
        let hour = 3_600_000;
        let mut names = Names::new(Duration::from_hours(1));
        for (event, hours) in [("a", 5), ("b", 1), ("b", 3), ("c", 4)] {
            assert_eq!(meet(&mut names, event, hours * hour), None, "{event}");
        }
        let again = meet(&mut names, "a", 5 * hour);
        assert_eq!(again, Some(Appended::Duplicate));
        assert_eq!(meet(&mut names, "d", 7 * hour), None);
        assert_eq!((names.known.len(), names.order.len()), (1, 1));
    }
}
