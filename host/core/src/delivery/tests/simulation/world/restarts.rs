//! Ends the process, with the power or without, and starts another one.

use std::collections::BTreeSet;

use super::{Backoff, Machine, Plant, Shares, World, cluster};

impl World {
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
