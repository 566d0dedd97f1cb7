//! The least that a template writes as text.

use crate::ast::{Expression, FilterCall, Inside, Node, Operand};

/// The filters whose argument is the least width of what they write.
const WIDENING: [&str; 3] = ["center", "ljust", "rjust"];

/// The filters that never make a text shorter.
const KEEPING: [&str; 10] = [
    "addslashes",
    "capfirst",
    "escape",
    "escapejs",
    "force_escape",
    "lower",
    "safe",
    "title",
    "upper",
    "urlencode",
];

/// The least that nodes write, in bytes.
pub(crate) fn bytes(nodes: &[Node]) -> usize {
    sum(
        nodes,
        &Measure {
            text: str::len,
            expression,
        },
    )
}

/// The least that nodes write between white space, if no expression writes anything but
/// white space.
pub(super) fn solid(nodes: &[Node]) -> usize {
    sum(
        nodes,
        &Measure {
            text: |text| text.split_ascii_whitespace().map(str::len).sum(),
            expression: |_| 0,
        },
    )
}

/// What counts.
struct Measure {
    text: fn(&str) -> usize,
    expression: fn(&Expression) -> usize,
}

fn sum(nodes: &[Node], measure: &Measure) -> usize {
    let bytes = nodes.iter().map(|one| node(one, measure));
    bytes.fold(0, usize::saturating_add)
}

fn node(node: &Node, measure: &Measure) -> usize {
    match node {
        Node::Text(text) => (measure.text)(text),
        Node::Output(expression, _) => (measure.expression)(expression),
        _ => match node.inside() {
            Inside::OneOf(bodies) => {
                let bytes = bodies.into_iter().map(|body| sum(body, measure));
                bytes.min().unwrap_or(0)
            }
            // A loop has one round or more, or is empty.
            Inside::Rounds(body, empty) => sum(body, measure).min(sum(empty, measure)),
            Inside::Once(body) => sum(body, measure),
            // What it writes is not known, or what another filter makes of it.
            Inside::Nothing | Inside::Captured(_) => 0,
        },
    }
}

/// The least that an expression writes, in bytes.
pub(super) fn expression(expression: &Expression) -> usize {
    let operand = match &expression.operand {
        Operand::Text(text) => text.as_str(),
        Operand::Variable(_) | Operand::Number(_) => "",
    };
    if expression.filters.is_empty() {
        return operand.len();
    }
    // A width is one of characters, and so is what filters keep of it.
    let characters = operand.chars().count();
    expression.filters.iter().fold(characters, filtered)
}

fn filtered(least: usize, call: &FilterCall) -> usize {
    let name = call.filter.name;
    if WIDENING.contains(&name) {
        least.max(width(call).unwrap_or(0))
    } else if KEEPING.contains(&name) {
        least
    } else {
        0
    }
}

fn width(call: &FilterCall) -> Option<usize> {
    match call.argument.as_ref()? {
        Operand::Number(width) | Operand::Text(width) => width.parse().ok(),
        Operand::Variable(_) => None,
    }
}
