//! The least that a payload comes to, whatever its templates give: what is more than a
//! cluster takes is told before there is an event.

use std::collections::BTreeSet;

use super::node::{Node, Value};
use crate::broker::Payload;

/// The shortest JSON there is.
const SHORTEST: &str = "0";

pub(super) fn has_template(text: &str) -> bool {
    ["{{", "{%", "{#"].iter().any(|mark| text.contains(mark))
}

/// The payload where it is written as it stands, else the least that its templates may
/// come to and that every proxy takes.
pub(super) fn payload(payload: Option<&Node>) -> Payload {
    let Some(payload) = payload.filter(|node| !matches!(node.value, Value::Null)) else {
        return Payload::Json(SHORTEST.to_owned());
    };
    match &payload.value {
        Value::Text(text) if has_template(text) => Payload::Json(of_size(of_template(text))),
        Value::Text(text) if serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() => {
            Payload::Json(compact(text).unwrap_or_else(|| SHORTEST.to_owned()))
        }
        Value::Text(text) => Payload::Text(text.clone()),
        _ => Payload::Json(tree(payload)),
    }
}

/// JSON of this size.
fn of_size(bytes: usize) -> String {
    match bytes.checked_sub("\"\"".len()) {
        Some(inside) => format!("\"{}\"", "x".repeat(inside)),
        None => SHORTEST.to_owned(),
    }
}

/// A tree with the shortest values in the place of its templates. Members with a template
/// in their name may be one and the same, and are left out.
fn tree(node: &Node) -> String {
    match &node.value {
        Value::Text(text) if has_template(text) => match size(&parts(text)) {
            // An expression alone may be a number.
            0 => SHORTEST.to_owned(),
            bytes => of_size("\"\"".len() + bytes),
        },
        Value::List(items) => {
            let items: Vec<_> = items.iter().map(tree).collect();
            format!("[{}]", items.join(","))
        }
        Value::Table(members) => {
            let members = members.iter().filter(|one| !has_template(&one.key));
            let members = members.map(|one| {
                let name = serde_json::Value::from(one.key.as_str());
                format!("{name}:{}", tree(&one.node))
            });
            let members: Vec<_> = members.collect();
            format!("{{{}}}", members.join(","))
        }
        _ => node.to_json(),
    }
}

/// The least bytes of a string payload with templates. If they come to JSON, it is
/// published without white space and without repeated members.
fn of_template(text: &str) -> usize {
    let (start, end) = (text.trim_start(), text.trim_end());
    let is_made = has_template(start.get(..2).unwrap_or_default());
    let solid = || {
        let parts = parts(text).into_iter().flatten();
        let chars = parts.flat_map(str::chars);
        chars.filter(|one| !one.is_whitespace()).count()
    };
    if start.starts_with(|first| !"{[\"-0123456789tfn".contains(first))
        || end.ends_with(|last| !"}]\"0123456789el".contains(last))
    {
        // It is never JSON.
        size(&parts(text))
    } else if is_made {
        // What comes first decides what the rest is.
        0
    } else if !start.starts_with(['{', '[', '"']) {
        solid()
    } else if text.contains("{%") {
        // Without members there are none that repeat one.
        if text.contains(':') { 0 } else { solid() }
    } else {
        compact(text).map_or(0, |text| text.len())
    }
}

/// JSON text without its white space and without its tags, none of which is a block. None
/// where a member may be there twice.
fn compact(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut names = BTreeSet::new();
    // The string that was read last, and whether an event makes a part of it.
    let (mut string, mut is_made) = (String::new(), false);
    let (mut is_inside, mut is_escaped) = (false, false);
    for part in parts(text) {
        let Some(text) = part else {
            is_made = true;
            continue;
        };
        for one in text.chars() {
            if is_inside || !one.is_ascii_whitespace() {
                out.push(one);
            }
            match one {
                '"' if !is_escaped => {
                    is_inside = !is_inside;
                    if is_inside {
                        string.clear();
                        is_made = false;
                    }
                }
                _ if is_inside => string.push(one),
                // A name that is spelled otherwise may be the same.
                ':' if is_made || string.contains('\\') => return None,
                ':' if !names.insert(string.clone()) => return None,
                _ => {}
            }
            is_escaped = is_inside && one == '\\' && !is_escaped;
        }
    }
    Some(out)
}

fn size(parts: &[Option<&str>]) -> usize {
    parts.iter().flatten().map(|text| text.len()).sum()
}

/// Cuts a template into what is written as it stands, and, as nothing, what an event makes
/// of the rest. Where there are blocks, only what stands before and behind all of them is
/// sure.
fn parts(text: &str) -> Vec<Option<&str>> {
    let marks = |marks: [&'static str; 3]| marks.into_iter();
    if text.contains("{%") {
        let first = marks(["{{", "{%", "{#"]).filter_map(|mark| text.find(mark));
        let last = marks(["}}", "%}", "#}"]).filter_map(|mark| text.rfind(mark));
        let before = first.min().and_then(|at| text.get(..at));
        let behind = last.max().and_then(|at| text.get(at + 2..));
        return vec![before, None, behind];
    }
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = marks(["{{", "{%", "{#"])
        .filter_map(|mark| rest.find(mark))
        .min()
    {
        let (before, tag) = rest.split_at(at);
        found.extend([Some(before), None]);
        let close = if tag.starts_with("{{") { "}}" } else { "#}" };
        let cut = tag.get(2..).and_then(|tag| tag.split_once(close));
        // What is no tag on one line is not sure, and neither is what stands behind it.
        match cut.filter(|(inside, _)| !has_template(inside) && !inside.contains('\n')) {
            Some((_, behind)) => rest = behind,
            None => return found,
        }
    }
    found.push(Some(rest));
    found
}

#[cfg(test)]
mod tests {
    use super::of_template;

    #[test]
    fn only_what_every_event_gets_counts() {
        for (source, least) in [
            ("{{ id }}", 0),
            ("of {{ a }} and {{ b }}.", 9),
            ("a{# of nobody #}b", 2),
            ("a{% if b %}one{% else %}three{% endif %}bc", 3),
            ("a{{ b\n}}c{{ d }}e", 1),
            // A value may make JSON of it, or a part of it.
            ("{{ a }} 1 ", 0),
            ("{{ a }} and b.", 7),
            ("{{ a }}, \"b\": \"long\"}", 0),
            ("12 {{ a }} 3", 3),
            // JSON text.
            ("{ \"a b\" : \"{{ a }}\" , \"c\":{{ c }} }", 15),
            ("{\"a\\\"b\": \"{{ a }}\"}", 0),
            ("{\"a\": \"b \\\" c\", \"d\": {{ d }}}", 19),
            ("{\"a\": \"long\", \"a\": {{ a }}}", 0),
            ("{\"a\": \"long\", \"{{ b }}\": 1}", 0),
            ("[{% for a in b %}{{ a }},{% endfor %} 12 ]", 4),
            ("{\"a\": [{% for a in b %}{\"a\": 1},{% endfor %} 12 ]}", 0),
        ] {
            assert_eq!(of_template(source), least, "{source}");
        }
    }
}
