//! What changed between two states of an instance, and what stands in for the
//! earlier one where the event does not have it.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use minijinja::{
    Value,
    value::{Enumerator, Object},
};

use action_triggers_django::{
    json::{self, JsonObject},
    python::Missing,
};

/// `event.changed`: for every field whether it differs. Its members are the
/// fields that do.
#[derive(Debug)]
pub(super) struct Changed {
    pub(super) instance: Arc<JsonObject>,
    pub(super) before: Arc<JsonObject>,
}

impl Changed {
    fn differs(&self, field: &str) -> bool {
        match (self.instance.lookup(field), self.before.lookup(field)) {
            (Some(now), Some(before)) => !json::same_worth(&now, &before),
            (None, None) => false,
            _ => true,
        }
    }

    fn fields(&self) -> impl Iterator<Item = &str> {
        let gone = self.before.members().names();
        let gone = gone.filter(|name| self.instance.member(name).is_none());
        let present = self.instance.members().names();
        present.chain(gone).filter(|name| self.differs(name))
    }
}

impl Object for Changed {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        Some(Value::from(self.differs(key)))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.fields().map(Value::from).collect())
    }

    fn is_true(self: &Arc<Self>) -> bool {
        self.fields().next().is_some()
    }
}

/// Whether something looked into what is not there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Touched(Arc<AtomicBool>);

impl Touched {
    pub(crate) fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Stands for `before` and `changed` where the event has no `before`.
    pub(super) fn missing(&self) -> Value {
        Missing::value(&self.0)
    }
}
