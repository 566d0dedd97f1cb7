//! Dead letters: what was given up, and why.

use std::collections::BTreeSet;

use crate::{
    outcome::{FailedEvent, FailedQueue, Failure, Missing},
    record::StoredRecord,
};

/// A queue whose record has the name of one that was published before and was another.
const REUSED: &str = "event_id_reused";
const REUSED_BEFORE: &str = "the event's id was used before for another record of this trigger \
                             and queue";

/// Why and when a record was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Death {
    /// Stable, such as `time_to_live_exceeded`.
    pub code: String,
    /// For a person.
    pub message: String,
    /// How often it was sent.
    pub attempts: u32,
    /// What the last attempt came to, if one failed.
    pub last_answer: Option<String>,
    /// When, in milliseconds since 1970.
    pub died_ms: u64,
}

/// A record that was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeadLetter {
    /// The number that it had.
    pub number: u64,
    /// The record.
    pub record: StoredRecord,
    /// Why and when it was given up.
    pub death: Death,
}

/// An event of which something failed, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredEvent {
    /// Whose triggers it met.
    pub tenant: String,
    /// The event, and what of it failed.
    pub event: FailedEvent,
    /// How often it was decided.
    pub attempts: u32,
    /// When it was accepted, in milliseconds since 1970.
    pub accepted_ms: u64,
    /// When something of it failed last, in milliseconds since 1970.
    pub died_ms: u64,
}

impl StoredEvent {
    /// An event of which something failed for the first time.
    pub(crate) fn new(event: FailedEvent, now_ms: u64) -> Self {
        Self {
            tenant: String::new(),
            event,
            attempts: 1,
            accepted_ms: now_ms,
            died_ms: now_ms,
        }
    }

    /// The same event after it was decided again.
    pub(crate) fn again(self, event: FailedEvent, now_ms: u64) -> Self {
        Self {
            event,
            attempts: self.attempts.saturating_add(1),
            died_ms: now_ms,
            ..self
        }
    }

    /// Whether it is the same event, sent again.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let (one, other_event) = (&self.event, &other.event);
        one.id_is_given
            && other_event.id_is_given
            && self.tenant == other.tenant
            && one.id == other_event.id
            && one.text == other_event.text
    }
}

/// An event that was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeadEvent {
    /// Its number, among those of records.
    pub number: u64,
    /// The event.
    pub stored: StoredEvent,
}

/// What an event that was given up came to when it was decided again.
#[derive(Clone, Debug)]
pub(crate) struct Redecided {
    /// The event's number.
    pub(crate) number: u64,
    /// What it publishes.
    pub(crate) records: Vec<StoredRecord>,
    /// The event as it stays a dead letter, where something of it failed again.
    pub(crate) left: Option<FailedEvent>,
}

impl Redecided {
    /// The event as it stays a dead letter once the store has said of each of its records
    /// whether it has the name of another one: then that has failed too.
    pub(super) fn left_beside(
        &self,
        stored: &StoredEvent,
        is_reused: impl IntoIterator<Item = bool>,
    ) -> Option<FailedEvent> {
        let mut left = self.left.clone();
        let records = self.records.iter().zip(is_reused);
        for (record, _) in records.filter(|(_, is_reused)| *is_reused) {
            let failure = Failure::new(REUSED, REUSED_BEFORE);
            let failed = FailedQueue::new(&*record.trigger, record.queue, failure);
            match left.as_mut().map(|left| &mut left.missing) {
                Some(Missing::Queues(queues)) => queues.push(failed),
                // Then nothing of it was published.
                Some(Missing::Event(_)) => {}
                None => {
                    let mut event = stored.event.clone();
                    event.missing = Missing::Queues(vec![failed]);
                    left = Some(event);
                }
            }
        }
        left
    }
}

/// What became of dead letters that were tried again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Replayed {
    /// Records that wait again.
    pub records: u64,
    /// Events that were decided again.
    pub events: u64,
    /// Those of them of which something failed again: they stay dead letters.
    pub failed: u64,
}

/// The tenants and ids of events.
pub(super) type EventNames = BTreeSet<(String, String)>;

/// Which letters are meant; all, unless something is asked of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Filter {
    /// Under this number.
    pub number: Option<u64>,
    /// Of this tenant.
    pub tenant: Option<String>,
    /// Of this trigger.
    pub trigger: Option<String>,
    /// For this topic.
    pub topic: Option<String>,
    /// Given up with this code.
    pub code: Option<String>,
    /// Accepted at this time or later, in milliseconds since 1970.
    pub since_ms: Option<u64>,
    /// Accepted before this time, in milliseconds since 1970.
    pub until_ms: Option<u64>,
    /// Of the event with this id.
    pub event: Option<String>,
    /// At most so many, the oldest; records before events.
    pub limit: Option<usize>,
    /// No records of these events.
    pub(super) without: EventNames,
}

impl Filter {
    /// Whether nothing is asked.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Leaves out the records of this event: they go with it.
    pub fn leave_out(&mut self, event: &StoredEvent) {
        let name = (event.tenant.clone(), event.event.id.clone());
        self.without.insert(name);
    }

    /// Whether a record passes, its place among others aside; `code` is why it was
    /// given up, if it was.
    pub fn passes(&self, record: &StoredRecord, code: Option<&str>) -> bool {
        self.passes_all(&record.tenant, &record.event, record.accepted_ms)
            && is(self.trigger.as_ref(), &record.trigger)
            && is(self.topic.as_ref(), &record.topic)
            && !self.leaves_out(record)
            && self
                .code
                .as_deref()
                .is_none_or(|wanted| code == Some(wanted))
    }

    /// Whether an event passes, its place among others aside. It passes as one of a
    /// trigger or a code where one of its queues does, and as one of a topic never.
    pub fn passes_event(&self, stored: &StoredEvent) -> bool {
        let queues = stored.event.missing.queues();
        let is_code = |wanted: &String| {
            let failures = queues.iter().map(|queue| &queue.failure);
            let mut failures = failures.chain(stored.event.missing.failure());
            failures.any(|failure| failure.code == *wanted)
        };
        let is_trigger = |wanted: &String| queues.iter().any(|queue| *queue.trigger == **wanted);
        self.passes_all(&stored.tenant, &stored.event.id, stored.accepted_ms)
            && self.topic.is_none()
            && self.trigger.as_ref().is_none_or(is_trigger)
            && self.code.as_ref().is_none_or(is_code)
    }

    fn leaves_out(&self, record: &StoredRecord) -> bool {
        let name = || (record.tenant.clone(), record.event.clone());
        !self.without.is_empty() && self.without.contains(&name())
    }

    /// What is asked of records and events alike.
    fn passes_all(&self, tenant: &str, event: &str, accepted_ms: u64) -> bool {
        is(self.tenant.as_ref(), tenant)
            && is(self.event.as_ref(), event)
            && self.since_ms.is_none_or(|since| accepted_ms >= since)
            && self.until_ms.is_none_or(|until| accepted_ms < until)
    }
}

/// Whether a text is the one that is wanted, if one is.
fn is(wanted: Option<&String>, text: &str) -> bool {
    wanted.is_none_or(|wanted| wanted == text)
}
