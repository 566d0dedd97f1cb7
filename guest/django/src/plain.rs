//! The fast path: text and plain dotted variables need no machine.

use super::{
    Context, Limits,
    ast::{Expression, Node, Operand},
    error::RenderError,
    json_text::{Form, Position},
    meter::Meter,
    output,
    runtime::{self, Found},
};

/// A piece of a template without filters and tags.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    Text(Box<str>),
    /// A variable's name and what is looked up in it, with dots between.
    Variable(Box<str>),
}

/// The pieces of a template, if it needs nothing else.
pub(super) fn pieces(nodes: &[Node]) -> Option<Vec<Piece>> {
    nodes
        .iter()
        .map(|node| match node {
            Node::Text(text) => Some(Piece::Text(text.as_str().into())),
            Node::Output(
                Expression {
                    operand: Operand::Variable(path),
                    filters,
                },
                _,
            ) if filters.is_empty() => Some(Piece::Variable(path.join(".").into())),
            _ => None,
        })
        .collect()
}

/// The value of a variable, as JSON has it.
pub(super) fn value(context: &Context, path: &str) -> minijinja::Value {
    match path.split_once('.') {
        None => runtime::variable(&context.variables, path),
        Some((name, steps)) => {
            let first = runtime::variable(&context.variables, name);
            runtime::at(Found::Field(first), steps.split('.')).raw()
        }
    }
}

/// Writes the pieces; `position` says whether as JSON text.
pub(super) fn render(
    pieces: &[Piece],
    context: &Context,
    escape: bool,
    (limits, meter): (Limits, &Meter),
    position: &mut Position,
    out: &mut String,
) -> Result<(), RenderError> {
    let start = out.len();
    for piece in pieces {
        match piece {
            Piece::Text(text) => {
                position.pass(text);
                out.push_str(text);
            }
            Piece::Variable(path) => {
                let value = value(context, path);
                match position.place(&value, escape, Form::Value) {
                    Some(text) => out.push_str(&text),
                    None => out.push_str(&output::rendered(&value, escape)),
                }
            }
        }
        if out.len() - start > limits.output_bytes {
            out.truncate(start);
            return Err(RenderError::OutputTooLarge(limits.output_bytes));
        }
    }
    let written = out.len() - start;
    let steps = u64::try_from(pieces.len()).unwrap_or(u64::MAX);
    let error = if !meter.write(written) {
        RenderError::OutputTooLarge(limits.output_bytes)
    } else if !(meter.step(steps) && meter.make(written)) {
        RenderError::OutOfFuel(limits.fuel)
    } else {
        return Ok(());
    };
    out.truncate(start);
    Err(error)
}
