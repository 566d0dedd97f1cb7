//! Conditions, evaluated without the machine. What raises an error travels as a value, which its
//! operator takes for false.

use minijinja::{Error, Value};

use super::{
    expression::{Call, Operand},
    scope::Scope,
};
use crate::{
    ast::{self, Operator},
    runtime::operators,
};

/// A condition, ready to be tested.
#[derive(Clone, Debug)]
pub(crate) enum Condition {
    Value(Operand, Box<[Call]>),
    Not(Box<Condition>),
    /// Two operands, or more of `and` and `or`.
    Operation(Operator, Box<[Condition]>),
}

impl Condition {
    pub(crate) fn of(condition: &ast::Condition) -> Self {
        match condition {
            ast::Condition::Value(expression) => Self::Value(
                Operand::of(&expression.operand),
                Call::all_of(&expression.filters),
            ),
            ast::Condition::Not(inner) => Self::Not(Box::new(Self::of(inner))),
            ast::Condition::Operation(operator, operands) => {
                Self::Operation(*operator, operands.iter().map(Self::of).collect())
            }
        }
    }

    /// Whether it holds.
    pub(crate) fn holds(&self, scope: &Scope<'_>) -> Result<bool, Error> {
        operators::truth(&self.answer(scope)?)
    }

    /// What its operator gives: in Python `and` and `or` give one of their operands.
    fn answer(&self, scope: &Scope<'_>) -> Result<Value, Error> {
        scope.bounds.steps(1)?;
        match self {
            Self::Value(operand, calls) => value(operand, calls, scope),
            Self::Not(inner) => Ok(operators::negate(&inner.answer(scope)?).into()),
            Self::Operation(Operator::And, operands) => all_of(operands, scope),
            Self::Operation(Operator::Or, operands) => any_of(operands, scope),
            Self::Operation(operator, operands) => match &**operands {
                [left, right] => {
                    let (left, right) = (left.answer(scope)?, right.answer(scope)?);
                    let answer = operators::answer(*operator, (&left, &right), scope.bounds)?;
                    Ok(answer.into())
                }
                _ => Ok(false.into()),
            },
        }
    }
}

/// An operand's value. One that is missing is None, and a filter's error becomes a value.
fn value(operand: &Operand, calls: &[Call], scope: &Scope<'_>) -> Result<Value, Error> {
    let mut value = operand.value(scope)?;
    if value.is_undefined() && operand.is_variable() {
        value = Value::from(());
    }
    for call in calls {
        value = operators::apply_quietly(&value, |value| call.apply(value, scope))?;
    }
    Ok(value)
}

/// `and`, which stops at the first operand that is false or raises an error.
fn all_of(operands: &[Condition], scope: &Scope<'_>) -> Result<Value, Error> {
    let mut answer = Value::from(true);
    for operand in operands {
        answer = operators::no_error(operand.answer(scope)?);
        if !answer.is_true() {
            break;
        }
    }
    Ok(answer)
}

/// `or`, which stops at the first operand that is true. One that raises an error makes its own
/// `or` false, so the first takes the second with it.
fn any_of(operands: &[Condition], scope: &Scope<'_>) -> Result<Value, Error> {
    let mut answer = Value::from(false);
    let mut skips = false;
    for (place, operand) in operands.iter().enumerate() {
        if std::mem::take(&mut skips) {
            continue;
        }
        let next = operand.answer(scope)?;
        skips = place == 0 && operators::is_failure(&next);
        answer = operators::no_error(next);
        if answer.is_true() {
            break;
        }
    }
    Ok(answer)
}
