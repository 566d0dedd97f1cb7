//! From a diagnostic of the sandbox to its place in the file.

use std::ops::Range;

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
    problem::Problem,
};

/// Where the triggers stand.
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

    /// The diagnostic as a problem that points into the file.
    pub(super) fn problem(&self, diagnostic: &Diagnostic) -> Problem {
        // A template that is a member's name, or a name that is wrong.
        let is_name = Steps::of(&diagnostic.path).is_name() || diagnostic.code == "unknown_member";
        let (member, node) = find(self.node, &diagnostic.path);
        let key_span = member.map(|member| member.key_span.clone());
        let text = &self.document.text;
        let span = match (&diagnostic.span, key_span) {
            (Some(span), Some(key_span)) if is_name => part_of(text, key_span, span),
            (Some(span), _) => inside(text, node, span),
            (None, Some(key_span)) if is_name => key_span,
            (None, key_span) => mark(text, node, key_span),
        };
        let path = Place::from(self.path).joined(&diagnostic.path);
        Problem::new(
            diagnostic.severity,
            &diagnostic.code,
            path,
            &diagnostic.message,
        )
        .with_help(diagnostic.help.clone().unwrap_or_default())
        .at(self.document.excerpt(span))
    }
}

/// The value at a path, or the last one on the way to it.
fn find<'a>(root: &'a Node, path: &str) -> (Option<&'a Member>, &'a Node) {
    let mut found = (None, root);
    for step in Steps::of(path) {
        found = match (&found.1.value, step) {
            (Value::Table(members), Step::Member(key)) => {
                // Of repeated members the last one counts.
                match members.iter().rev().find(|member| member.key == key) {
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

/// The part of a string in the file that became this part of its value; the
/// whole string where that cannot be told.
pub(super) fn inside(text: &str, node: &Node, span: &Span) -> Range<usize> {
    part_of(text, node.span.clone(), span)
}

fn part_of(text: &str, string: Range<usize>, span: &Span) -> Range<usize> {
    let written = text.get(string.clone()).unwrap_or_default();
    let end = u64::from(span.offset) + u64::from(span.length);
    let (Ok(start), Ok(end)) = (usize::try_from(span.offset), usize::try_from(end)) else {
        return string;
    };
    match (written_offset(written, start), written_offset(written, end)) {
        (Some(from), Some(to)) if from <= to => string.start + from..string.start + to,
        _ => string,
    }
}

/// Where in a quoted string the byte of its value at `offset` was written.
fn written_offset(written: &str, offset: usize) -> Option<usize> {
    let quote = written.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (mut at, mut decoded) = (body_start(written), 0);
    loop {
        let rest = written.get(at..)?;
        let (written_length, decoded_length) = match rest.chars().next()? {
            '\\' if quote == '"' => escape(rest)?,
            _ if decoded >= offset => return Some(at),
            c if c == quote && rest.len() <= quotes(written) => return None,
            c => (c.len_utf8(), c.len_utf8()),
        };
        if decoded >= offset && decoded_length > 0 {
            return Some(at);
        }
        at += written_length;
        decoded += decoded_length;
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
            let found = inside(&document.text, node, &span);
            assert_eq!(text.get(found), Some("{{ x }}"), "{text}");
        }
    }
}
