//! Members that an object names more than once: the last one counts, in the place of the first.

use std::{borrow::Cow, collections::BTreeMap, ops::Range};

use serde_json::value::RawValue;

use super::scan::string_end;

/// A stretch of a JSON text that is left out, and what takes its place.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Edit {
    pub(super) left_out: Range<usize>,
    /// A stretch of the same text, which has edits of its own.
    pub(super) instead: Option<Range<usize>>,
}

/// Whether a text is JSON, and no object of it has two members of one name.
pub(crate) fn has_unique_names(text: &str) -> bool {
    serde_json::from_str::<&RawValue>(text).is_ok() && edits(text).is_empty()
}

/// Objects of more members than this look repeated names up in a map.
const FEW: usize = 16;

/// What to change in a JSON text so that no object has two members of one name, in the order of
/// the text. Takes steps in proportion to the text.
pub(super) fn edits(text: &str) -> Vec<Edit> {
    let mut open: Vec<Container<'_>> = Vec::new();
    let mut edits = Vec::new();
    let mut at = 0;
    while let Some(byte) = text.as_bytes().get(at) {
        let mut end = at + 1;
        match (byte, open.last_mut()) {
            (b'"', container) => {
                let string = text.get(at..).unwrap_or_default();
                end = at + string_end(string);
                if let Some(Container::Object(members, expects_name @ true)) = container {
                    *expects_name = false;
                    members.push(Member {
                        name: name(text.get(at..end).unwrap_or_default()),
                        value: end..end,
                    });
                }
            }
            (b':', Some(Container::Object(members, false))) => {
                if let Some(member) = members.last_mut() {
                    member.value = end..end;
                }
            }
            (b',', Some(Container::Object(members, expects_name))) => {
                close_member(members, at);
                *expects_name = true;
            }
            (b'{', _) => open.push(Container::Object(Vec::new(), true)),
            (b'[', _) => open.push(Container::Array),
            (b'}' | b']', _) => {
                if let Some(Container::Object(mut members, _)) = open.pop() {
                    close_member(&mut members, at);
                    find_repeated(&members, &mut edits);
                }
            }
            _ => {}
        }
        at = end;
    }
    edits.sort_by_key(|edit| edit.left_out.start);
    edits
}

enum Container<'a> {
    Array,
    /// Its members so far, and whether a name comes next.
    Object(Vec<Member<'a>>, bool),
}

struct Member<'a> {
    name: Cow<'a, str>,
    value: Range<usize>,
}

fn name(quoted: &str) -> Cow<'_, str> {
    match quoted.get(1..quoted.len().saturating_sub(1)) {
        Some(plain) if !plain.contains('\\') => Cow::Borrowed(plain),
        _ => Cow::Owned(serde_json::from_str(quoted).unwrap_or_default()),
    }
}

fn close_member(members: &mut [Member<'_>], end: usize) {
    if let Some(member) = members.last_mut() {
        member.value.end = end;
    }
}

fn find_repeated(members: &[Member<'_>], edits: &mut Vec<Edit>) {
    let is_first = |(place, member): (usize, &Member<'_>)| {
        let before = members.get(..place).unwrap_or_default();
        before.iter().all(|other| other.name != member.name)
    };
    if members.len() <= FEW && members.iter().enumerate().all(is_first) {
        return;
    }
    // Each name's first and last value.
    let mut values: BTreeMap<&str, (&Range<usize>, &Range<usize>)> = BTreeMap::new();
    let mut end_of_last = 0;
    for member in members {
        values
            .entry(&member.name)
            .and_modify(|(_, last)| {
                *last = &member.value;
                edits.push(Edit {
                    left_out: end_of_last..member.value.end,
                    instead: None,
                });
            })
            .or_insert((&member.value, &member.value));
        end_of_last = member.value.end;
    }
    for (first, last) in values.into_values().filter(|(first, last)| first != last) {
        edits.push(Edit {
            left_out: first.clone(),
            instead: Some(last.clone()),
        });
    }
}
