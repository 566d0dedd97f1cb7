//! A value that is not there, and notes who looks into it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use minijinja::{
    Value,
    value::{Enumerator, Object},
};

use super::kind::{Kind, kind};

/// Stands for an object that is not there: `None` by itself, so a condition may ask
/// for it, and noted when its members are asked for.
#[derive(Debug)]
pub struct Missing(Arc<AtomicBool>);

impl Missing {
    /// The value that notes here when it is looked into.
    pub fn value(note: &Arc<AtomicBool>) -> Value {
        Value::from_object(Self(note.clone()))
    }

    fn note(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What Python would hold in the place of a value that is compared as a whole.
pub fn kind_as_a_whole(value: &Value) -> Kind<'_> {
    match kind(value) {
        Kind::Dict if value.downcast_object_ref::<Missing>().is_some() => Kind::None,
        kind => kind,
    }
}

impl Object for Missing {
    fn get_value(self: &Arc<Self>, _key: &Value) -> Option<Value> {
        self.note();
        None
    }

    fn get_value_by_str(self: &Arc<Self>, _key: &str) -> Option<Value> {
        self.note();
        None
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        self.note();
        Enumerator::Empty
    }

    fn is_true(self: &Arc<Self>) -> bool {
        false
    }
}
