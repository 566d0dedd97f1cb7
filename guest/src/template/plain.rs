//! The fast path: text and plain dotted variables need no machine.

use super::{
    Context, Limits,
    ast::{Expression, Node, Operand},
    error::RenderError,
    runtime,
};

/// A piece of a template without filters and tags.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    Text(String),
    /// A variable's name and what is looked up in it.
    Variable(String, Vec<String>),
}

/// The pieces of a template, if it needs nothing else.
pub(super) fn pieces(nodes: &[Node]) -> Option<Vec<Piece>> {
    nodes
        .iter()
        .map(|node| match node {
            Node::Text(text) => Some(Piece::Text(text.clone())),
            Node::Output(Expression {
                operand: Operand::Variable(path),
                filters,
            }) if filters.is_empty() => {
                let (name, steps) = path.split_first()?;
                Some(Piece::Variable(name.clone(), steps.to_vec()))
            }
            _ => None,
        })
        .collect()
}

/// The value of a variable.
pub(super) fn value(context: &Context, name: &str, steps: &[String]) -> minijinja::Value {
    let first = runtime::variable(&context.variables, name);
    if steps.is_empty() {
        return first;
    }
    runtime::at(&first, steps.iter().map(String::as_str))
}

/// Writes the pieces.
pub(super) fn render(
    pieces: &[Piece],
    context: &Context,
    escape: bool,
    limits: Limits,
    out: &mut String,
) -> Result<(), RenderError> {
    let start = out.len();
    for piece in pieces {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Variable(name, steps) => {
                out.push_str(&runtime::rendered(&value(context, name, steps), escape));
            }
        }
        if out.len() - start > limits.output_bytes {
            out.truncate(start);
            return Err(RenderError::OutputTooLarge(limits.output_bytes));
        }
    }
    Ok(())
}
