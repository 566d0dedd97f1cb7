//! An instance of the component with a generation's triggers loaded.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use sha2::{Digest as _, Sha256};
use wasmtime::Store;

use super::{
    CallError,
    allowance::ticks,
    boundary::{Exports, Linked},
    crossing::{Answer, Baked, TriggerLimits},
    data::{Data, Source, Taken, allow},
};
use crate::{
    broker::{BrokerMembers, Routes},
    outcome::{Loaded, Refusal},
};

/// One that broke a bound or trapped must not be entered again.
pub(super) struct Instance {
    store: Store<Data>,
    exports: Exports,
    /// Given back after the instance is gone: fields are dropped in their order.
    _place: Place,
}

/// The place of an instance among those that there may be: it counts until it is
/// dropped.
pub(super) struct Place(Arc<AtomicUsize>);

impl Place {
    pub(super) fn among(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(count))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Why an instance could not take the triggers.
pub(super) enum LoadError {
    Refused(Refusal),
    /// It came with its triggers loaded, and was loaded with something else.
    Baked(Difference),
    Call(CallError),
}

/// What a call gave.
pub(super) struct Called<T> {
    pub(super) answers: Vec<Answer<T>>,
    pub(super) taken: Vec<Taken>,
    /// Whether a record was refused for want of room.
    pub(super) is_full: bool,
}

/// What a component was baked with that is not what this host has.
pub(super) type Difference = &'static str;

/// What a baked instance says that it holds, where that is what it would be loaded with.
fn believed(
    baked: Baked,
    source: &Source,
    brokers: &[BrokerMembers],
    limits: &TriggerLimits,
) -> Result<Loaded, Difference> {
    let sha256 = |set: &Arc<str>| format!("{:x}", Sha256::digest(set.as_bytes()));
    if baked.brokers != brokers {
        return Err("brokers");
    }
    if baked.limits != *limits {
        return Err("limits");
    }
    // Without any triggers of its own the host takes those that were baked.
    let given = source.triggers.as_ref().map(sha256);
    if given.is_some_and(|given| given != baked.loaded.set_sha256) {
        return Err("triggers");
    }
    Ok(baked.loaded)
}

impl Instance {
    /// Makes an instance and loads the triggers, unless it came with them. Says what it
    /// tells of them.
    pub(super) fn load(
        linked: &Linked,
        place: Place,
        source: &Source,
    ) -> Result<(Self, Loaded), LoadError> {
        let Source {
            triggers,
            services,
            limits,
        } = source;
        let deadline = limits.load_deadline;
        let failed = |error| LoadError::Call(CallError::of(&error, deadline));
        let data = Data::new(services.clone(), limits.clone());
        let mut store = Store::new(linked.engine(), data);
        store.limiter(|data| data);
        store.set_hostcall_fuel(limits.memory_bytes);
        // Its start code runs under the load deadline too.
        store.set_epoch_deadline(ticks(deadline));
        store.epoch_deadline_callback(|context| Ok(context.data().update()));
        let exports = linked.instantiate(&mut store).map_err(failed)?;
        allow(&mut store, deadline);
        let bounds = TriggerLimits {
            fuel: limits.trigger_fuel,
            call_fuel: limits.call_fuel,
            output_bytes: limits.output_bytes,
            records: limits.records_per_call,
            depth: limits.event_depth,
            content_types: services.whitelist.clone(),
        };
        let members = services.registry.members();
        let loaded = if let Some(baked) = exports.baked(&mut store).map_err(failed)? {
            believed(baked, source, &members, &bounds).map_err(LoadError::Baked)?
        } else {
            let triggers = triggers.as_deref().unwrap_or("[]");
            let loaded = exports.load(&mut store, triggers, members, &bounds);
            loaded.map_err(failed)?.map_err(LoadError::Refused)?
        };
        let instance = Self {
            store,
            exports,
            _place: place,
        };
        Ok((instance, loaded))
    }

    /// Says where records go.
    pub(super) fn know(&mut self, routes: Arc<Routes>) {
        self.store.data_mut().know(routes);
    }

    /// Calls under a deadline. After an error the instance must not be entered again.
    pub(super) fn call<T>(
        &mut self,
        source: &Source,
        (events, publishes): (usize, bool),
        call: impl FnOnce(&Exports, &mut Store<Data>) -> wasmtime::Result<Vec<Answer<T>>>,
    ) -> Result<Called<T>, CallError> {
        let deadline = source.limits.call_deadline;
        allow(&mut self.store, deadline);
        self.store.data_mut().begin(events, publishes);
        let called = call(&self.exports, &mut self.store);
        let (taken, is_full) = self.store.data_mut().end();
        let answers = called.map_err(|error| CallError::of(&error, deadline))?;
        Ok(Called {
            answers,
            taken,
            is_full,
        })
    }
}
