//! What the emitted source of a template calls that may be JSON text.

use minijinja::{Environment, Error, State, Value};

use super::{
    bounds::Bounds,
    root::Root,
    state::{Progress, escapes},
};
use crate::{
    json_text::{ARGUMENT, FORMS, Form, Position},
    python,
};

/// Adds what such templates call.
pub(super) fn add_to(environment: &mut Environment<'_>, bounds: &Bounds) {
    environment.add_function("begin", |state: &mut State<'_, '_>| {
        let root = state.lookup("root");
        let root = root.as_ref().and_then(Value::downcast_object_ref::<Root>);
        let position = root.map(|root| root.position);
        progress(state).position = position;
        ""
    });
    environment.add_function("text", |state: &mut State<'_, '_>, text: &str| {
        if let Some(position) = &mut progress(state).position {
            position.pass(text);
        }
        Value::from_safe_string(text.to_owned())
    });
    for (name, form) in FORMS {
        let bounds = bounds.clone();
        let placed = move |state: &mut State<'_, '_>, value: &Value| -> Result<Value, Error> {
            bounds.beside(state).show(value)?;
            Ok(placed(state, value, form))
        };
        environment.add_filter(name, placed);
    }
    let bounds = bounds.clone();
    let argument =
        move |state: &mut State<'_, '_>, value: &Value, escape: bool| -> Result<Value, Error> {
            bounds.beside(state).show(value)?;
            let written = position(state).argument(value, escape);
            Ok(written.unwrap_or_else(|| value.clone()))
        };
    environment.add_filter(ARGUMENT, argument);
    environment.add_function("place", |state: &mut State<'_, '_>| {
        Value::from_object(Mark(position(state)))
    });
    environment.add_function("back_to", |state: &mut State<'_, '_>, mark: &Value| {
        if let Some(Mark(position)) = mark.downcast_object_ref() {
            progress(state).position = Some(*position);
        }
        ""
    });
}

/// Where the output stands.
pub(crate) fn position(state: &State<'_, '_>) -> Position {
    let progress = state.get_extension::<Progress>();
    progress
        .and_then(|progress| progress.position)
        .unwrap_or(Position::Text)
}

/// A place in the output to go back to.
#[derive(Debug)]
struct Mark(Position);

impl minijinja::value::Object for Mark {}

fn progress<'a>(state: &'a mut State<'_, '_>) -> &'a mut Progress {
    state.get_or_insert_extension_with(Progress::default)
}

fn placed(state: &mut State<'_, '_>, value: &Value, form: Form) -> Value {
    let escape = escapes(state);
    let position = progress(state).position.as_mut();
    let mut text = String::new();
    if position.is_some_and(|position| position.place(value, escape, form, &mut text)) {
        return Value::from_safe_string(text);
    }
    match form {
        Form::Safe => Value::from_safe_string(python::to_str(value)),
        Form::Value | Form::Content => value.clone(),
    }
}
