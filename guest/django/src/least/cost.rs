//! What rendering takes of its bounds at least, whatever the variables are.

use crate::{
    ast::{Condition, Expression, FilterCall, Node, Operand, Operator},
    json_text::Form,
    meter,
    runtime::least_of_call,
};

/// What something takes of a trigger's bounds at least.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Bytes of output.
    pub bytes: usize,
    /// Steps.
    pub steps: u64,
}

impl Cost {
    /// Of both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            bytes: self.bytes.saturating_add(other.bytes),
            steps: self.steps.saturating_add(other.steps),
        }
    }

    /// Of the same, so many times.
    #[must_use]
    pub fn times(self, count: u32) -> Self {
        let bytes = usize::try_from(count).unwrap_or(usize::MAX);
        Self {
            bytes: self.bytes.saturating_mul(bytes),
            steps: self.steps.saturating_mul(count.into()),
        }
    }

    /// Of writing so many bytes, and of these steps before.
    pub(crate) fn of_writing(bytes: usize, steps: u64) -> Self {
        let steps = steps.saturating_add(meter::steps_of(bytes));
        Self { bytes, steps }
    }
}

/// The least steps of nodes that are rendered without the machine, but for what they write.
pub(crate) fn steps(nodes: &[Node]) -> u64 {
    nodes
        .iter()
        .map(|one| 1 + node(one))
        .fold(0, u64::saturating_add)
}

fn node(node: &Node) -> u64 {
    match node {
        Node::Output(expression, _) => value(expression),
        Node::If {
            branches,
            otherwise,
        } => {
            let branches = branches.iter().rev();
            branches.fold(steps(otherwise), |rest, (asked, body)| {
                condition(asked).saturating_add(rest.min(steps(body)))
            })
        }
        _ => 0,
    }
}

/// The least steps of the value of one expression, which is looked at as a whole.
pub(crate) fn value_steps(nodes: &[Node]) -> u64 {
    match nodes {
        [Node::Output(expression, _)] => 1 + value(expression),
        _ => 0,
    }
}

/// The least steps of a value that is made.
fn value(expression: &Expression) -> u64 {
    let (_, filters) = Form::of(expression);
    let calls = filters.iter().map(|call| begun(call) + meter::steps_of(0));
    calls.fold(0, u64::saturating_add)
}

/// The least steps of a condition.
pub(crate) fn condition(asked: &Condition) -> u64 {
    1 + match asked {
        Condition::Value(expression) => first_call(expression),
        Condition::Not(inner) => condition(inner),
        // The others may not be asked.
        Condition::Operation(Operator::And | Operator::Or, operands) => {
            operands.first().map_or(0, condition)
        }
        Condition::Operation(_, operands) => {
            operands.iter().map(condition).fold(0, u64::saturating_add)
        }
    }
}

/// In a condition a filter that fails makes the others be left out, and one without its
/// argument is not even called.
fn first_call(expression: &Expression) -> u64 {
    match expression.filters.first() {
        Some(call) if !matches!(call.argument, Some(Operand::Variable(_))) => begun(call),
        _ => 0,
    }
}

/// The least steps that a filter takes until it fails.
fn begun(call: &FilterCall) -> u64 {
    least_of_call(call.argument.is_some())
}
