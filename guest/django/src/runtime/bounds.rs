//! What a render may use, and what each thing that it does takes of it.
//!
//! Steps stand for time. What goes through a value takes steps by its size, so that no template
//! gets much done by few steps. The numbers come from measuring each filter, operator and
//! attribute in V8.

use minijinja::{Error, ErrorKind, State, Value};

use super::failure::{failed, out_of_fuel, too_large};
use crate::{
    Limits,
    filters::{Call, Filter, FilterError, QUICK, USUAL},
    json::{Field, JsonArray, JsonObject, Number},
    meter::Meter,
    python,
    sequence::Sequence,
};

/// Steps of calling a filter, whatever it is given.
const CALL: u64 = 4;
/// Steps of comparing two values, or looking one up in another, whatever they are.
const COMPARE: u64 = 4;

/// The steps that calling a filter takes at least, whatever comes of it: going through its value
/// and its argument takes one each.
pub(crate) const fn least_of_call(has_argument: bool) -> u64 {
    CALL + if has_argument { 2 } else { 1 }
}

/// What a render may use, and what is left of it.
#[derive(Clone, Debug)]
pub(crate) struct Bounds {
    pub(crate) limits: Limits,
    pub(crate) meter: Meter,
}

impl Bounds {
    /// The same, knowing how many steps the machine has counted in this render.
    pub(super) fn beside(&self, state: &State<'_, '_>) -> &Self {
        if let Some((used, _)) = state.fuel_levels() {
            self.meter.counted(used);
        }
        self
    }

    /// Takes steps.
    pub(crate) fn steps(&self, steps: u64) -> Result<(), Error> {
        Self::enough(self.meter.step(steps))
    }

    /// Takes the steps that the machine counted in a render that is over.
    pub(crate) fn pay(&self, steps: u64) -> Result<(), Error> {
        Self::enough(self.meter.pay(steps))
    }

    /// Takes the steps of so many bytes that are made.
    pub(crate) fn make(&self, bytes: usize) -> Result<(), Error> {
        Self::enough(self.meter.make(bytes))
    }

    /// Takes what a render has written.
    pub(crate) fn write(&self, bytes: usize) -> Result<(), Error> {
        if !self.meter.write(bytes) {
            return Err(too_large(self.limits));
        }
        self.make(bytes)
    }

    /// Takes the steps of a value that is looked at as a whole.
    pub(crate) fn read(&self, value: &Value) -> Result<(), Error> {
        self.go_through(value, if is_container(value) { USUAL } else { QUICK })
    }

    /// Takes the steps of making text of a list or object. Text itself is charged where it is
    /// written.
    pub(crate) fn show(&self, value: &Value) -> Result<(), Error> {
        if is_container(value) {
            return self.go_through(value, USUAL);
        }
        Ok(())
    }

    /// Takes the steps of looking a value up among the members of an object.
    pub(crate) fn look_up(&self, key: &Value) -> Result<(), Error> {
        self.steps(COMPARE)?;
        self.read(key)
    }

    /// Takes the steps of comparing two values.
    pub(crate) fn compare(&self, left: &Value, right: &Value) -> Result<(), Error> {
        self.steps(COMPARE)?;
        self.read(left)?;
        self.read(right)
    }

    /// Takes the steps of going through a value, so many for 64 bytes of it.
    pub(super) fn go_through(&self, value: &Value, cost: u64) -> Result<(), Error> {
        self.steps(1 + weight(value, cost).saturating_mul(cost) / 64)
    }

    /// Calls a filter as Django's `FilterExpression` does.
    pub(crate) fn apply(
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
        self.steps(CALL)?;
        self.go_through(value, filter.cost)?;
        if let Some(argument) = argument {
            self.go_through(argument, filter.cost)?;
        }
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
        let made = length(&result);
        if made > self.limits.output_bytes {
            return Err(too_large(self.limits));
        }
        self.made(made, filter.cost)?;
        if filter.is_safe && value.is_safe() && !result.is_safe() {
            return Ok(Value::from_safe_string(python::to_str(&result)));
        }
        Ok(result)
    }

    /// Takes the steps of so many bytes that a filter of this cost has made.
    fn made(&self, bytes: usize, cost: u64) -> Result<(), Error> {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let weight = bytes.saturating_mul(cost.max(USUAL) / USUAL);
        self.steps(1 + weight / 64)
    }

    fn enough(is_enough: bool) -> Result<(), Error> {
        if is_enough {
            Ok(())
        } else {
            Err(out_of_fuel())
        }
    }
}

/// A text's bytes, a container's members.
fn length(value: &Value) -> usize {
    let length = python::text(value).map(str::len).or_else(|| value.len());
    length.unwrap_or(0)
}

fn is_container(value: &Value) -> bool {
    source(value).is_some() || items(value).is_some()
}

/// The JSON text of an object or list of the event.
fn source(value: &Value) -> Option<&str> {
    let object = value.downcast_object_ref().map(JsonObject::text);
    object.or_else(|| value.downcast_object_ref().map(JsonArray::text))
}

/// The items of a list that the template has made.
fn items(value: &Value) -> Option<&[Value]> {
    let sequence = value.downcast_object_ref::<Sequence>();
    let sequence = sequence.map(|sequence| sequence.items.as_slice());
    sequence.or_else(|| value.downcast_object_ref::<Vec<Value>>().map(Vec::as_slice))
}

/// A byte of JSON text is up to half an item, and letters beyond ASCII are looked up in tables.
const OF_JSON: u64 = 2;
const BEYOND_ASCII: u64 = 4;
/// What a list, an object or a member with a name weighs beside its JSON text.
const INSIDE: u64 = 16;
/// What an item weighs beside what it holds.
const ITEM: u64 = 8;

/// A value's size in bytes, of which those count more that take longer at this cost.
fn weight(value: &Value, cost: u64) -> u64 {
    let bytes = |text: &str| u64::try_from(text.len()).unwrap_or(u64::MAX);
    if let Some(json) = source(value) {
        let text = bytes(json).saturating_mul(OF_JSON);
        // What is quick leaves them alone.
        let inside = if cost == QUICK { 0 } else { inside(json) };
        return text.saturating_add(inside.saturating_mul(INSIDE));
    }
    if let Some(items) = items(value) {
        let weights = items.iter().map(|item| weight(item, cost));
        return weights.fold(0, |all, one| all.saturating_add(one + ITEM));
    }
    let field = value.downcast_object_ref().map(Field::text);
    let number = value.downcast_object_ref().map(Number::text);
    match field.or(number).or_else(|| value.as_str()) {
        Some(text) if !text.is_ascii() => bytes(text).saturating_mul(BEYOND_ASCII),
        Some(text) => bytes(text),
        None => 0,
    }
}

/// How many lists, objects and members with names a JSON text has, at most: texts in it may
/// have such letters too.
fn inside(json: &str) -> u64 {
    let marks = json
        .bytes()
        .filter(|byte| matches!(byte, b'[' | b'{' | b':'));
    u64::try_from(marks.count()).unwrap_or(u64::MAX)
}
