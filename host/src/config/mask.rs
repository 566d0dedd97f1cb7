//! Which parts of a configuration are covered when it is shown.

use std::ops::Range;

use super::document::{Node, Value};
use crate::problem::mask::{SECRET_WORDS, cover};

/// Covers the values of secret members, everything below `values`, `auth` and
/// `identity`, and addresses with somebody's name in them.
pub(super) fn secrets(text: &str, root: &Node) -> String {
    let mut spans = Vec::new();
    collect(root, false, &mut spans);
    cover(text, &spans)
}

fn collect(node: &Node, is_secret: bool, spans: &mut Vec<Range<usize>>) {
    match &node.value {
        Value::Table(members) => {
            for member in members {
                let names_source = matches!(member.key.as_str(), "env" | "file");
                let key = member.key.to_ascii_lowercase();
                let names_secret = matches!(key.as_str(), "values" | "auth" | "identity")
                    || SECRET_WORDS.iter().any(|word| key.contains(word));
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
