//! For how long a proxy has refused who we are, topic by topic: one of them may be
//! forbidden while others are written to.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::clock::Moment;

/// Refusals so far apart are not one: what was refused last night says nothing of today.
const APART: Duration = Duration::from_mins(5);

/// What the proxy refuses now.
#[derive(Debug, Default)]
pub(super) struct Refusals(Mutex<BTreeMap<String, Period>>);

#[derive(Clone, Copy, Debug)]
struct Period {
    since: Moment,
    last: Moment,
}

impl Refusals {
    /// Notes a refusal; says for how long it has been so.
    pub(super) fn note(&self, topic: &str, now: Moment) -> Duration {
        let mut refused = self.refused();
        let last = refused.get(topic).copied();
        let going_on = last.filter(|one| now.since(one.last) < APART);
        let since = going_on.map_or(now, |one| one.since);
        refused.insert(topic.to_owned(), Period { since, last: now });
        now.since(since)
    }

    /// Notes that the proxy took who we are for this topic.
    pub(super) fn end(&self, topic: &str) {
        self.refused().remove(topic);
    }

    /// Notes that we are somebody else now.
    pub(super) fn end_all(&self) {
        self.refused().clear();
    }

    fn refused(&self) -> MutexGuard<'_, BTreeMap<String, Period>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(refusals: &Refusals, topic: &str, seconds: u64) -> u64 {
        let now = Moment::from_millis(seconds * 1_000);
        refusals.note(topic, now).as_secs()
    }

    #[test]
    fn a_topic_is_refused_from_its_first_refusal_until_it_is_taken() {
        let refusals = Refusals::default();
        assert_eq!(note(&refusals, "a", 10), 0);
        assert_eq!(note(&refusals, "a", 17), 7);
        assert_eq!(note(&refusals, "b", 17), 0);
        refusals.end("b");
        assert_eq!(note(&refusals, "a", 20), 10, "another topic is taken");
        refusals.end("a");
        assert_eq!(note(&refusals, "a", 21), 0);
    }

    #[test]
    fn refusals_end_with_who_we_were_and_with_time() {
        let refusals = Refusals::default();
        note(&refusals, "a", 10);
        refusals.end_all();
        assert_eq!(note(&refusals, "a", 20), 0);
        assert_eq!(note(&refusals, "a", 319), 299);
        assert_eq!(note(&refusals, "a", 619), 0);
    }
}
