//! The tags that remember something or compute something.

use std::sync::Mutex;

use minijinja::{Environment, Error, State, Value, value::Object};

use super::{
    bounds::Bounds,
    failure::failed,
    loops::{self, ForLoop},
    operators, root,
    state::Progress,
};
use crate::{
    dates::{self, Timestamp},
    filters::USUAL,
    python,
    sequence::{Sequence, SequenceKind},
};

/// Adds the functions that tags become.
pub(super) fn add_to(environment: &mut Environment<'_>, bounds: &Bounds) {
    environment.add_function("each", loops::each);
    environment.add_function("cycle", cycle);
    environment.add_filter("cell", cell);
    environment.add_filter("put", put);
    environment.add_filter("current", current);
    environment.add_function("reset_cycle", reset_cycle);
    let of_changes = bounds.clone();
    environment.add_function(
        "changed",
        move |state: &mut State<'_, '_>, number: usize, forloop: &Value, value: Value| {
            changed(state, &of_changes, (forloop, number), value)
        },
    );
    environment.add_function("members", members);
    let of_groups = bounds.clone();
    environment.add_function(
        "collect",
        move |state: &mut State<'_, '_>, number: usize, item: Value, key: Value| {
            collect(state, &of_groups, number, (key, item))
        },
    );
    environment.add_function("groups", groups);
    environment.add_function("first_of", first_of);
    let of_ratios = bounds.clone();
    environment.add_function("width_ratio", move |values: Vec<Value>| {
        let mut numbers = values.iter();
        numbers.try_for_each(|number| of_ratios.go_through(number, USUAL))?;
        width_ratio(values)
    });
    environment.add_function("now", now);
    environment.add_filter("spaceless", |text: &str| {
        Value::from_safe_string(spaceless(text))
    });
}

fn progress<'a>(state: &'a mut State<'_, '_>) -> &'a mut Progress {
    state.get_or_insert_extension_with(Progress::default)
}

fn cycle(state: &mut State<'_, '_>, number: usize, values: Vec<Value>) -> Result<Value, Error> {
    let asked = progress(state).cycles.entry(number).or_default();
    let turn = *asked % values.len().max(1);
    *asked += 1;
    operators::needed(values.into_iter().nth(turn).unwrap_or_default())
}

/// A variable that is changed where it was set first, even out of an inner
/// scope.
#[derive(Debug)]
struct Cell(Mutex<Value>);

impl Object for Cell {}

/// The variable's cell, or a new one with its value.
fn cell(variable: Value) -> Value {
    if variable.downcast_object_ref::<Cell>().is_some() {
        variable
    } else {
        Value::from_object(Cell(Mutex::new(variable)))
    }
}

/// Puts a value into the variable's cell, or into a new one.
fn put(variable: &Value, value: Value) -> Value {
    if let Some(Ok(mut content)) = variable
        .downcast_object_ref::<Cell>()
        .map(|cell| cell.0.lock())
    {
        *content = value;
        return variable.clone();
    }
    cell(value)
}

/// What is in a variable's cell, if it has one.
fn current(variable: &Value) -> Value {
    match variable
        .downcast_object_ref::<Cell>()
        .map(|cell| cell.0.lock())
    {
        Some(Ok(content)) => content.clone(),
        _ => variable.clone(),
    }
}

fn reset_cycle(state: &mut State<'_, '_>, number: usize) -> &'static str {
    progress(state).cycles.remove(&number);
    ""
}

/// Whether an `{% ifchanged %}` sees something else than it did last, in this
/// loop or, outside of loops, in this rendering.
fn changed(
    state: &mut State<'_, '_>,
    bounds: &Bounds,
    (forloop, number): (&Value, usize),
    value: Value,
) -> Result<bool, Error> {
    bounds.beside(state);
    let place = forloop
        .downcast_object_ref::<ForLoop>()
        .map(|forloop| forloop.number);
    let seen = &mut progress(state).seen;
    let known = seen.get(&(place, number));
    if let Some(known) = known {
        bounds.compare(known, &value)?;
    }
    let is_changed = known.is_none_or(|known| !python::equals(known, &value));
    if is_changed {
        seen.insert((place, number), value);
    }
    Ok(is_changed)
}

/// What `{% regroup %}` goes through.
fn members(sequence: &Value) -> Result<Vec<Value>, Error> {
    if sequence.is_none() {
        return Ok(Vec::new());
    }
    python::iterate(sequence).map_err(|error| failed(format!("`regroup` cannot loop: {error}")))
}

fn collect(
    state: &mut State<'_, '_>,
    bounds: &Bounds,
    number: usize,
    (key, item): (Value, Value),
) -> Result<&'static str, Error> {
    bounds.beside(state);
    let groups = progress(state).groups.entry(number).or_default();
    if let Some((known, _)) = groups.last() {
        bounds.compare(known, &key)?;
    }
    match groups.last_mut() {
        Some((known, items)) if python::equals(known, &key) => items.push(item),
        _ => groups.push((key, vec![item])),
    }
    Ok("")
}

fn groups(state: &mut State<'_, '_>, number: usize) -> Vec<Value> {
    let groups = progress(state).groups.remove(&number).unwrap_or_default();
    groups
        .into_iter()
        .map(|(key, items)| {
            Sequence::value(SequenceKind::GroupedResult, vec![key, Value::from(items)])
        })
        .collect()
}

fn first_of(values: Vec<Value>) -> Result<Value, Error> {
    for value in values {
        let value = operators::needed(value)?;
        if python::is_true(&value) {
            return Ok(value);
        }
    }
    Ok(Value::from_safe_string(String::new()))
}

/// The ratio of a value to its maximum, widened; nothing where a variable is
/// missing or no number.
fn width_ratio(values: Vec<Value>) -> Result<String, Error> {
    if values.iter().any(operators::is_missing) {
        return Ok(String::new());
    }
    let values: Vec<Value> = values
        .into_iter()
        .map(operators::needed)
        .collect::<Result<_, _>>()?;
    let [value, maximum, width] = values.as_slice() else {
        return Ok(String::new());
    };
    let width = python::to_int(width)
        .map_err(|_| failed("`widthratio` needs a number as its last argument"))?;
    let (Ok(value), Ok(maximum)) = (python::to_float(value), python::to_float(maximum)) else {
        return Ok(String::new());
    };
    if maximum == 0.0 {
        return Ok("0".into());
    }
    // Python multiplies floats here, too.
    let ratio = (value / maximum * width.to_f64()).round_ties_even();
    if !ratio.is_finite() {
        return Ok(String::new());
    }
    let digits = format!("{ratio:.0}");
    Ok(if digits == "-0" { "0".into() } else { digits })
}

fn now(state: &State<'_, '_>, format: &str) -> Result<String, Error> {
    let now = root::now(state).and_then(Timestamp::to_utc);
    let now = now.ok_or_else(|| failed("`now` is the event's time, and the event has none"))?;
    let format = if format.is_empty() {
        "DATE_FORMAT"
    } else {
        format
    };
    dates::format_date(now, format).map_err(|error| failed(format!("`now` failed: {error}")))
}

/// Django's `strip_spaces_between_tags`.
fn spaceless(text: &str) -> String {
    let text = python::strip(text);
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(end) = rest.find('>') {
        let (tag, after) = rest.split_at(end + 1);
        result.push_str(tag);
        let trimmed = after.trim_start_matches(python::is_space);
        rest = if trimmed.starts_with('<') {
            trimmed
        } else {
            after
        };
    }
    result.push_str(rest);
    result
}
