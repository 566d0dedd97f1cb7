//! What the emitted minijinja source calls: Django's meaning of output,
//! lookups, filters, operators and tags.

mod failure;
mod json_text;
mod lookup;
mod loops;
#[cfg(feature = "web")]
mod lorem;
mod operators;
mod root;
mod state;
mod tags;
mod typed;

use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value,
    syntax::SyntaxConfig, value::Rest,
};

pub(super) use {
    json_text::position,
    lookup::{Found, at},
    root::{Root, variable},
};

use self::{
    failure::{failed, out_of_fuel, too_large},
    root::now,
    state::{Progress, escapes},
};
use super::{
    Limits,
    decimal::Decimal,
    filters::{self, Call, Filter},
    json,
    meter::Meter,
    output::rendered,
    python,
};

/// Ends the name of a template whose output is escaped.
pub(super) const ESCAPED: &str = ".html";

/// Makes an environment that knows nothing but Django's dialect.
pub(super) fn environment(limits: Limits, meter: &Meter) -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.set_fuel(Some(limits.fuel));
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
    let bounds = || Bounds {
        limits,
        meter: meter.clone(),
    };
    let of_output = bounds();
    environment.set_formatter(move |out, state, value| write_output(out, state, value, &of_output));
    for name in filters::names() {
        if let Some(filter) = filters::find(name) {
            let bounds = bounds();
            environment.add_filter(
                name,
                move |state: &State<'_, '_>, value: Value, arguments: Rest<Value>| {
                    apply(filter, state, &value, arguments.first(), &bounds)
                },
            );
        }
    }
    let of_quiet = bounds();
    environment.add_filter(
        "quietly",
        move |state: &State<'_, '_>, value: Value, name: &str, arguments: Rest<Value>| {
            operators::apply_quietly(&value, |value| match filters::find(name) {
                Some(filter) => apply(filter, state, value, arguments.first(), &of_quiet),
                None => Ok(value.clone()),
            })
        },
    );
    environment.add_filter("at", |value: Value, path: &str| {
        at(Found::Computed(value), path.split('.')).value()
    });
    environment.add_filter("raw", raw);
    environment.add_filter("filtered", |value: Value| match python::text(&value) {
        Some(_) => Ok(raw(value)),
        None => Err(failed("the tag `filter` needs filters that give text")),
    });
    environment.add_filter("or_none", |value: Value| or(value, Value::from(())));
    environment.add_filter("or_empty", |value: Value| or(value, Value::from("")));
    environment.add_filter("as_output", as_output);
    environment.add_function("number", |text: &str| number(text));
    json_text::add_to(&mut environment);
    operators::add_to(&mut environment);
    tags::add_to(&mut environment);
    #[cfg(feature = "web")]
    lorem::add_to(&mut environment, limits);
    environment
}

/// What a render may use, and what is left of it.
struct Bounds {
    limits: Limits,
    meter: Meter,
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
fn number(text: &str) -> Value {
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
    let text = rendered(value, escapes(state));
    if !bounds.meter.make(text.len()) {
        return Err(out_of_fuel());
    }
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

/// Calls a filter as Django's `FilterExpression` does.
fn apply(
    filter: &Filter,
    state: &State<'_, '_>,
    value: &Value,
    argument: Option<&Value>,
    bounds: &Bounds,
) -> Result<Value, Error> {
    if argument.is_some_and(Value::is_undefined) {
        let message = format!(
            "the argument of the filter `{}` is a variable that does not exist",
            filter.name
        );
        return Err(Error::new(ErrorKind::UndefinedError, message));
    }
    let call = Call {
        autoescape: escapes(state),
        now: now(state),
    };
    let empty = Value::from("");
    let value = if value.is_undefined() { &empty } else { value };
    let result = (filter.function)(value, argument, &call)
        .map_err(|error| failed(format!("the filter `{}` failed: {error}", filter.name)))?;
    let length = |value: &Value| python::text(value).map(str::len).or_else(|| value.len());
    let (read, made) = (length(value).unwrap_or(0), length(&result).unwrap_or(0));
    if made > bounds.limits.output_bytes {
        return Err(too_large(bounds.limits));
    }
    if !bounds.meter.make(read.saturating_add(made)) {
        return Err(out_of_fuel());
    }
    if filter.is_safe && value.is_safe() && !result.is_safe() {
        return Ok(Value::from_safe_string(python::to_str(&result)));
    }
    Ok(result)
}
