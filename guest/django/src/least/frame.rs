//! What of JSON text is open while it is read.

use super::{
    grammar::States,
    members::{Entry, Member, Name, Occurrence, object},
};

/// A list or an object that is open, or the whole text.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) is_object: bool,
    /// What JSON may have next.
    pub(super) states: States,
    /// An object's members that ended.
    pub(super) entries: Vec<Entry>,
    /// The bytes of a list's items that ended, with their commas.
    pub(super) items: usize,
    pub(super) part: Part,
}

/// The member, item or text that is being read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Part {
    /// A string that is a name if a colon follows.
    pub(super) string: Option<Name>,
    pub(super) name: Option<Name>,
    pub(super) bytes: usize,
    /// Whether an item ended before it, so that it must be something.
    pub(super) is_due: bool,
    /// Whether it is the rest of members that differ by branches and were told.
    pub(super) is_told: bool,
}

impl Frame {
    /// The whole text.
    pub(super) fn whole() -> Self {
        Self {
            states: States::WHOLE,
            ..Self::begun(false)
        }
    }

    /// A list or an object that begins.
    pub(super) fn begun(is_object: bool) -> Self {
        Self {
            is_object,
            states: States::of_begun(is_object),
            entries: Vec::new(),
            items: 0,
            part: Part::default(),
        }
    }

    /// What was read so far is the member's name: a string, or what an event gives.
    pub(super) fn take_name(&mut self) {
        let bytes = std::mem::take(&mut self.part.bytes) + "\"\"".len();
        let made = Name { text: None, bytes };
        self.part.name = Some(self.part.string.take().unwrap_or(made));
    }

    pub(super) fn end_of_part(&mut self, is_repeated: bool) {
        let part = std::mem::take(&mut self.part);
        if !self.is_object {
            let item = part.bytes.max("0".len()) + ",".len();
            self.items = self.items.saturating_add(item);
        } else if let Some(name) = part.name.filter(|_| !part.is_told) {
            let occurrence = match &name.text {
                None if is_repeated => Occurrence::Repeated,
                _ => Occurrence::Once,
            };
            self.entries.push(Entry::Member(Member {
                name,
                value: part.bytes.max("0".len()),
                occurrence,
            }));
        }
    }

    /// The least bytes of it when it is closed.
    pub(super) fn bytes(mut self, is_repeated: bool) -> usize {
        if self.is_object {
            self.end_of_part(is_repeated);
            return object(&self.entries);
        }
        let last = self.part.bytes.max(usize::from(self.part.is_due));
        "[]".len().saturating_add(self.items).saturating_add(last)
    }
}
