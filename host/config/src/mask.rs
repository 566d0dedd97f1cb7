//! Which parts of a configuration are covered when it is shown.

use std::ops::Range;

use super::node::{Node, Value};
use crate::problem::mask::{cover, names_secret};

/// Members that hold an address.
const ADDRESSES: &[&str] = &["rest_url", "proxy", "url"];

/// Covers the values of secret members, everything below `values`, `auth` and
/// `identity`, and addresses with more in them than host, port and path. None where there are no
/// such values.
pub(super) fn secrets(text: &str, root: &Node) -> Option<String> {
    let mut spans = Vec::new();
    collect(root, false, &mut spans);
    (!spans.is_empty()).then(|| cover(text, &spans))
}

fn collect(node: &Node, is_secret: bool, spans: &mut Vec<Range<usize>>) {
    match &node.value {
        Value::Table(members) => {
            for member in members.iter() {
                let names_source = matches!(&*member.key, "env" | "file");
                let is_secret_member = matches!(&*member.key, "values" | "auth" | "identity")
                    || names_secret(&member.key);
                if ADDRESSES.contains(&&*member.key)
                    && matches!(&member.node.value, Value::Text(text) if !is_plain_address(text))
                {
                    spans.push(member.node.span.clone());
                }
                collect(
                    &member.node,
                    (is_secret || is_secret_member) && !names_source,
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

/// Whether an address is host, port and path alone. What is not could have a
/// password at a place where no parser finds it.
fn is_plain_address(text: &str) -> bool {
    let text = text.split_once("://").map_or(text, |(_, rest)| rest);
    let (authority, path) = text.split_once('/').unwrap_or((text, ""));
    let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    host.chars().all(is_word)
        && port.chars().all(|c| c.is_ascii_digit())
        && path.chars().all(|c| is_word(c) || c == '/')
}
