//! Looks back at a run.

use std::collections::{BTreeMap, BTreeSet};

use super::{Order, Violation, World};

impl World {
    pub(super) fn look_back(&self) -> Result<(), Violation> {
        if !self.accepted.keys().eq(self.store.ended.keys()) {
            return Err(Violation::Lost);
        }
        if !self.store.has_all_letters() {
            return Err(Violation::LetterLost);
        }
        if self.ids.values().any(|(ids, _)| ids.len() > 1) {
            return Err(Violation::AnotherId);
        }
        let written: BTreeSet<_> = self.proxy.log.iter().map(|(_, record)| *record).collect();
        for (record, end) in &self.store.ended {
            let is_written = written.contains(record);
            let may_deny = self.proxy.lied_about.contains(record);
            if end.is_delivered && !is_written {
                return Err(Violation::NotWritten);
            }
            if is_written && !end.admits_write && !may_deny {
                return Err(Violation::WrittenUnsaid);
            }
        }
        self.order()
    }

    /// Delivered records of a key were first written in the order accepted. Only
    /// under `fast` one that failed in the POST that wrote a later one comes after it.
    fn order(&self) -> Result<(), Violation> {
        let mut seen = BTreeSet::new();
        let mut earlier: BTreeMap<_, Vec<(u64, u64)>> = BTreeMap::new();
        for (post, record) in &self.proxy.log {
            let is_delivered = self
                .store
                .ended
                .get(record)
                .is_some_and(|end| end.is_delivered);
            if !is_delivered || !seen.insert(*record) {
                continue;
            }
            let before = earlier.entry(self.key(*record)).or_default();
            let may_overtake = |post: &u64| {
                self.terms.order == Order::Fast
                    && self
                        .missed
                        .get(post)
                        .is_some_and(|missed| missed.contains(record))
            };
            if before
                .iter()
                .any(|(post, other)| other > record && !may_overtake(post))
            {
                return Err(Violation::OutOfOrder);
            }
            before.push((*post, *record));
        }
        Ok(())
    }
}
