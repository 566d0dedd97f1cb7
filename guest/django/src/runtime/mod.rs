//! What the emitted minijinja source calls: Django's meaning of output,
//! lookups, filters, operators and tags.

mod json_text;
mod lookup;
mod loops;
mod lorem;
mod operators;
mod state;
mod tags;
mod typed;

use std::sync::Arc;

use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value,
    syntax::SyntaxConfig,
    value::{Object, Rest},
};

pub(super) use {
    json_text::{FORMS, position},
    lookup::{Found, at},
};

use self::state::Progress;
use super::{
    Limits,
    dates::Timestamp,
    decimal::Decimal,
    emit,
    filters::{self, Call, Filter, html},
    json::{self, undeclared},
    json_text::Position,
    python::{self, Kind},
};

/// Ends the name of a template whose output is escaped.
pub(super) const ESCAPED: &str = ".html";

/// Makes an environment that knows nothing but Django's dialect.
pub(super) fn environment(limits: Limits) -> Environment<'static> {
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
    environment.set_formatter(move |out, state, value| write_output(out, state, value, limits));
    for name in filters::names() {
        if let Some(filter) = filters::find(name) {
            environment.add_filter(
                name,
                move |state: &State<'_, '_>, value: Value, arguments: Rest<Value>| {
                    apply(filter, state, &value, arguments.first(), limits)
                },
            );
        }
    }
    environment.add_filter(
        "quietly",
        move |state: &State<'_, '_>, value: Value, name: &str, arguments: Rest<Value>| {
            operators::apply_quietly(&value, |value| match filters::find(name) {
                Some(filter) => apply(filter, state, value, arguments.first(), limits),
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
    tags::add_to(&mut environment, limits);
    environment
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

/// What a template sees beside what its tags bind.
#[derive(Debug)]
pub(super) struct Root {
    variables: Value,
    now: Option<Timestamp>,
    /// Where the output begins.
    position: Position,
}

impl Root {
    pub(super) fn new(context: &super::Context, position: Position) -> Self {
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
pub(super) fn variable(variables: &Value, name: &str) -> Value {
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
fn now(state: &State<'_, '_>) -> Option<Timestamp> {
    state.lookup("root")?.downcast_object_ref::<Root>()?.now
}

fn escapes(state: &State<'_, '_>) -> bool {
    !matches!(state.auto_escape(), AutoEscape::None)
}

fn failed(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidOperation, message)
}

fn too_large(limits: Limits) -> Error {
    Error::new(
        ErrorKind::WriteFailure,
        format!("more than {} bytes", limits.output_bytes),
    )
}

/// Writes a value as Django's `{{ value }}` does, and counts it.
fn write_output(
    out: &mut Output<'_>,
    state: &mut State<'_, '_>,
    value: &Value,
    limits: Limits,
) -> Result<(), Error> {
    let text = rendered(value, escapes(state));
    let progress = state.get_or_insert_extension_with(Progress::default);
    progress.written = progress.written.saturating_add(text.len());
    if progress.written > limits.output_bytes.saturating_mul(2) {
        return Err(too_large(limits));
    }
    out.write_str(&text).map_err(Error::from)
}

/// A value as text, escaped where that is due.
pub(super) fn rendered(value: &Value, escape: bool) -> std::borrow::Cow<'_, str> {
    match python::kind(value) {
        Kind::Float(_) => {
            if let Some(digits) = long_float(value) {
                return digits.into();
            }
        }
        Kind::Decimal(decimal) => return decimal_output(decimal).into(),
        Kind::Moment(moment) => return moment.localized().unwrap_or_default().into(),
        _ => {}
    }
    let text = python::as_text(value);
    if escape && !value.is_safe() && text.contains(['&', '<', '>', '"', '\'']) {
        html::escape(&text).into()
    } else {
        text
    }
}

/// The most digits of a float that Django writes without an exponent.
const MOST_DIGITS: usize = 200;

/// A decimal as Django's output has it: with an exponent only where it would be very long.
fn decimal_output(decimal: &Decimal) -> String {
    match usize::try_from(decimal.written_size()) {
        Ok(size) if size <= MOST_DIGITS => decimal.written_out(),
        _ => decimal.scientific(),
    }
}

/// A float that Python prints with an exponent, as Django's output has it.
fn long_float(value: &Value) -> Option<String> {
    if !value.is_number() || value.is_integer() {
        return None;
    }
    let text = python::to_str(value);
    let (mantissa, exponent) = text.split_once('e')?;
    let exponent: i32 = exponent.parse().ok()?;
    let (sign, mantissa) = mantissa
        .strip_prefix('-')
        .map_or(("", mantissa), |rest| ("-", rest));
    let digits = mantissa.replace('.', "");
    // The place of the point, counted from the first digit.
    let point = exponent + 1;
    let last = exponent + 1 - i32::try_from(digits.len()).ok()?;
    if usize::try_from(last.unsigned_abs()).ok()? + digits.len() > MOST_DIGITS {
        return Some(text.clone());
    }
    let zeros = |count: i32| "0".repeat(usize::try_from(count).unwrap_or(0));
    Some(if point > 0 {
        format!("{sign}{digits}{}", zeros(last))
    } else {
        format!("{sign}0.{}{digits}", zeros(-point))
    })
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
    limits: Limits,
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
    let length = python::text(&result).map(str::len).or_else(|| result.len());
    if length.is_some_and(|length| length > limits.output_bytes) {
        return Err(too_large(limits));
    }
    if filter.is_safe && value.is_safe() && !result.is_safe() {
        return Ok(Value::from_safe_string(python::to_str(&result)));
    }
    Ok(result)
}
