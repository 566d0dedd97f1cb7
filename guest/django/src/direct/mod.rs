//! The direct path: text, values, filters and `{% if %}` are evaluated as they are written,
//! without minijinja's machine. Most templates need nothing else, and take a tenth of the memory.
//!
//! What a filter or an operator means is in `runtime`, for this path and the machine alike; a
//! property test holds the two together.

mod condition;
mod expression;
mod scope;
mod shape;
#[cfg(test)]
mod tests;

use minijinja::{Error, Value};

use self::expression::Filtered;
use super::{
    ast::{Expression, Node, Operand},
    error::RenderError,
    json_text::{Form, Position},
    output, python, runtime,
};

pub(super) use self::{condition::Condition, scope::Scope, shape::shaped};

/// A piece of a template.
#[derive(Clone, Debug)]
pub(super) enum Piece {
    Text(Box<str>),
    /// So many bytes of the text behind it are left out, and count as if they were written.
    LeftOut(usize),
    /// A variable's name and what is looked up in it, with dots between.
    Variable(Box<str>),
    /// Any other expression.
    Filtered(Box<Filtered>),
    If(Box<If>),
}

impl Piece {
    /// Whether it is an expression, which has a value.
    pub(super) fn is_expression(&self) -> bool {
        matches!(self, Self::Variable(_) | Self::Filtered(_))
    }

    /// The value of an expression, of which a missing one is `''`; none of anything else.
    pub(super) fn value(&self, scope: &Scope<'_>) -> Result<Option<Value>, Error> {
        let value = match self {
            Self::Variable(path) => expression::variable(scope, path)?.raw(),
            Self::Filtered(filtered) => filtered.value(scope)?,
            Self::Text(_) | Self::LeftOut(_) | Self::If(_) => return Ok(None),
        };
        scope.bounds.read(&value)?;
        Ok(Some(if value.is_undefined() {
            Value::from("")
        } else {
            value
        }))
    }
}

#[derive(Clone, Debug)]
pub(super) struct If {
    branches: Box<[(Condition, Box<[Piece]>)]>,
    otherwise: Box<[Piece]>,
}

/// The pieces of a template; none if it needs the machine.
pub(super) fn pieces(nodes: &[Node]) -> Option<Box<[Piece]>> {
    nodes.iter().map(piece).collect()
}

fn piece(node: &Node) -> Option<Piece> {
    Some(match node {
        Node::Text(text) => Piece::Text(text.as_str().into()),
        Node::Output(
            Expression {
                operand: Operand::Variable(path),
                filters,
            },
            _,
        ) if filters.is_empty() => Piece::Variable(path.join(".").into()),
        Node::Output(expression, _) => Piece::Filtered(Box::new(Filtered::of(expression))),
        Node::If {
            branches,
            otherwise,
        } => {
            let branches = branches
                .iter()
                .map(|(condition, body)| Some((Condition::of(condition), pieces(body)?)));
            Piece::If(Box::new(If {
                branches: branches.collect::<Option<_>>()?,
                otherwise: pieces(otherwise)?,
            }))
        }
        _ => return None,
    })
}

/// Writes the pieces at the end of `out`, which stays as it was if that fails; `position` says
/// whether as JSON text.
pub(super) fn render(
    pieces: &[Piece],
    scope: Scope<'_>,
    position: &mut Position,
    out: &mut String,
) -> Result<(), RenderError> {
    let start = out.len();
    let writer = Writer {
        scope,
        position: *position,
        is_shaped: false,
        start,
        left_out: 0,
        out,
    };
    *position = writer.all(pieces)?;
    Ok(())
}

/// Writes pieces that are [`shaped`] at the end of `out`, as compact JSON; it stays as it was if
/// that fails.
pub(super) fn render_shaped(
    pieces: &[Piece],
    scope: Scope<'_>,
    out: &mut String,
) -> Result<(), RenderError> {
    let start = out.len();
    let writer = Writer {
        scope,
        position: Position::Inside,
        is_shaped: true,
        start,
        left_out: 0,
        out,
    };
    writer.all(pieces).map(drop)
}

struct Writer<'a, 'b> {
    scope: Scope<'a>,
    position: Position,
    /// Whether all values stand inside of strings, so that the text between them need not be
    /// looked at.
    is_shaped: bool,
    /// Where the template's own output begins.
    start: usize,
    /// Bytes of it that are not written.
    left_out: usize,
    out: &'b mut String,
}

impl Writer<'_, '_> {
    /// Writes all pieces; where in a JSON text their output ends.
    fn all(mut self, pieces: &[Piece]) -> Result<Position, RenderError> {
        let written = self.pieces(pieces).and_then(|()| self.charge());
        written.map_err(|error| {
            self.out.truncate(self.start);
            RenderError::from_machine(&error, self.scope.bounds.limits)
        })?;
        Ok(self.position)
    }

    fn pieces(&mut self, pieces: &[Piece]) -> Result<(), Error> {
        for piece in pieces {
            if let Piece::LeftOut(bytes) = piece {
                self.left_out += bytes;
                continue;
            }
            self.scope.bounds.steps(1)?;
            match piece {
                Piece::Text(text) => {
                    if !self.is_shaped {
                        self.position.pass(text);
                    }
                    self.out.push_str(text);
                }
                Piece::Variable(path) => {
                    if !self.plain(path) {
                        let value = expression::variable(&self.scope, path)?.raw();
                        self.value(&value, Form::Value)?;
                    }
                }
                Piece::Filtered(filtered) => {
                    let value = filtered.unmarked(&self.scope)?;
                    self.value(&value, filtered.form())?;
                }
                Piece::If(conditional) => self.conditional(conditional)?,
                Piece::LeftOut(_) => {}
            }
            if self.written() > self.scope.bounds.limits.output_bytes {
                return Err(runtime::too_large(self.scope.bounds.limits));
            }
        }
        Ok(())
    }

    fn conditional(&mut self, conditional: &If) -> Result<(), Error> {
        for (condition, body) in &conditional.branches {
            if condition.holds(&self.scope)? {
                return self.pieces(body);
            }
        }
        self.pieces(&conditional.otherwise)
    }

    /// Writes a text or number of the event as it is written there, which is how it is printed and
    /// how it stands in a JSON string. Whether it could be.
    fn plain(&mut self, path: &str) -> bool {
        let is_plain = matches!(self.position, Position::Text | Position::Inside);
        if !is_plain || self.scope.call.autoescape {
            return false;
        }
        let text = self.scope.context.plain(path);
        text.map(|text| self.out.push_str(text)).is_some()
    }

    fn value(&mut self, value: &Value, form: Form) -> Result<(), Error> {
        self.scope.bounds.show(value)?;
        let escape = self.scope.call.autoescape;
        if self.position.place(value, escape, form, self.out) {
            return Ok(());
        }
        match form {
            Form::Safe => self.out.push_str(&python::as_text(value)),
            Form::Value | Form::Content => self.out.push_str(&output::rendered(value, escape)),
        }
        Ok(())
    }

    fn written(&self) -> usize {
        self.out.len() - self.start + self.left_out
    }

    fn charge(&self) -> Result<(), Error> {
        self.scope.bounds.write(self.written())
    }
}
