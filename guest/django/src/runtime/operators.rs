//! Conditions. An operand that raises an error makes its operator false, so
//! errors travel as values until something asks whether the whole is true.

use std::{cmp::Ordering, sync::Arc};

use minijinja::{
    Environment, Error, ErrorKind, State, Value,
    value::{Object, ObjectRepr},
};

use super::{bounds::Bounds, failure::failed};
use crate::{
    ast::Operator,
    json::{JsonArray, JsonObject},
    python::{self, Kind, kind_as_a_whole},
};

/// An error on its way to the operator that swallows it.
#[derive(Debug)]
struct Failure {
    message: String,
    /// Whether a variable was missing, which `{% if %}` itself swallows.
    is_missing: bool,
}

impl Object for Failure {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }
}

/// Ends an `or` whose first operand raised an error, which makes it false.
#[derive(Debug)]
struct Stop;

impl Object for Stop {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }
}

pub(crate) fn is_failure(value: &Value) -> bool {
    value.downcast_object_ref::<Failure>().is_some()
}

/// Calls a filter so that its error becomes a value. Limits stay errors.
pub(crate) fn apply_quietly(
    value: &Value,
    filter: impl FnOnce(&Value) -> Result<Value, Error>,
) -> Result<Value, Error> {
    if is_failure(value) {
        return Ok(value.clone());
    }
    filter(value).or_else(|error| match error.kind() {
        ErrorKind::WriteFailure | ErrorKind::OutOfFuel => Err(error),
        kind => Ok(Value::from_object(Failure {
            message: error.detail().unwrap_or_default().to_owned(),
            is_missing: kind == ErrorKind::UndefinedError,
        })),
    })
}

/// Adds the functions that conditions are made of.
pub(super) fn add_to(environment: &mut Environment<'_>, bounds: &Bounds) {
    environment.add_function("truth", truth);
    environment.add_function("negate", negate);
    environment.add_filter("no_error", no_error);
    environment.add_filter("error_stops", |operand: Value| {
        if is_failure(&operand) {
            Value::from_object(Stop)
        } else {
            operand
        }
    });
    environment.add_filter("no_stop", |answer: Value| {
        if answer.downcast_object_ref::<Stop>().is_some() {
            Value::from(false)
        } else {
            answer
        }
    });
    for operator in Operator::OF_VALUES {
        let bounds = bounds.clone();
        let function = move |state: &State<'_, '_>, left: &Value, right: &Value| {
            answer(operator, (left, right), bounds.beside(state))
        };
        environment.add_function(operator.function(), function);
    }
}

/// `not`
pub(crate) fn negate(value: &Value) -> bool {
    !is_failure(value) && !python::is_true(value)
}

/// An operand of `and` or `or`, which take an error for false.
pub(crate) fn no_error(operand: Value) -> Value {
    if is_failure(&operand) {
        Value::from(false)
    } else {
        operand
    }
}

/// What an operator of two values answers, if there are steps for it.
pub(crate) fn answer(
    operator: Operator,
    (left, right): (&Value, &Value),
    bounds: &Bounds,
) -> Result<bool, Error> {
    let is_lookup = matches!(operator, Operator::In | Operator::NotIn)
        && right.downcast_object_ref::<JsonObject>().is_some();
    if is_lookup {
        bounds.look_up(left)?;
    } else {
        bounds.compare(left, right)?;
    }
    Ok(holds(operator, left, right))
}

fn holds(operator: Operator, left: &Value, right: &Value) -> bool {
    if is_failure(left) || is_failure(right) {
        return false;
    }
    let order = || python::compare(left, right);
    match operator {
        Operator::Equal => python::equals(left, right),
        Operator::NotEqual => !python::equals(left, right),
        Operator::In => python::contains(right, left).unwrap_or(false),
        Operator::NotIn => python::contains(right, left).is_ok_and(|found| !found),
        Operator::Is => is_same(left, right),
        Operator::IsNot => !is_same(left, right),
        Operator::Less => order().is_some_and(Ordering::is_lt),
        Operator::Greater => order().is_some_and(Ordering::is_gt),
        Operator::LessOrEqual => order().is_some_and(Ordering::is_le),
        Operator::GreaterOrEqual => order().is_some_and(Ordering::is_ge),
        // They stop at the first answer, so they are no functions of two values.
        Operator::And | Operator::Or => false,
    }
}

/// The value of an operand that is needed after all, or its error.
pub(super) fn needed(value: Value) -> Result<Value, Error> {
    match value.downcast_object_ref::<Failure>() {
        Some(failure) => Err(failed(failure.message.clone())),
        None => Ok(value),
    }
}

/// Whether the error of an operand is that a variable does not exist.
pub(super) fn is_missing(value: &Value) -> bool {
    value
        .downcast_object_ref::<Failure>()
        .is_some_and(|failure| failure.is_missing)
}

/// Whether a condition holds that gives this.
pub(crate) fn truth(value: &Value) -> Result<bool, Error> {
    if is_missing(value) {
        return Ok(false);
    }
    needed(value.clone()).map(|value| python::is_true(&value))
}

/// Python's `is`, as far as values out of JSON have an identity: the constants, small
/// integers, and containers that are the same variable. Texts, numbers and dates of one type
/// are the same where they are equal: one that is asked of is mostly the same variable.
fn is_same(left: &Value, right: &Value) -> bool {
    match (kind_as_a_whole(left), kind_as_a_whole(right)) {
        (Kind::None, Kind::None) => true,
        (Kind::Bool(one), Kind::Bool(other)) => one == other,
        (Kind::Int(one), Kind::Int(other)) => one == other,
        (Kind::Str(one), Kind::Str(other)) => one == other,
        (Kind::Long(_), Kind::Long(_))
        | (Kind::Float(_), Kind::Float(_))
        | (Kind::Decimal(_), Kind::Decimal(_))
        | (Kind::Moment(_), Kind::Moment(_)) => python::equals(left, right),
        _ => is_same_object::<JsonObject>(left, right) || is_same_object::<JsonArray>(left, right),
    }
}

fn is_same_object<T: Object + 'static>(left: &Value, right: &Value) -> bool {
    match (
        left.downcast_object_ref::<T>(),
        right.downcast_object_ref::<T>(),
    ) {
        (Some(one), Some(other)) => std::ptr::eq(one, other),
        _ => false,
    }
}
