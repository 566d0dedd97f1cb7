//! What is shown of a file: every secret is covered, byte for byte, so that
//! places stay where they are.

use std::ops::Range;

use super::document::{Node, Value};

/// Words in a member's name that make its value a secret.
const SECRET_WORDS: &[&str] = &[
    "password",
    "passwd",
    "secret",
    "token",
    "bearer",
    "credential",
];

/// Covers the values of secret members, everything below `values`, and
/// addresses with somebody's name in them.
pub(super) fn secrets(text: &str, root: &Node) -> String {
    let mut spans = Vec::new();
    collect(root, false, &mut spans);
    cover(text, &spans)
}

/// For a text that could not be read: covers what follows the name of a secret
/// in its line.
pub(super) fn lines(text: &str) -> String {
    let mut spans = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let lower = line.to_ascii_lowercase();
        let words = SECRET_WORDS.iter().chain(&["values", "://"]);
        if let Some(at) = words.filter_map(|word| lower.find(word)).min() {
            spans.push(start + at..start + line.trim_end().len());
        }
        start += line.len();
    }
    cover(text, &spans)
}

fn collect(node: &Node, is_secret: bool, spans: &mut Vec<Range<usize>>) {
    match &node.value {
        Value::Table(members) => {
            for member in members {
                let names_source = matches!(member.key.as_str(), "env" | "file");
                let key = member.key.to_ascii_lowercase();
                let names_secret =
                    key == "values" || SECRET_WORDS.iter().any(|word| key.contains(word));
                collect(
                    &member.node,
                    (is_secret || names_secret) && !names_source,
                    spans,
                );
            }
        }
        Value::List(items) => items
            .iter()
            .for_each(|item| collect(item, is_secret, spans)),
        Value::Text(text) if is_secret || (text.contains("://") && text.contains('@')) => {
            spans.push(node.span.clone());
        }
        Value::Number(_) if is_secret => spans.push(node.span.clone()),
        _ => {}
    }
}

fn cover(text: &str, spans: &[Range<usize>]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for span in spans {
        for byte in bytes.get_mut(span.clone()).unwrap_or_default() {
            if !matches!(byte, b'\n' | b'\r') {
                *byte = b'*';
            }
        }
    }
    // Spans end between characters, so what is left is UTF-8.
    String::from_utf8(bytes).unwrap_or_default()
}
