//! What of JSON text is open while it is read.

use super::members::{Member, Name, Occurrence, object};

/// A list or an object that is open, or the whole text.
#[derive(Debug, Default)]
pub(super) struct Frame {
    pub(super) is_object: bool,
    /// An object's members that ended.
    pub(super) members: Vec<Member>,
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
    /// The string was a name; whether there was one.
    pub(super) fn take_name(&mut self) -> bool {
        self.part.name = self.part.string.take();
        self.part.name.is_some()
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
            self.members.push(Member {
                name,
                value: part.bytes.max("0".len()),
                occurrence,
            });
        }
    }

    /// The least bytes of it when it is closed.
    pub(super) fn bytes(mut self, is_repeated: bool) -> usize {
        if self.is_object {
            self.end_of_part(is_repeated);
            return object(&self.members);
        }
        let last = self.part.bytes.max(usize::from(self.part.is_due));
        "[]".len().saturating_add(self.items).saturating_add(last)
    }
}
