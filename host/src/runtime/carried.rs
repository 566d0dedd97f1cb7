//! Headers that events bring for their records.

use std::{collections::BTreeMap, sync::Arc};

use crate::record::Header;

/// What the events of a call bring.
#[derive(Clone, Debug, Default)]
pub(super) struct Carried {
    /// All of them together.
    all: Arc<[Header]>,
    /// One of them, by its id.
    of: BTreeMap<String, Vec<Header>>,
}

impl Carried {
    /// Adds headers of all events.
    pub(super) fn add(&mut self, headers: impl IntoIterator<Item = Header>) {
        self.all = self.all.iter().cloned().chain(headers).collect();
    }

    /// Adds headers of the event with this id.
    pub(super) fn add_of(&mut self, event: String, headers: impl IntoIterator<Item = Header>) {
        self.of.entry(event).or_default().extend(headers);
    }

    /// The headers of an event, its own first.
    pub(super) fn of(&self, event: &str) -> Arc<[Header]> {
        match self.of.get(event) {
            Some(own) => own.iter().chain(&*self.all).cloned().collect(),
            // Most events bring nothing of their own, and share what there is.
            None => Arc::clone(&self.all),
        }
    }
}
