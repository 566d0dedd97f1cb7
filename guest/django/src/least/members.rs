//! The least that a JSON object comes to some of whose members an event names: of members
//! of one name the last counts.

use std::{
    collections::{BTreeMap, BTreeSet, BinaryHeap},
    rc::Rc,
};

/// What an object has in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A member.
    Member(Member),
    /// One of these branches, each with its own entries.
    Branches(Vec<Vec<Entry>>),
}

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

/// The least bytes of an object with these entries, in their order.
pub fn object(entries: &[Entry]) -> usize {
    let mut made = Vec::new();
    walk(entries, &mut |member| {
        if member.name.text.is_none() {
            let is_repeated = member.occurrence == Occurrence::Repeated;
            made.push(if is_repeated { "0".len() } else { member.value });
        }
    });
    // A name that an event makes may be any of them.
    let most = made.into_iter().min().unwrap_or(usize::MAX);
    let bytes = Sum {
        decided: BTreeSet::new(),
        most,
    }
    .of(entries, true);
    let least = if bytes == 0 && is_sure(entries) {
        let mut least = usize::MAX;
        walk(entries, &mut |member| {
            least = least.min(member.name.bytes + ":".len() + member.value);
        });
        least
    } else {
        bytes.saturating_sub(",".len())
    };
    "{}".len().saturating_add(least)
}

fn walk<'a>(entries: &'a [Entry], visit: &mut impl FnMut(&'a Member)) {
    for entry in entries {
        match entry {
            Entry::Member(member) => visit(member),
            Entry::Branches(branches) => {
                for branch in branches {
                    walk(branch, visit);
                }
            }
        }
    }
}

/// Whether some member is there, whatever the event.
fn is_sure(entries: &[Entry]) -> bool {
    entries.iter().any(|entry| match entry {
        Entry::Member(member) => member.occurrence == Occurrence::Once,
        Entry::Branches(branches) => branches.iter().all(|branch| is_sure(branch)),
    })
}

/// Adds up members, each with a colon and a comma.
struct Sum<'a> {
    /// The names that count elsewhere: they are in several places, further out.
    decided: BTreeSet<&'a str>,
    /// The most that a value in a branch counts.
    most: usize,
}

impl<'a> Sum<'a> {
    /// The least that these entries come to. Only in the object itself is it known which
    /// values a name that an event makes may replace.
    fn of(&mut self, entries: &'a [Entry], is_object: bool) -> usize {
        let shared: Vec<_> = self.shared(entries);
        let counted: BTreeSet<_> = shared.iter().copied().collect();
        let members = self.members(entries, &counted, is_object);
        let fixed = fixed(&members);
        let values = if is_object {
            least_values(&members, &fixed)
        } else {
            let values = fixed.values().map(|one| one.value.min(self.most));
            values.fold(0, usize::saturating_add)
        };
        let names = fixed.values().map(|one| one.name + ":,".len());
        let own = names.fold(values, usize::saturating_add);
        self.decided.extend(&shared);
        let branches = entries.iter().map(|entry| match entry {
            Entry::Member(_) => 0,
            Entry::Branches(branches) => {
                let branches = branches.iter().map(|branch| self.of(branch, false));
                branches.min().unwrap_or(0)
            }
        });
        let sum = branches.fold(own, usize::saturating_add);
        for name in shared {
            self.decided.remove(name);
        }
        sum
    }

    /// The names that are in several of the entries.
    fn shared(&self, entries: &'a [Entry]) -> Vec<&'a str> {
        // Of each name the last entry that has it, and whether another one does.
        let mut homes: BTreeMap<&str, (usize, bool)> = BTreeMap::new();
        for (place, entry) in entries.iter().enumerate() {
            walk(std::slice::from_ref(entry), &mut |member| {
                let Some(text) = member.name.text.as_deref() else {
                    return;
                };
                let (last, is_shared) = homes.entry(text).or_insert((place, false));
                *is_shared |= *last != place;
                *last = place;
            });
        }
        let shared = homes.into_iter().filter(|(_, (_, is_shared))| *is_shared);
        let shared = shared.map(|(name, _)| name);
        shared.filter(|name| !self.decided.contains(name)).collect()
    }

    /// The members that count here: those of the entries themselves, those of branches whose
    /// names are shared, and those that an event names.
    fn members(
        &self,
        entries: &'a [Entry],
        shared: &BTreeSet<&str>,
        is_object: bool,
    ) -> Vec<Member> {
        let mut members = Vec::new();
        for entry in entries {
            match entry {
                Entry::Member(member) => {
                    let text = member.name.text.as_deref();
                    if !text.is_some_and(|text| self.decided.contains(text)) {
                        members.push(member.clone());
                    }
                }
                Entry::Branches(_) if shared.is_empty() && !is_object => {}
                Entry::Branches(branches) => {
                    let branches = branches.iter().map(|branch| flat(branch));
                    let mut common = common(branches.collect());
                    common.retain(|member| {
                        let text = member.name.text.as_deref();
                        text.is_none_or(|text| shared.contains(text))
                    });
                    members.append(&mut common);
                }
            }
        }
        members
    }
}

/// The members of a branch, with those of branches in it.
fn flat(entries: &[Entry]) -> Vec<Member> {
    let members = entries.iter().map(|entry| match entry {
        Entry::Member(member) => vec![member.clone()],
        Entry::Branches(branches) => common(branches.iter().map(|branch| flat(branch)).collect()),
    });
    members.flatten().collect()
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
