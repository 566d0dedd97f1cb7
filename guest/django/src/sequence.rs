//! Sequences that Python does not print as lists.

use std::sync::Arc;

use minijinja::{
    Value,
    value::{Enumerator, Object, ObjectRepr},
};

/// A sequence of a Python type that is not `list`.
#[derive(Debug)]
pub(super) struct Sequence {
    pub(super) kind: SequenceKind,
    pub(super) items: Vec<Value>,
}

/// Which type it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SequenceKind {
    Tuple,
    /// What a dict's `items`, `keys` and `values` give; it has no index.
    View(View),
    /// A tuple whose items have names.
    Named(&'static str, &'static [&'static str]),
    /// What `{% regroup %}` gives: a key and the list of its items.
    GroupedResult,
}

/// What a view of a dict shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    Items,
    Keys,
    Values,
}

impl View {
    /// Python's name of the type.
    pub(super) fn type_name(self) -> &'static str {
        match self {
            Self::Items => "dict_items",
            Self::Keys => "dict_keys",
            Self::Values => "dict_values",
        }
    }
}

/// The type of a value that is a sequence; none for a list.
pub(super) fn sequence_kind(value: &Value) -> Option<SequenceKind> {
    let sequence = value.downcast_object_ref::<Sequence>()?;
    Some(sequence.kind)
}

impl Sequence {
    /// Makes a sequence.
    pub(super) fn value(kind: SequenceKind, items: Vec<Value>) -> Value {
        Value::from_object(Self { kind, items })
    }

    /// What `.name` gives.
    pub(super) fn attribute(&self, name: &str) -> Option<&Value> {
        match (self.kind, name) {
            (SequenceKind::GroupedResult, "grouper") => self.items.first(),
            (SequenceKind::GroupedResult, "list") => self.items.get(1),
            (SequenceKind::View(_), _) => None,
            (SequenceKind::Named(_, names), name) if names.contains(&name) => self
                .items
                .get(names.iter().position(|known| *known == name)?),
            (_, index) => self.items.get(index.parse::<usize>().ok()?),
        }
    }
}

impl Object for Sequence {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        match self.kind {
            SequenceKind::View(_) => ObjectRepr::Iterable,
            _ => ObjectRepr::Seq,
        }
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.items.get(key.as_usize()?).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.items.len())
    }
}
