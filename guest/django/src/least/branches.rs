//! The least of the branches of a tag, where each goes on with the same JSON text.

use std::{collections::BTreeMap, rc::Rc};

use super::{
    frame::{Frame, Part},
    members::{Member, Name, Occurrence},
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
    pub(super) is_broken: bool,
}

/// The least of the branches: where each of them ends, and its own members.
pub(super) fn joined(
    mut ends: Vec<(State, Vec<Member>)>,
    is_repeated: bool,
) -> Option<(State, Vec<Member>)> {
    let (first, _) = ends.first()?;
    let (name, is_told) = (first.part.name.clone(), first.part.is_told);
    let differs = |(end, _): &(State, _)| end.part.name != name || end.part.is_told != is_told;
    if ends.iter().any(differs) {
        for (end, members) in &mut ends {
            end.tell(members, is_repeated)?;
        }
    }
    let (states, members): (Vec<_>, Vec<_>) = ends.into_iter().unzip();
    let mut states = states.into_iter();
    let first = states.next()?;
    let state = states.try_fold(first, State::or)?;
    Some((state, common(members)))
}

impl State {
    /// Counts a member before it ends: what follows can only make it longer.
    fn tell(&mut self, members: &mut Vec<Member>, is_repeated: bool) -> Option<()> {
        let name = self.part.name.clone()?;
        let mut frame = Frame {
            is_object: true,
            part: std::mem::take(&mut self.part),
            ..Frame::default()
        };
        frame.end_of_part(is_repeated);
        members.append(&mut frame.members);
        self.part.name = Some(Name { text: None, ..name });
        self.part.is_told = true;
        Some(())
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
        Some(Self {
            position: self.position,
            text: Text {
                bytes: self.text.bytes.min(other.text.bytes),
                ..self.text
            },
            part: Part {
                string,
                name: self.part.name,
                bytes: self.part.bytes.min(other.part.bytes),
                is_due: self.part.is_due && other.part.is_due,
                is_told: self.part.is_told,
            },
            items: self.items.min(other.items),
            is_broken: false,
        })
    }
}

/// The members that all branches have, with the least of their values, and those that
/// some have.
fn common(branches: Vec<Vec<Member>>) -> Vec<Member> {
    let count = branches.len();
    // Of each name: the branch that had it last, and how many had it.
    let mut known: BTreeMap<Rc<str>, (usize, usize, Member)> = BTreeMap::new();
    let mut made = Vec::new();
    for (branch, members) in (1..).zip(branches) {
        for mut member in members {
            let is_sure = member.occurrence == Occurrence::Once;
            if is_sure {
                member.occurrence = Occurrence::Perhaps;
            }
            let Some(text) = member.name.text.clone() else {
                made.push(member);
                continue;
            };
            let (value, bytes) = (member.value, member.name.bytes);
            let (last, had, known) = known.entry(text).or_insert((0, 0, member));
            if is_sure && *last != branch {
                (*last, *had) = (branch, *had + 1);
            }
            known.value = known.value.min(value);
            known.name.bytes = known.name.bytes.min(bytes);
        }
    }
    let known = known.into_values().map(|(_, had, mut member)| {
        if had == count {
            member.occurrence = Occurrence::Once;
        }
        member
    });
    known.chain(made).collect()
}
