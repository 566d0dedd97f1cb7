//! What the emitted minijinja source calls: Django's meaning of output,
//! lookups, filters, operators and tags.

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
    AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value,
    syntax::SyntaxConfig, value::Rest,
};

pub(super) use {
    failure::too_large,
    json_text::position,
    lookup::{Found, at},
    root::{Root, variable},
};

use self::{
    failure::{failed, out_of_fuel},
    root::now,
    state::{Progress, escapes},
};
use super::{
    Limits,
    decimal::Decimal,
    filters::{self, Call, Filter, FilterError},
    json,
    meter::Meter,
    output::rendered,
    python,
};

/// Ends the name of a template whose output is escaped.
pub(super) const ESCAPED: &str = ".html";

/// The most steps that the machine can count.
const MOST_FUEL: u64 = 0x7fff_ffff;

/// Makes an environment that knows nothing but Django's dialect.
pub(super) fn environment(bounds: &Bounds) -> Environment<'static> {
    let mut environment = Environment::empty();
    // minijinja counts in `isize`, which has 32 bits in a component.
    environment.set_fuel(Some(bounds.limits.fuel.min(MOST_FUEL)));
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
                Some(filter) => of_quiet.apply(filter, value, arguments.first(), &call(state)),
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

/// What a render may use, and what is left of it.
#[derive(Clone, Debug)]
pub(super) struct Bounds {
    pub(super) limits: Limits,
    pub(super) meter: Meter,
}

impl Bounds {
    /// Takes steps.
    pub(super) fn steps(&self, steps: u64) -> Result<(), Error> {
        Self::enough(self.meter.step(steps))
    }

    /// Takes the steps of a value that was looked up.
    pub(super) fn read(&self, value: &Value) -> Result<(), Error> {
        self.make(length(value))
    }

    /// Takes the steps of so many bytes.
    pub(super) fn make(&self, bytes: usize) -> Result<(), Error> {
        Self::enough(self.meter.make(bytes))
    }

    /// Takes what a render has written.
    pub(super) fn write(&self, bytes: usize) -> Result<(), Error> {
        if !self.meter.write(bytes) {
            return Err(too_large(self.limits));
        }
        self.make(bytes)
    }

    /// Calls a filter as Django's `FilterExpression` does.
    pub(super) fn apply(
        &self,
        filter: &Filter,
        value: &Value,
        argument: Option<&Value>,
        call: &Call,
    ) -> Result<Value, Error> {
        if argument.is_some_and(Value::is_undefined) {
            let message = format!(
                "the argument of the filter `{}` is a variable that does not exist",
                filter.name
            );
            return Err(Error::new(ErrorKind::UndefinedError, message));
        }
        let empty = Value::from("");
        let value = if value.is_undefined() { &empty } else { value };
        let call = Call {
            most_bytes: self.limits.output_bytes,
            ..*call
        };
        let result = (filter.function)(value, argument, &call).map_err(|error| match error {
            FilterError::TooLarge(_) => too_large(self.limits),
            FilterError::Failed(_) => {
                failed(format!("the filter `{}` failed: {error}", filter.name))
            }
        })?;
        let (read, made) = (length(value), length(&result));
        if made > self.limits.output_bytes {
            return Err(too_large(self.limits));
        }
        self.make(read.saturating_add(made))?;
        if filter.is_safe && value.is_safe() && !result.is_safe() {
            return Ok(Value::from_safe_string(python::to_str(&result)));
        }
        Ok(result)
    }

    fn enough(is_enough: bool) -> Result<(), Error> {
        if is_enough {
            Ok(())
        } else {
            Err(out_of_fuel())
        }
    }
}

/// The size that a value is charged by: a text's bytes, a container's members.
fn length(value: &Value) -> usize {
    let length = python::text(value).map(str::len).or_else(|| value.len());
    length.unwrap_or(0)
}
