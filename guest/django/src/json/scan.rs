//! What JSON text shows without being taken apart.

use std::ops::Range;

use action_triggers_vocabulary::quote;
use serde_json::value::RawValue;

/// A bound on how many objects and arrays of a JSON text stand in each other,
/// exact where it is more than 16.
pub fn depth(text: &str) -> usize {
    // Most events have few of them. The two differ in one bit.
    let most = text.bytes().filter(|byte| byte | 0x20 == b'{').count();
    if most <= 16 {
        return most;
    }
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut in_string, mut escaping) = (false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaping => escaping = false,
            b'\\' => escaping = in_string,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Whether a string of a JSON text has a surrogate without its partner. The
/// grammar lets it pass, but it stands for no character.
pub fn has_half_character(text: &str) -> bool {
    let mut behind_backslashes = text.split('\\').skip(1);
    if !behind_backslashes.any(|rest| rest.starts_with('u')) {
        return false;
    }
    let mut rest = text;
    while let Some(quote) = rest.find('"') {
        let (_, from_quote) = rest.split_at(quote);
        let (string, after) = from_quote.split_at(string_end(from_quote));
        if string.contains("\\u") && serde_json::from_str::<String>(string).is_err() {
            return true;
        }
        rest = after;
    }
    false
}

/// Whether a text is a JSON number and nothing else.
pub fn is_number(text: &str) -> bool {
    let is_start = |byte: &u8| byte.is_ascii_digit() || *byte == b'-';
    let is_end = |byte: &u8| byte.is_ascii_digit();
    let bytes = text.as_bytes();
    bytes.first().is_some_and(is_start)
        && bytes.last().is_some_and(is_end)
        && serde_json::from_str::<&RawValue>(text).is_ok()
}

/// Goes through the values that stand in an object or array: an object's names and members in
/// turn, or an array's items. The text must be JSON.
pub(super) struct Values<'a> {
    text: &'a str,
    at: usize,
    seen: Seen,
}

/// What was seen of a JSON text on the way.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    /// How many objects and arrays stand in each other at most.
    pub(super) depth: usize,
    /// Whether a string is written with a backslash.
    pub(super) has_escapes: bool,
}

impl<'a> Values<'a> {
    /// Those of this object or array, not of others inside it.
    pub(super) fn of(container: &'a str) -> Self {
        Self {
            text: container,
            at: 1,
            seen: Seen::default(),
        }
    }
}

impl Values<'_> {
    /// Where the next one stands.
    pub(super) fn next_range(&mut self) -> Option<Range<usize>> {
        let bytes = self.text.as_bytes();
        while is_between(*bytes.get(self.at)?) {
            self.at += 1;
        }
        let start = self.at;
        self.at += value_end(bytes.get(start..)?, &mut self.seen);
        Some(start..self.at).filter(|range| !range.is_empty())
    }

    /// What was seen inside of the values so far.
    pub(super) fn seen(&self) -> Seen {
        self.seen
    }
}

impl<'a> Iterator for Values<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let range = self.next_range()?;
        self.text.get(range)
    }
}

/// What stands between values: white space, commas and colons.
fn is_between(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',' | b':')
}

/// Bytes of the JSON value at the start of the text; none at the end of an object or array.
fn value_end(text: &[u8], seen: &mut Seen) -> usize {
    match text.first() {
        Some(b'"') => end_of_string(text, seen),
        Some(b'{' | b'[') => container_end(text, seen),
        _ => {
            let is_end = |byte: &u8| is_between(*byte) || matches!(byte, b'}' | b']');
            text.iter().position(is_end).unwrap_or(text.len())
        }
    }
}

/// Bytes of the JSON object or array at the start of the text.
fn container_end(text: &[u8], seen: &mut Seen) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => {
                at += end_of_string(text.get(at..).unwrap_or_default(), seen);
                continue;
            }
            b'{' | b'[' => {
                depth += 1;
                seen.depth = seen.depth.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

/// Bytes of the JSON string at the start of the text, quotes included.
pub(super) fn string_end(text: &str) -> usize {
    end_of_string(text.as_bytes(), &mut Seen::default())
}

fn end_of_string(text: &[u8], seen: &mut Seen) -> usize {
    let mut at = 1;
    while let Some(place) = text.get(at..).and_then(quote::special) {
        at += place;
        match text.get(at) {
            Some(b'"') => return at + 1,
            Some(b'\\') => {
                seen.has_escapes = true;
                at += 2;
            }
            _ => at += 1,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_whatever_stands_in_and_between_them() {
        for (text, expected) in [
            ("{}", &[][..]),
            ("[ \n]", &[]),
            ("[1,-2.5e3 , null\t,true]", &["1", "-2.5e3", "null", "true"]),
            (
                r#"{"a" : "}]\"," , "é\\":{"b":["{",{}]},"c":[]}"#,
                &[
                    r#""a""#,
                    r#""}]\",""#,
                    r#""é\\""#,
                    r#"{"b":["{",{}]}"#,
                    r#""c""#,
                    "[]",
                ],
            ),
        ] {
            assert_eq!(Values::of(text).collect::<Vec<_>>(), expected, "{text}");
        }
    }

    #[test]
    fn a_text_that_ends_too_early_ends_the_values() {
        for text in ["", "[", "{\"a", "[\"a\\", "[[", "[1"] {
            assert!(Values::of(text).count() <= 1, "{text}");
        }
    }
}
