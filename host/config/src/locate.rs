//! From a diagnostic of the sandbox to its place in the file.

use std::{collections::HashMap, ops::Range};

use action_triggers_vocabulary::{
    Place,
    place::{Step, Steps},
};

use super::{
    document::{Document, Member, Node, Value},
    reading::mark,
};
use crate::{
    outcome::{Diagnostic, Span},
    problem::{Problem, steps},
};

/// Between two remembered places of a string lie so many steps.
const GRAIN: usize = 1024;

/// Where the triggers stand.
#[derive(Clone, Copy)]
pub(super) struct Triggers<'a> {
    pub(super) document: &'a Document,
    pub(super) node: &'a Node,
    /// The path of `node` in its file.
    pub(super) path: &'a str,
}

impl<'a> Triggers<'a> {
    /// Every trigger of the set.
    pub(super) fn all(&self) -> &'a [Node] {
        match &self.node.member("triggers").unwrap_or(self.node).value {
            Value::List(items) => items,
            _ => &[],
        }
    }
}

/// Finds the places of diagnostics in their file.
pub(super) struct Locator<'a> {
    triggers: Triggers<'a>,
    /// The strings that diagnostics were found in, by where they begin.
    strings: HashMap<usize, Written<'a>>,
}

impl<'a> Locator<'a> {
    pub(super) fn new(triggers: Triggers<'a>) -> Self {
        Self {
            triggers,
            strings: HashMap::new(),
        }
    }

    /// The diagnostic as a problem that points into the file.
    pub(super) fn problem(&mut self, diagnostic: &Diagnostic) -> Problem {
        let Triggers {
            document,
            node,
            path,
        } = self.triggers;
        // A template that is a member's name, or a name that is wrong.
        let is_name = Steps::of(&diagnostic.path).is_name() || diagnostic.code == "unknown_member";
        let (member, node) = find(node, &diagnostic.path);
        let key_span = member.map(|member| member.key_span.clone());
        let span = match (&diagnostic.span, key_span) {
            (Some(span), Some(key_span)) if is_name => self.part_of(key_span, span),
            (Some(span), _) => self.part_of(node.span.clone(), span),
            (None, Some(key_span)) if is_name => key_span,
            (None, key_span) => mark(&document.text, node, key_span),
        };
        Problem::new(
            diagnostic.severity,
            &diagnostic.code,
            Place::from(path).joined(&diagnostic.path),
            &diagnostic.message,
        )
        .with_help(diagnostic.help.clone().unwrap_or_default())
        .at(document.excerpt(span))
    }

    fn part_of(&mut self, string: Range<usize>, span: &Span) -> Range<usize> {
        let text = &self.triggers.document.text;
        let written = self
            .strings
            .entry(string.start)
            .or_insert_with(|| Written::new(text.get(string.clone()).unwrap_or_default()));
        written.part(&string, span)
    }
}

/// The value at a path, or the last one on the way to it.
fn find<'a>(root: &'a Node, path: &str) -> (Option<&'a Member>, &'a Node) {
    let mut found = (None, root);
    for step in Steps::of(path) {
        found = match (&found.1.value, step) {
            (Value::Table(members), Step::Member(key)) => {
                // Of repeated members the last one counts.
                match members.last(&key) {
                    Some(member) => (Some(member), &member.node),
                    None => return found,
                }
            }
            (Value::List(items), Step::Item(index)) => match items.get(index) {
                Some(node) => (None, node),
                None => return found,
            },
            _ => return found,
        };
    }
    found
}

/// A quoted string as it is written, and where some bytes of its value are.
struct Written<'a> {
    text: &'a str,
    /// Places in the text and in the value, both in bytes.
    known: Vec<(usize, usize)>,
}

impl<'a> Written<'a> {
    fn new(text: &'a str) -> Self {
        let mut written = Self {
            text,
            known: vec![(body_start(text), 0)],
        };
        let (mut place, mut steps) = (written.start(), 0_usize);
        while let Some(next) = written.after(place) {
            place = next;
            steps += 1;
            if steps.is_multiple_of(GRAIN) {
                written.known.push(place);
            }
        }
        written
    }

    /// The part of the file that became this part of the value; the whole
    /// string, which stands here in the file, where that cannot be told.
    fn part(&self, string: &Range<usize>, span: &Span) -> Range<usize> {
        let end = u64::from(span.offset) + u64::from(span.length);
        let (Ok(start), Ok(end)) = (usize::try_from(span.offset), usize::try_from(end)) else {
            return string.clone();
        };
        match (self.offset(start), self.offset(end)) {
            (Some(from), Some(to)) if from <= to => string.start + from..string.start + to,
            _ => string.clone(),
        }
    }

    /// Where the byte of the value at this offset was written.
    fn offset(&self, offset: usize) -> Option<usize> {
        let quote = self.text.chars().next();
        quote.filter(|quote| matches!(quote, '"' | '\''))?;
        let known = self.known.partition_point(|(_, decoded)| *decoded < offset);
        let known = self.known.get(known.saturating_sub(1)).copied();
        let mut place = known.unwrap_or_else(|| self.start());
        while place.1 < offset || self.is_joint(place.0) {
            place = self.after(place)?;
        }
        Some(place.0)
    }

