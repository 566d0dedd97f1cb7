//! What a template writes at least, whatever its variables are: what is more than a limit
//! allows is told before the first event.

use super::ast::{Expression, Node, Operand};

/// The filters whose argument is the least width of what they write.
const WIDENING: [&str; 3] = ["center", "ljust", "rjust"];

/// The least that nodes write, in bytes.
pub(super) fn bytes(nodes: &[Node]) -> usize {
    nodes.iter().map(node).fold(0, usize::saturating_add)
}

fn node(node: &Node) -> usize {
    match node {
        Node::Text(text) => text.len(),
        Node::Output(expression, _) => width(expression).unwrap_or(0),
        Node::If {
            branches,
            otherwise,
        } => {
            let branches = branches.iter().map(|(_, body)| bytes(body));
            branches.fold(bytes(otherwise), usize::min)
        }
        Node::With { body, .. } | Node::Autoescape { body, .. } => bytes(body),
        // They write as often as the event says, or what another filter makes of it.
        _ => 0,
    }
}

/// The width that an expression's last filter makes it.
fn width(expression: &Expression) -> Option<usize> {
    let call = expression.filters.last()?;
    let Some(Operand::Number(width)) = &call.argument else {
        return None;
    };
    let widens = WIDENING.contains(&call.filter.name);
    width.parse().ok().filter(|_| widens)
}

#[cfg(test)]
mod tests {
    use super::bytes;
    use crate::parser::parse;

    #[test]
    fn only_what_every_event_gets_counts() {
        for (source, least) in [
            ("", 0),
            ("abc", 3),
            ("a{{ b }}ü", 3),
            ("{{ b|center:30 }}!", 31),
            ("{{ b|ljust:30|rjust:\"5\" }}", 0),
            ("{{ b|center:30|truncatechars:3 }}", 0),
            ("{{ b|center:c }}", 0),
            (
                "{% if a %}one{% elif b %}three{% else %}seven{% endif %}",
                3,
            ),
            ("{% if a %}one{% endif %}", 0),
            ("{% for a in b %}one{% endfor %}", 0),
            (
                "{% with a=b %}{% autoescape off %}ab{% endautoescape %}{% endwith %}",
                2,
            ),
            ("{% filter cut:\"a\" %}aaa{% endfilter %}", 0),
            ("{{ b|center:99999999999999999999999 }}", 0),
        ] {
            let parsed = parse(source).unwrap();
            assert_eq!(bytes(&parsed.nodes), least, "{source}");
        }
    }
}
