//! What a template sees.

use std::sync::Arc;

use minijinja::{State, Value, value::Object};

use crate::{Context, dates::Timestamp, emit, json::undeclared, json_text::Position};

/// What a template sees beside what its tags bind.
#[derive(Debug)]
pub(in super::super) struct Root {
    variables: Value,
    now: Option<Timestamp>,
    /// Where the output begins.
    pub(super) position: Position,
}

impl Root {
    pub(in super::super) fn new(context: &Context, position: Position) -> Self {
        Self {
            variables: context.variables.clone(),
            now: context.now,
            position,
        }
    }
}

impl Object for Root {
    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        if key == "root" {
            return Some(Value::from_dyn_object(self.clone()));
        }
        Some(undeclared(variable(
            &self.variables,
            &emit::django_name(key)?,
        )))
        .filter(|value| !value.is_undefined())
    }
}

/// A variable by its first name; undefined if there is none.
pub(in super::super) fn variable(variables: &Value, name: &str) -> Value {
    match variables.get_attr(name) {
        Ok(value) if !value.is_undefined() => value,
        _ => match name {
            "True" => Value::from(true),
            "False" => Value::from(false),
            "None" => Value::from(()),
            _ => Value::UNDEFINED,
        },
    }
}

/// The event's time.
pub(super) fn now(state: &State<'_, '_>) -> Option<Timestamp> {
    state.lookup("root")?.downcast_object_ref::<Root>()?.now
}
