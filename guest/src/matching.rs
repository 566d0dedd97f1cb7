//! Which triggers an event concerns, found without asking each of them.

use std::collections::{BTreeMap, BTreeSet};

use action_triggers_vocabulary::Signal;

use crate::trigger::Trigger;

/// Active triggers by content type and signal.
#[derive(Debug, Default)]
pub(crate) struct Index {
    places: BTreeMap<Box<str>, BySignal>,
}

#[derive(Debug, Default)]
struct BySignal {
    pre_save: Vec<usize>,
    post_save: Vec<usize>,
    pre_delete: Vec<usize>,
    post_delete: Vec<usize>,
}

impl BySignal {
    fn of(&self, signal: Signal) -> &Vec<usize> {
        match signal {
            Signal::PreSave => &self.pre_save,
            Signal::PostSave => &self.post_save,
            Signal::PreDelete => &self.pre_delete,
            Signal::PostDelete => &self.post_delete,
        }
    }

    fn of_mut(&mut self, signal: Signal) -> &mut Vec<usize> {
        match signal {
            Signal::PreSave => &mut self.pre_save,
            Signal::PostSave => &mut self.post_save,
            Signal::PreDelete => &mut self.pre_delete,
            Signal::PostDelete => &mut self.post_delete,
        }
    }
}

impl Index {
    /// Indexes a set. Where there is a whitelist, only its content types may fire.
    pub(crate) fn new(triggers: &[Trigger], whitelist: &BTreeSet<String>) -> Self {
        let mut index = Self::default();
        for (place, trigger) in triggers.iter().enumerate() {
            if !trigger.active {
                continue;
            }
            for content_type in &trigger.content_types {
                if !whitelist.is_empty() && !whitelist.contains(&**content_type) {
                    continue;
                }
                let by_signal = index.places.entry(content_type.clone()).or_default();
                for signal in &trigger.signals {
                    by_signal.of_mut(*signal).push(place);
                }
            }
        }
        index
    }

    /// Places of the triggers that concern such an event, in the set's order.
    /// The content type is in its normal form.
    pub(crate) fn find(&self, signal: Signal, content_type: &str) -> &[usize] {
        self.places
            .get(content_type)
            .map_or(&[], |by_signal| by_signal.of(signal))
    }
}
