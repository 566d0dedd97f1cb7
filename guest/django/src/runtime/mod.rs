//! What the emitted minijinja source calls: Django's meaning of output,
//! lookups, filters, operators and tags.

mod bounds;
mod failure;
mod json_text;
mod lookup;
mod loops;
#[cfg(feature = "web")]
mod lorem;
pub(super) mod operators;
mod root;
mod state;
mod tags;
mod typed;

use minijinja::{
    AutoEscape, Environment, Error, Output, State, UndefinedBehavior, Value, syntax::SyntaxConfig,
    value::Rest,
};

pub(super) use {
    bounds::{Bounds, least_of_call},
    failure::too_large,
    json_text::position,
    lookup::{Found, at},
    root::{Root, variable},
};

use self::{
    failure::failed,
    root::now,
    state::{Progress, escapes},
};
use super::{
    decimal::Decimal,
    filters::{self, Call},
    json,
    output::rendered,
    python,
};

/// Ends the name of a template whose output is escaped.
pub(super) const ESCAPED: &str = ".html";

/// Makes an environment that knows nothing but Django's dialect.
pub(super) fn environment(bounds: &Bounds) -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    if let Ok(syntax) = SyntaxConfig::builder().keep_trailing_newline(true).build() {
        environment.set_syntax(syntax);
    }
    environment.set_auto_escape_callback(|name| {
        if name.ends_with(ESCAPED) {
            AutoEscape::Html
        } else {
            AutoEscape::None
        }
    });
    let of_output = bounds.clone();
    environment.set_formatter(move |out, state, value| write_output(out, state, value, &of_output));
    for name in filters::names() {
        if let Some(filter) = filters::find(name) {
            let bounds = bounds.clone();
            environment.add_filter(
                name,
                move |state: &State<'_, '_>, value: Value, arguments: Rest<Value>| {
                    let bounds = bounds.beside(state);
                    bounds.apply(filter, &value, arguments.first(), &call(state))
                },
            );
        }
    }
    let of_quiet = bounds.clone();
    environment.add_filter(
        "quietly",
        move |state: &State<'_, '_>, value: Value, name: &str, arguments: Rest<Value>| {
            operators::apply_quietly(&value, |value| match filters::find(name) {
                Some(filter) => {
                    let bounds = of_quiet.beside(state);
                    bounds.apply(filter, value, arguments.first(), &call(state))
                }
                None => Ok(value.clone()),
            })
        },
    );
    let of_lookups = bounds.clone();
    environment.add_filter(
        "at",
        move |state: &State<'_, '_>, value: Value, path: &str| {
            let bounds = of_lookups.beside(state);
            at(Found::Computed(value), path.split('.'), bounds).map(Found::value)
        },
    );
    environment.add_filter("raw", raw);
    environment.add_filter("filtered", |value: Value| match python::text(&value) {
        Some(_) => Ok(raw(value)),
        None => Err(failed("the tag `filter` needs filters that give text")),
    });
    environment.add_filter("or_none", |value: Value| or(value, Value::from(())));
    environment.add_filter("or_empty", |value: Value| or(value, Value::from("")));
    let of_outputs = bounds.clone();
    environment.add_filter("as_output", move |state: &State<'_, '_>, value: &Value| {
        of_outputs.beside(state).show(value)?;
        Ok(as_output(state, value))
    });
    environment.add_function("number", |text: &str| number(text));
    json_text::add_to(&mut environment, bounds);
    operators::add_to(&mut environment, bounds);
    tags::add_to(&mut environment, bounds);
    #[cfg(feature = "web")]
    lorem::add_to(&mut environment, bounds.limits);
    environment
}

/// What a filter knows of the place it is called from.
fn call(state: &State<'_, '_>) -> Call {
    Call {
        autoescape: escapes(state),
        now: now(state),
        ..Call::default()
    }
}

/// Text that is written as it is.
fn raw(value: Value) -> Value {
    match python::text(&value) {
        Some(text) if !value.is_safe() => Value::from_safe_string(text.to_owned()),
        _ => value,
    }
}

fn or(value: Value, instead: Value) -> Value {
    if value.is_undefined() { instead } else { value }
}

/// A number of a template's source, exactly as written where a float would differ.
pub(super) fn number(text: &str) -> Value {
    let is_integer = !text.contains(['.', 'e', 'E']);
    match text.parse::<f64>() {
        Ok(number) if !is_integer && (number.is_infinite() || is_exact(number, text)) => {
            Value::from(number)
        }
        _ => json::parse(text).unwrap_or_default(),
    }
}

/// Whether a float prints as the number that the text is.
fn is_exact(number: f64, text: &str) -> bool {
    let pair = Decimal::from_f64(number).zip(Decimal::parse(text));
    pair.is_some_and(|(number, text)| number.compare(&text).is_eq())
}

/// Writes a value as Django's `{{ value }}` does, and counts it.
fn write_output(
    out: &mut Output<'_>,
    state: &mut State<'_, '_>,
    value: &Value,
    bounds: &Bounds,
) -> Result<(), Error> {
    let bounds = bounds.beside(state);
    bounds.show(value)?;
    let text = rendered(value, escapes(state));
    bounds.make(text.len())?;
    let progress = state.get_or_insert_extension_with(Progress::default);
    progress.written = progress.written.saturating_add(text.len());
    if progress.written > bounds.limits.output_bytes.saturating_mul(2) {
        return Err(too_large(bounds.limits));
    }
    out.write_str(&text).map_err(Error::from)
}

/// What would be written, as a value.
fn as_output(state: &State<'_, '_>, value: &Value) -> Value {
    let escape = escapes(state);
    let text = rendered(value, escape).into_owned();
    if escape || value.is_safe() {
        Value::from_safe_string(text)
    } else {
        Value::from(text)
    }
}
