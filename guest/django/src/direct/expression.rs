//! Filter expressions, evaluated without the machine.

use minijinja::{Error, Value};

use super::scope::Scope;
use crate::{
    ast::{self, Expression, FilterCall},
    filters::Filter,
    json_text::Form,
    python,
    runtime::{self, Found},
};

/// What an expression starts with, or a filter's argument.
#[derive(Clone, Debug)]
pub(crate) enum Operand {
    /// A name and what is looked up in it, with dots between.
    Variable(Box<str>),
    Constant(Value),
}

impl Operand {
    pub(super) fn of(operand: &ast::Operand) -> Self {
        match operand {
            ast::Operand::Variable(path) => Self::Variable(path.join(".").into()),
            ast::Operand::Text(text) => Self::Constant(Value::from_safe_string(text.clone())),
            ast::Operand::Number(text) => Self::Constant(match text.parse::<u32>() {
                Ok(number) => number.into(),
                Err(_) => runtime::number(text),
            }),
        }
    }

    /// Its value; undefined where a variable leads nowhere.
    pub(super) fn value(&self, scope: &Scope<'_>) -> Result<Value, Error> {
        Ok(match self {
            Self::Variable(path) => variable(scope, path)?.value(),
            Self::Constant(value) => value.clone(),
        })
    }

    pub(super) fn is_variable(&self) -> bool {
        matches!(self, Self::Variable(_))
    }
}

/// What a variable's path leads to.
pub(super) fn variable(scope: &Scope<'_>, path: &str) -> Result<Found, Error> {
    let variables = &scope.context.variables;
    match path.split_once('.') {
        None => Ok(Found::Field(runtime::variable(variables, path))),
        Some((name, steps)) => {
            let first = Found::Field(runtime::variable(variables, name));
            runtime::at(first, steps.split('.'), scope.bounds)
        }
    }
}

/// `|filter:argument`
#[derive(Clone, Debug)]
pub(crate) struct Call {
    filter: &'static Filter,
    argument: Option<Operand>,
}

impl Call {
    pub(super) fn all_of(calls: &[FilterCall]) -> Box<[Self]> {
        let call = |call: &FilterCall| Self {
            filter: call.filter,
            argument: call.argument.as_ref().map(Operand::of),
        };
        calls.iter().map(call).collect()
    }

    pub(super) fn apply(&self, value: &Value, scope: &Scope<'_>) -> Result<Value, Error> {
        let argument = self.argument.as_ref();
        let argument = argument.map(|argument| argument.value(scope)).transpose()?;
        scope
            .bounds
            .apply(self.filter, value, argument.as_ref(), &scope.call)
    }
}

/// An expression that is written, or whose value is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Filtered {
    operand: Operand,
    /// Its filters, without `safe` at their end.
    calls: Box<[Call]>,
    form: Form,
}

impl Filtered {
    pub(super) fn of(expression: &Expression) -> Self {
        let (form, filters) = Form::of(expression);
        Self {
            operand: Operand::of(&expression.operand),
            calls: Call::all_of(filters),
            form,
        }
    }

    pub(super) fn form(&self) -> Form {
        self.form
    }

    /// Its value, not marked by a `safe` at the end of its filters.
    pub(super) fn unmarked(&self, scope: &Scope<'_>) -> Result<Value, Error> {
        let start = self.operand.value(scope)?;
        let mut calls = self.calls.iter();
        calls.try_fold(start, |value, call| call.apply(&value, scope))
    }

    /// Its value.
    pub(super) fn value(&self, scope: &Scope<'_>) -> Result<Value, Error> {
        let value = self.unmarked(scope)?;
        Ok(match self.form {
            Form::Safe => Value::from_safe_string(python::to_str(&value)),
            Form::Value | Form::Content => value,
        })
    }
}
