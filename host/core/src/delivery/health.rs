//! How well POSTs to a topic go that share a timeout.

use super::backoff::Backoff;
use crate::{
    clock::Moment,
    verdict::{Reason, Verdict},
};

/// How the last POSTs went.
#[derive(Debug)]
pub(super) struct Health {
    /// POSTs in a row of which nothing was written.
    pub(super) failures: u32,
    pub(super) paused_until: Option<Moment>,
    /// Most records in a POST while it recovers.
    pub(super) window: usize,
    pub(super) in_flight: usize,
    /// Why a record was last not written.
    pub(super) last: Option<Reason>,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            failures: 0,
            paused_until: None,
            window: usize::MAX,
            in_flight: 0,
            last: None,
        }
    }
}

impl Health {
    pub(super) fn is_paused(&self, now: Moment) -> bool {
        self.paused_until.is_some_and(|until| now < until)
    }

    /// Learns from the verdicts on one POST.
    pub(super) fn note(&mut self, verdicts: &[Verdict], now: Moment, backoff: &mut Backoff) {
        let reasons = || verdicts.iter().filter_map(failure);
        self.last = reasons().next_back().cloned().or(self.last.take());
        if reasons().count() < verdicts.len() {
            self.failures = 0;
            self.paused_until = None;
            if reasons().next().is_none() {
                self.window = self.window.saturating_mul(2);
            }
        } else if reasons().any(|reason| reason.retry_after.is_some()) {
            // The cluster pauses, and that is no fault of the topic.
        } else if !self.is_paused(now) {
            // POSTs that were under way together fail together: that counts once.
            self.failures += 1;
            self.window = 1;
            self.paused_until = Some(now.after(backoff.wait(self.failures)));
        }
    }
}

/// Why the record has to be tried again later, if so.
pub(super) fn failure(verdict: &Verdict) -> Option<&Reason> {
    match verdict {
        Verdict::Retriable(reason) | Verdict::Unknown(reason) => Some(reason),
        Verdict::Delivered { .. } | Verdict::Permanent(_) | Verdict::Alone(_) => None,
    }
}