    fn start(&self) -> (usize, usize) {
        (body_start(self.text), 0)
    }

    /// Whether an escape stands here of which nothing is left in the value.
    fn is_joint(&self, at: usize) -> bool {
        self.is_escape(at)
            && matches!(
                self.text.as_bytes().get(at + 1),
                Some(b' ' | b'\t' | b'\r' | b'\n')
            )
    }

    fn is_escape(&self, at: usize) -> bool {
        self.text.starts_with('"') && self.text.as_bytes().get(at) == Some(&b'\\')
    }

    /// The places behind the character or escape that stands here; none at the
    /// end of the string.
    fn after(&self, (at, decoded): (usize, usize)) -> Option<(usize, usize)> {
        steps::count(1);
        let rest = self.text.get(at..)?;
        let (written_length, decoded_length) = if self.is_escape(at) {
            escape(rest)?
        } else if rest.len() <= quotes(self.text) {
            return None;
        } else {
            let length = rest.chars().next()?.len_utf8();
            (length, length)
        };
        Some((at + written_length, decoded + decoded_length))
    }
}

/// How many quotes a string begins and ends with.
fn quotes(written: &str) -> usize {
    if written.len() >= 6 && (written.starts_with("\"\"\"") || written.starts_with("'''")) {
        3
    } else {
        1
    }
}

/// Where a string's value begins: TOML leaves out a line break right behind
/// three quotes.
fn body_start(written: &str) -> usize {
    match quotes(written) {
        3 => {
            let body = written.get(3..).unwrap_or_default();
            let trimmed = body.strip_prefix("\r\n").or(body.strip_prefix('\n'));
            written.len() - trimmed.unwrap_or(body).len()
        }
        quotes => quotes,
    }
}

/// How many bytes an escape takes as it is written, and how many it stands for.
fn escape(rest: &str) -> Option<(usize, usize)> {
    let digits = match rest.as_bytes().get(1)? {
        b'u' => 4,
        b'U' => 8,
        b'x' => 2,
        // Joins lines: nothing of it is left, nor of the space that follows.
        b' ' | b'\t' | b'\r' | b'\n' => {
            let after = rest.get(1..)?.trim_start_matches([' ', '\t', '\r', '\n']);
            return Some((rest.len() - after.len(), 0));
        }
        _ => return Some((2, 1)),
    };
    let length = 2 + digits;
    let unit = u32::from_str_radix(rest.get(2..length)?, 16).ok()?;
    // JSON writes what lies beyond 16 bits as a pair.
    if (0xd800..0xdc00).contains(&unit) {
        return Some((length * 2, 4));
    }
    Some((length, char::from_u32(unit)?.len_utf8()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written_offset(written: &str, offset: usize) -> Option<usize> {
        Written::new(written).offset(offset)
    }

    #[test]
    fn offsets_in_a_string_are_found_behind_escapes() {
        let written = r#""a\n\u00e9\ud83d\ude00é{{ x }}""#;
        let decoded: String = serde_json::from_str(written).unwrap();
        let offset = decoded.find("{{").unwrap();
        assert_eq!(written_offset(written, offset), written.find("{{"));
        assert_eq!(
            written_offset(written, decoded.len()),
            Some(written.len() - 1)
        );
        assert_eq!(written_offset(written, decoded.len() + 1), None);
        assert_eq!(written_offset(r"'a\n{{'", 3), Some(4));
    }

    #[test]
    fn offsets_are_found_in_every_string_of_toml() {
        for written in [
            r#""a\tb\u00e9 {{ x }}""#,
            "'a\\b é {{ x }}'",
            "\"\"\"{{ x }}\"\"\"",
            "\"\"\"\nan \"é\"\n  {{ x }}\n\"\"\"",
            "\"\"\"\r\na\r\nb {{ x }}\r\n\"\"\"",
            "\"\"\"\\\n   a \\\r\n\n  {{ x }}\"\"\"",
            "'''\n\\a\n{{ x }}'''",
        ] {
            let text = format!("key = {written}\n");
            let document = Document::parse("f", text.clone(), super::super::Syntax::Toml);
            let Ok(document) = document else {
                panic!("{text} is no TOML");
            };
            let node = document.root.member("key").unwrap();
            let Value::Text(value) = &node.value else {
                panic!("{text} holds no string");
            };
            let span = Span {
                offset: u32::try_from(value.find("{{").unwrap()).unwrap(),
                length: 7,
                line: 0,
                column: 0,
            };
            let string = node.span.clone();
            let written = document.text.get(string.clone()).unwrap();
            let found = Written::new(written).part(&string, &span);
            assert_eq!(text.get(found), Some("{{ x }}"), "{text}");
        }
    }
}
