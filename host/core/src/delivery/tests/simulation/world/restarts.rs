//! Ends the process, with the power or without, and starts another one.

use std::{collections::BTreeSet, time::Duration};

use super::{Backoff, Machine, Plant, Shares, World, cluster};

impl World {
    /// The process is to be killed within so many milliseconds.
    pub(super) fn kill_within(&mut self, most_ms: u64, is_powerless: bool) {
        let after = Duration::from_millis(1 + self.random.below(most_ms));
        self.kills.push_back((self.now.after(after), is_powerless));
        self.kills.make_contiguous().sort_unstable();
    }

    /// The process is gone, with the power or without, and another one goes on with what
    /// the store holds. POSTs under way reach the proxy or not.
    pub(super) fn kill(&mut self, is_powerless: bool) {
        let in_flight: BTreeSet<_> = self.in_flight().collect();
        self.sync = None;
        self.ending.clear();
        self.store.restart(is_powerless, &mut self.random);
        if self.plant != Plant::ForgetsDoubts {
            // A store marks, at the start after, whatever the process may have taken on.
            for stored in self.store.waiting.values_mut() {
                stored.ticket.may_be_written = true;
            }
        }
        for (_, number) in std::mem::take(&mut self.running).into_keys() {
            if self.random.below(2) == 0 {
                self.writes.retain(|(_, other), _| *other != number);
            }
        }
        self.machine = Machine::new(Backoff::seeded(self.random.next()));
        self.shares = Shares::new(self.limits, true);
        self.roomy.clear();
        self.held = None;
        for (number, stored) in self.store.waiting.clone() {
            let size = (1, stored.ticket.size);
            self.shares.add(&cluster(&stored.topic), size, self.now);
            self.roomy.insert(number);
            self.accepted
                .entry(number)
                .or_insert_with(|| stored.clone());
            if !(in_flight.contains(&number) && self.plant == Plant::ForgetsWhatWasInFlight) {
                self.accept(stored);
            }
        }
    }
}
