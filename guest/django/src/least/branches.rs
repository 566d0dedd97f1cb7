//! The least of the branches of a tag, where each goes on with the same JSON text.

use super::{
    frame::{Frame, Part},
    grammar::States,
    members::{Entry, Name},
};
use crate::json_text::Position;

/// A string that is being read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Text {
    /// As it is written; kept for names alone.
    pub(super) raw: String,
    pub(super) is_made: bool,
    pub(super) bytes: usize,
}

/// What a branch begins with, or ends with.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub(super) position: Position,
    pub(super) text: Text,
    pub(super) part: Part,
    pub(super) items: usize,
    pub(super) states: States,
    pub(super) is_broken: bool,
}

/// The least of the branches: where each of them ends, and its own entries.
pub(super) fn joined(
    mut ends: Vec<(State, Vec<Entry>)>,
    is_repeated: bool,
) -> Option<(State, Vec<Entry>)> {
    let (first, _) = ends.first()?;
    let (name, is_told) = (first.part.name.clone(), first.part.is_told);
    let differs = |(end, _): &(State, _)| end.part.name != name || end.part.is_told != is_told;
    if ends.iter().any(differs) {
        for (end, entries) in &mut ends {
            end.tell(entries, is_repeated);
        }
    }
    let (states, mut entries): (Vec<_>, Vec<_>) = ends.into_iter().unzip();
    let mut states = states.into_iter();
    let first = states.next()?;
    let state = states.try_fold(first, State::or)?;
    if entries.iter().all(Vec::is_empty) {
        entries.clear();
    }
    let branches = (!entries.is_empty()).then_some(Entry::Branches(entries));
    Some((state, branches.into_iter().collect()))
}

impl State {
    /// Counts a member before it ends: what follows can only make it longer.
    fn tell(&mut self, entries: &mut Vec<Entry>, is_repeated: bool) {
        if let Some(name) = self.part.name.clone() {
            let mut frame = Frame::begun(true);
            frame.part = std::mem::take(&mut self.part);
            frame.end_of_part(is_repeated);
            entries.append(&mut frame.entries);
            self.part.name = Some(Name { text: None, ..name });
        }
        self.part.is_told = true;
    }

    /// The least of two.
    fn or(self, other: Self) -> Option<Self> {
        if self.position != other.position {
            return None;
        }
        let string = match (self.part.string, other.part.string) {
            (None, None) => None,
            (Some(one), Some(other)) => Some(Name {
                text: one.text.filter(|text| other.text.as_ref() == Some(text)),
                bytes: one.bytes.min(other.bytes),
            }),
            _ => return None,
        };
        let (items, bytes) = least_of_lists(
            (self.items, self.part.bytes),
            (other.items, other.part.bytes),
        );
        Some(Self {
            position: self.position,
            text: Text {
                bytes: self.text.bytes.min(other.text.bytes),
                ..self.text
            },
            part: Part {
                string,
                name: self.part.name,
                bytes,
                is_due: self.part.is_due && other.part.is_due,
                is_told: self.part.is_told,
            },
            items,
            states: self.states.or(other.states),
            is_broken: false,
        })
    }
}

/// The least of two lists: the bytes of the items that ended, and of the one that is being
/// read. Of that one as much counts as may: it is one byte or more in any case.
fn least_of_lists(one: (usize, usize), other: (usize, usize)) -> (usize, usize) {
    let sum = |(items, part): (usize, usize)| items.saturating_add(part);
    let least = sum(one).min(sum(other));
    let part = one.1.max(other.1).min(least);
    (least - part, part)
}
