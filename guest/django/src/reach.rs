//! Whether what a template writes may have a form, whatever its values are.

use crate::{
    ast::{Inside, Node, Operand},
    parser,
};

/// All the states to which some text brings what reads a form, letter by letter.
pub trait States: Clone {
    /// Behind this letter.
    #[must_use]
    fn behind(&self, letter: char) -> Self;

    /// Behind any text, or none.
    #[must_use]
    fn behind_any(&self) -> Self;

    /// In those states too.
    #[must_use]
    fn or(self, other: Self) -> Self;
}

/// The states behind what a template may write; none of a source that does not compile.
pub fn behind<S: States>(source: &str, start: &S) -> Option<S> {
    let parsed = parser::parse(source).ok()?;
    Some(behind_nodes(&parsed.nodes, start))
}

pub(super) fn behind_nodes<S: States>(nodes: &[Node], start: &S) -> S {
    let mut states = start.clone();
    for one in nodes {
        states = behind_node(one, &states);
    }
    states
}

fn behind_node<S: States>(node: &Node, states: &S) -> S {
    let text = |text: &str| {
        let letters = text.chars();
        letters.fold(states.clone(), |states, letter| states.behind(letter))
    };
    match node {
        Node::Text(own) => text(own),
        Node::Output(expression, _) => match &expression.operand {
            Operand::Text(own) if expression.filters.is_empty() => text(own),
            _ => states.behind_any(),
        },
        _ => match node.inside() {
            Inside::OneOf(bodies) => {
                let behind = bodies.into_iter().map(|body| behind_nodes(body, states));
                behind.reduce(S::or).unwrap_or_else(|| states.clone())
            }
            Inside::Once(body) => behind_nodes(body, states),
            // What they write is not known, or how often.
            Inside::Nothing | Inside::Rounds(..) | Inside::Captured(_) => states.behind_any(),
        },
    }
}
