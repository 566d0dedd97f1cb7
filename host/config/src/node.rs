//! The values of a file, with the places they take in it.

use std::ops::Range;

use action_triggers_vocabulary::kind;

/// A value and the bytes it takes in the file. Has no `Debug`, for it may hold
/// secrets.
pub(super) struct Node {
    pub(super) span: Range<usize>,
    pub(super) value: Value,
}

/// Files have many, so they are small.
pub(super) enum Value {
    Null,
    Bool(bool),
    /// As it was written.
    Number(Box<str>),
    Text(Box<str>),
    List(Box<[Node]>),
    Table(Box<Members>),
}

/// Objects of more members than this look names up in an index.
const FEW: usize = 16;

/// The members of an object as they are written, repeats and all; where they are many, with an
/// index of their names.
pub(super) struct Members {
    written: Box<[Member]>,
    /// Places of members by name, and of one name in the order written. Empty where they are few.
    by_name: Box<[usize]>,
}

impl Members {
    pub(super) fn new(written: Vec<Member>) -> Self {
        let by_name = if written.len() > FEW {
            sorted(&written)
        } else {
            Vec::new()
        };
        Self {
            written: written.into(),
            by_name: by_name.into(),
        }
    }

    /// Every member, in the order written.
    pub(super) fn iter(&self) -> std::slice::Iter<'_, Member> {
        self.written.iter()
    }

    /// The first member of this name.
    pub(super) fn first(&self, name: &str) -> Option<&Member> {
        self.called(name).next()
    }

    /// The last member of this name, which is the one that counts in JSON.
    pub(super) fn last(&self, name: &str) -> Option<&Member> {
        self.called(name).next_back()
    }

    /// Members that repeat the name of one before them.
    pub(super) fn repeats(&self) -> Vec<&Member> {
        let by_name = sorted(&self.written);
        let pairs = by_name.iter().zip(by_name.iter().skip(1));
        let mut repeats: Vec<usize> = pairs
            .filter(|(one, next)| self.name_at(**one) == self.name_at(**next))
            .map(|(_, next)| *next)
            .collect();
        repeats.sort_unstable();
        let member = |place| self.written.get(place);
        repeats.into_iter().filter_map(member).collect()
    }

    fn called(&self, name: &str) -> impl DoubleEndedIterator<Item = &Member> {
        let unindexed: &[Member] = if self.by_name.is_empty() {
            &self.written
        } else {
            &[]
        };
        let few = unindexed.iter().filter(move |member| *member.key == *name);
        let before = |place: &usize| self.name_at(*place) < Some(name);
        let upto = |place: &usize| self.name_at(*place) <= Some(name);
        let range = self.by_name.partition_point(before)..self.by_name.partition_point(upto);
        let places = self.by_name.get(range).unwrap_or_default();
        few.chain(places.iter().filter_map(|place| self.written.get(*place)))
    }

    fn name_at(&self, place: usize) -> Option<&str> {
        self.written.get(place).map(|member| &*member.key)
    }
}

/// Places of members by name, and of one name in the order written.
fn sorted(members: &[Member]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..members.len()).collect();
    places.sort_by_key(|place| members.get(*place).map(|member| &member.key));
    places
}

impl<'a> IntoIterator for &'a Members {
    type Item = &'a Member;
    type IntoIter = std::slice::Iter<'a, Member>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

pub(super) struct Member {
    pub(super) key: Box<str>,
    pub(super) key_span: Range<usize>,
    pub(super) node: Node,
}

impl Value {
    /// Its type, for a sentence.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => kind::NULL,
            Self::Bool(_) => kind::BOOLEAN,
            Self::Number(_) => kind::NUMBER,
            Self::Text(_) => kind::STRING,
            Self::List(_) => kind::LIST,
            Self::Table(_) => kind::OBJECT,
        }
    }
}

impl Node {
    /// The value as JSON text, members in the order written.
    pub(super) fn to_json(&self) -> String {
        let mut json = String::new();
        self.write_json(&mut json);
        json
    }

    fn write_json(&self, json: &mut String) {
        match &self.value {
            Value::Null => json.push_str("null"),
            Value::Bool(value) => json.push_str(if *value { "true" } else { "false" }),
            Value::Number(text) => json.push_str(text),
            Value::Text(text) => json.push_str(&quoted(text)),
            Value::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    json.push(if index == 0 { '[' } else { ',' });
                    item.write_json(json);
                }
                json.push_str(if items.is_empty() { "[]" } else { "]" });
            }
            Value::Table(members) => {
                for (index, member) in members.iter().enumerate() {
                    json.push(if index == 0 { '{' } else { ',' });
                    json.push_str(&quoted(&member.key));
                    json.push(':');
                    member.node.write_json(json);
                }
                json.push_str(if members.written.is_empty() {
                    "{}"
                } else {
                    "}"
                });
            }
        }
    }
}

pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
