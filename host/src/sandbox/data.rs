//! What an instance's store holds.

use std::{sync::Arc, time::Duration};

use action_triggers_vocabulary::{PublishError, SettingError};
use wasmtime::{ResourceLimiter, Store, UpdateDeadline};

use super::{
    allowance::{Allowance, ticks},
    call::CallError,
};
use crate::{
    broker::{Offer, Registry, Routes},
    limits::Limits,
    record::Message,
    settings::Settings,
};

/// The host's side of the imports.
#[derive(Clone, Debug)]
pub(crate) struct Services {
    pub(crate) settings: Arc<Settings>,
    pub(crate) registry: Arc<Registry>,
    /// The content types that may fire at all; none allows all.
    pub(crate) whitelist: Vec<String>,
}

/// What a generation is made of.
pub(crate) struct Source {
    /// The set of triggers, as JSON text; none means those that the component came with.
    pub(crate) triggers: Option<Arc<str>>,
    pub(crate) services: Services,
    pub(crate) limits: Limits,
}

/// What the guest may do in a call: anything else is refused.
#[derive(Default)]
struct CallContext {
    /// Whether records may be published.
    publishes: bool,
    /// How many events the call is about.
    events: u32,
    /// Whose records are taken; none before the triggers are loaded.
    routes: Option<Arc<Routes>>,
}

/// A record that was taken, and the place of its event in the call.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) event: u32,
    pub(super) trigger: u32,
    pub(super) message: Message,
}

/// What an instance's store holds: the host's side and the call's yield.
pub(crate) struct Data {
    services: Services,
    limits: Limits,
    call: CallContext,
    allowance: Allowance,
    accepted: Vec<Taken>,
    accepted_bytes: usize,
    is_full: bool,
}

impl Data {
    pub(super) fn new(services: Services, limits: Limits) -> Self {
        Self {
            allowance: Allowance::of(limits.load_deadline),
            services,
            limits,
            call: CallContext::default(),
            accepted: Vec::new(),
            accepted_bytes: 0,
            is_full: false,
        }
    }

    /// How much longer the call may go on.
    pub(super) fn update(&self) -> UpdateDeadline {
        self.allowance.update()
    }

    /// Says where records go.
    pub(super) fn know(&mut self, routes: Arc<Routes>) {
        self.call.routes = Some(routes);
    }

    /// Begins a call. What an earlier one left behind is thrown away; only a
    /// call that `publishes` may hand over records.
    pub(super) fn begin(&mut self, events: usize, publishes: bool) {
        self.accepted.clear();
        self.accepted_bytes = 0;
        self.is_full = false;
        self.call.events = u32::try_from(events).unwrap_or(u32::MAX);
        self.call.publishes = publishes;
    }

    pub(super) fn setting(&self, path: &str) -> Result<String, SettingError> {
        self.services.settings.get(path)
    }

    /// Takes a record for the call's yield and says its place in that.
    pub(super) fn publish_offer(&mut self, offer: Offer) -> Result<u32, PublishError> {
        let Some(routes) = self.call.routes.as_ref().filter(|_| self.call.publishes) else {
            return Err(PublishError::NotPublishing);
        };
        let maximum = self.limits.records_per_call;
        let number = u32::try_from(self.accepted.len()).unwrap_or(u32::MAX);
        if number >= maximum || self.accepted_bytes >= self.limits.record_bytes_per_call {
            self.is_full = true;
            return Err(PublishError::TooMany(maximum));
        }
        let (event, trigger) = (offer.event, offer.trigger);
        if event >= self.call.events {
            let message = format!("the call has no event {event}");
            return Err(PublishError::InvalidRecord(message));
        }
        let message = routes.accept(offer)?;
        self.accepted_bytes += message.record.size();
        self.accepted.push(Taken {
            event,
            trigger,
            message,
        });
        Ok(number)
    }

    /// Ends a call: its records, and whether any was refused for want of room.
    pub(super) fn end(&mut self) -> (Vec<Taken>, bool) {
        self.call.publishes = false;
        self.accepted_bytes = 0;
        (
            std::mem::take(&mut self.accepted),
            std::mem::take(&mut self.is_full),
        )
    }
}

impl ResourceLimiter for Data {
    fn memory_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let maximum = self.limits.memory_bytes;
        if desired > maximum {
            return Err(CallError::MemoryExceeded {
                requested: desired,
                maximum,
            }
            .into());
        }
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        _desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        // The pool bounds tables.
        Ok(true)
    }
}

/// Lets the next call run so long.
pub(crate) fn allow(store: &mut Store<Data>, deadline: Duration) {
    store.data_mut().allowance = Allowance::of(deadline);
    store.set_epoch_deadline(ticks(deadline));
}
