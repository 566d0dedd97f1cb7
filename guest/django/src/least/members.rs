//! The least that a JSON object comes to some of whose members an event names: of members
//! of one name the last counts.

use std::{
    collections::{BTreeMap, BinaryHeap},
    rc::Rc,
};

/// A member as far as it is known before there is an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name.
    pub name: Name,
    /// The least bytes of its value.
    pub value: usize,
    /// Whether it is there.
    pub occurrence: Occurrence,
}

/// A member's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// None where an event makes it.
    pub text: Option<Rc<str>>,
    /// The least bytes of it, with its quotes.
    pub bytes: usize,
}

/// How often a member is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occurrence {
    /// Once.
    Once,
    /// Once or not at all.
    Perhaps,
    /// Any number of times.
    Repeated,
}

/// The least bytes of an object with these members, in their order.
pub fn object(members: &[Member]) -> usize {
    let fixed = fixed(members);
    if fixed.is_empty() {
        let sizes = members.iter().map(|one| one.name.bytes + 1 + one.value);
        let is_sure = |one: &Member| one.occurrence == Occurrence::Once;
        let any = members.iter().any(is_sure);
        return "{}".len() + sizes.min().filter(|_| any).unwrap_or(0);
    }
    let names = fixed.values().map(|one| one.name + ":".len());
    let values = least_values(members, &fixed);
    let commas = fixed.len() - 1;
    names.fold("{}".len() + values + commas, usize::saturating_add)
}

/// A name that is in the object whatever the event.
#[derive(Clone, Copy)]
struct Fixed {
    /// Which of the members has its value.
    index: usize,
    name: usize,
    value: usize,
}

fn fixed(members: &[Member]) -> BTreeMap<&str, Fixed> {
    let mut all: BTreeMap<&str, Fixed> = BTreeMap::new();
    for (index, member) in members.iter().enumerate() {
        let Some(text) = &member.name.text else {
            continue;
        };
        let (name, value) = (member.name.bytes, member.value);
        if member.occurrence == Occurrence::Once {
            let known = all.get(&**text).map_or(name, |known| known.name);
            let name = known.min(name);
            all.insert(text, Fixed { index, name, value });
        } else if let Some(known) = all.get_mut(&**text) {
            known.value = known.value.min(value);
            known.name = known.name.min(name);
        }
    }
    all
}

/// The values that are left if each name that an event makes is that of the longest value
/// before it.
fn least_values(members: &[Member], fixed: &BTreeMap<&str, Fixed>) -> usize {
    let mut longest = BinaryHeap::new();
    let mut sum: usize = 0;
    for (index, member) in members.iter().enumerate() {
        if let Some(text) = &member.name.text {
            let value = fixed.get(&**text).filter(|one| one.index == index);
            longest.extend(value.map(|one| one.value));
        } else if member.occurrence == Occurrence::Repeated {
            // Any of them may have the shortest value there is.
            sum += longest
                .drain()
                .map(|value| value.min("0".len()))
                .sum::<usize>();
        } else if longest.peek().is_some_and(|value| *value > member.value) {
            longest.pop();
            longest.push(member.value);
        }
    }
    longest.into_iter().fold(sum, usize::saturating_add)
}
