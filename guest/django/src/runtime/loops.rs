//! `{% for %}`: the `forloop` of each round, and unpacking.

use std::{fmt, sync::Arc};

use minijinja::{
    Error, State, Value,
    value::{Enumerator, Object},
};

use super::{failed, state::Progress};
use crate::python;

/// The names in `forloop`, in Django's order.
const NAMES: &[&str] = &[
    "parentloop",
    "counter0",
    "counter",
    "revcounter",
    "revcounter0",
    "first",
    "last",
];

/// `forloop` in one round of a loop.
#[derive(Debug)]
pub(super) struct ForLoop {
    /// Tells this loop from every other of the rendering.
    pub(super) number: usize,
    index: usize,
    length: usize,
    parent: Value,
}

impl Object for ForLoop {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let left = self.length - self.index;
        Some(match key {
            "parentloop" => self.parent.clone(),
            "counter0" => Value::from(self.index),
            "counter" => Value::from(self.index + 1),
            "revcounter" => Value::from(left),
            "revcounter0" => Value::from(left - 1),
            "first" => Value::from(self.index == 0),
            "last" => Value::from(left == 1),
            _ => return None,
        })
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(NAMES)
    }

    fn render(self: &Arc<Self>, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&python::repr(&Value::from_dyn_object(self.clone())))
    }
}

/// The rounds of a loop: lists of `forloop` and the values of its names.
pub(super) fn each(
    state: &mut State<'_, '_>,
    sequence: &Value,
    parent: Value,
    names: usize,
    reversed: bool,
) -> Result<Value, Error> {
    let mut items = if sequence.is_none() {
        Vec::new()
    } else {
        python::iterate(sequence).map_err(|error| failed(format!("`for` cannot loop: {error}")))?
    };
    if reversed {
        items.reverse();
    }
    let progress = state.get_or_insert_extension_with(Progress::default);
    progress.loops += 1;
    let number = progress.loops;
    let parent = if parent.is_undefined() {
        crate::json::parse("{}").unwrap_or_default()
    } else {
        parent
    };
    let length = items.len();
    let rounds = items.into_iter().enumerate().map(move |(index, item)| {
        let round = Value::from_object(ForLoop {
            number,
            index,
            length,
            parent: parent.clone(),
        });
        let mut values = vec![round];
        if names == 1 {
            values.push(item);
            return Value::from(values);
        }
        let parts = python::iterate(&item).unwrap_or_else(|_| vec![item]);
        if parts.len() != names {
            let message = format!("`for` needs {names} values to unpack; got {}", parts.len());
            return Value::from(failed(message));
        }
        values.extend(parts);
        Value::from(values)
    });
    Ok(Value::make_one_shot_iterator(rounds))
}
