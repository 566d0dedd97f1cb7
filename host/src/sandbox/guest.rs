//! One worker's instance of the component, and the calls into it.

use std::sync::Arc;

use wasmtime::Store;

use super::{
    CallError, Decided,
    boundary::{Batch, Exports, Offered, Outcome},
    compiled::{Data, Queues, Sandbox, allow, check_queue},
};
use crate::{
    event::Event,
    outcome::{Diagnostic, Explanation, Failure, Loaded, Publication, Rendering},
    record::Message,
};

/// A worker's instance with its triggers loaded. Whatever breaks it costs one
/// call: the next one gets a new instance.
pub struct Guest {
    sandbox: Arc<Sandbox>,
    triggers: Arc<str>,
    instance: Option<Instance>,
}

struct Instance {
    store: Store<Data>,
    exports: Exports,
    queues: Queues,
}

/// Why an instance could not take the triggers.
pub(crate) enum LoadError {
    Refused(Vec<Diagnostic>),
    Call(CallError),
}

impl Guest {
    pub(crate) fn new(sandbox: Arc<Sandbox>, triggers: Arc<str>) -> Self {
        Self {
            sandbox,
            triggers,
            instance: None,
        }
    }

    /// Drops the instance; the next call makes a new one.
    pub(crate) fn discard(&mut self) {
        self.instance = None;
    }

    /// Makes an instance and loads the triggers.
    pub(crate) fn load(&mut self) -> Result<Loaded, LoadError> {
        self.discard();
        let deadline = self.sandbox.limits().load_deadline;
        let (mut store, exports) = self.sandbox.instantiate().map_err(LoadError::Call)?;
        allow(&mut store, deadline);
        let brokers = self.sandbox.services().registry.members();
        let loaded = exports
            .load(&mut store, &self.triggers, brokers)
            .map_err(|error| LoadError::Call(CallError::of(&error, deadline)))?
            .map_err(LoadError::Refused)?;
        let queues = loaded
            .triggers
            .iter()
            .map(|one| (one.name.clone(), one.queues.len()));
        let queues: Queues = Arc::new(queues.collect());
        store.data_mut().know(queues.clone());
        self.instance = Some(Instance {
            store,
            exports,
            queues,
        });
        Ok(loaded)
    }

    /// Decides for each event which triggers fire, and collects what they
    /// publish. One outcome per event, in order.
    pub fn process(&mut self, events: Vec<Event>) -> Decided {
        let mut decided = Decided::default();
        for batch in self.batches(events) {
            let whole = if batch.len() > 1 {
                self.decide(&batch)
            } else {
                None
            };
            if let Some((outcomes, mut messages)) = whole {
                decided.outcomes.extend(outcomes);
                decided.messages.append(&mut messages);
                continue;
            }
            for event in batch.split() {
                let (outcome, mut messages) = self.decide_alone(&event);
                decided.outcomes.push(outcome);
                decided.messages.append(&mut messages);
            }
        }
        decided
    }

    /// A whole batch, if nothing in it goes wrong and all its records fit.
    fn decide(&mut self, batch: &Batch) -> Option<(Vec<Outcome<Publication>>, Vec<Message>)> {
        let called = self.call_process(batch);
        let (messages, is_full) = self.take_accepted();
        let outcomes = self.checked(called, batch.len()).ok()?;
        (!is_full).then_some((outcomes, messages))
    }

    fn decide_alone(&mut self, event: &Batch) -> (Outcome<Publication>, Vec<Message>) {
        let called = self.call_process(event);
        let (messages, _) = self.take_accepted();
        match self.checked(called, 1).map(|mut outcomes| outcomes.pop()) {
            Ok(Some(outcome)) => (outcome, messages),
            Ok(None) => (Ok(Vec::new()), messages),
            Err(error) => (Err(error.into()), Vec::new()),
        }
    }

    /// Decides as [`Guest::process`] does and publishes nothing. One outcome
    /// per event, in order.
    pub fn render(&mut self, events: Vec<Event>) -> Vec<Result<Vec<Rendering>, Failure>> {
        let mut rendered = Vec::with_capacity(events.len());
        for batch in self.batches(events) {
            match self.render_batch(&batch) {
                Ok(outcomes) => rendered.extend(outcomes),
                Err(error) if batch.len() == 1 => rendered.push(Err(error.into())),
                Err(_) => rendered.extend(batch.split().map(|event| {
                    let alone = self.render_batch(&event);
                    alone?.pop().unwrap_or_else(|| Ok(Vec::new()))
                })),
            }
        }
        rendered
    }

    fn render_batch(
        &mut self,
        batch: &Batch,
    ) -> Result<Vec<Result<Vec<Rendering>, Failure>>, CallError> {
        let called = self.call(|exports, store| exports.render(store, batch));
        let outcomes = self.checked(called, batch.len())?;
        let addressed = outcomes.into_iter().map(|outcome| {
            outcome.map(|offers| {
                offers
                    .into_iter()
                    .map(|offered| self.addressed(offered))
                    .collect()
            })
        });
        Ok(addressed.collect())
    }

    fn addressed(&self, offered: Offered) -> Rendering {
        let registry = &self.sandbox.services().registry;
        let outcome = offered.outcome.and_then(|offer| {
            registry.accept(offer).map_err(|refusal| Failure {
                code: refusal.code().into(),
                message: refusal.to_string(),
            })
        });
        Rendering {
            trigger: offered.trigger,
            queue: offered.queue,
            outcome,
        }
    }

    /// Says of every trigger why it fires for this event, or does not.
    ///
    /// # Errors
    ///
    /// The event could not be read, or the sandbox broke a bound.
    pub fn explain(&mut self, event: Event) -> Result<Vec<Explanation>, Failure> {
        self.call(|exports, store| exports.explain(store, event))?
    }

    /// Calls into the instance under the call deadline. Whatever goes wrong
    /// costs the instance.
    fn call<T>(
        &mut self,
        call: impl FnOnce(&Exports, &mut Store<Data>) -> wasmtime::Result<T>,
    ) -> Result<T, CallError> {
        if self.instance.is_none() {
            self.load().map_err(|error| match error {
                LoadError::Call(error) => error,
                LoadError::Refused(_) => CallError::misbehaved("it refused triggers it had taken"),
            })?;
        }
        let Some(instance) = &mut self.instance else {
            return Err(CallError::misbehaved("it has no instance"));
        };
        let deadline = self.sandbox.limits().call_deadline;
        allow(&mut instance.store, deadline);
        let called = call(&instance.exports, &mut instance.store);
        called.map_err(|error| {
            self.discard();
            CallError::of(&error, deadline)
        })
    }

    fn call_process(&mut self, batch: &Batch) -> Result<Vec<Outcome<Publication>>, CallError> {
        self.call(|exports, store| {
            store.data_mut().begin(batch.ids());
            exports.process(store, batch)
        })
    }

    fn take_accepted(&mut self) -> (Vec<Message>, bool) {
        self.instance
            .as_mut()
            .map_or_else(Default::default, |one| one.store.data_mut().take_accepted())
    }

    /// Believes an answer only as far as it agrees with what `load` said.
    fn checked<T: Answer>(
        &mut self,
        called: Result<Vec<Outcome<T>>, CallError>,
        expected: usize,
    ) -> Result<Vec<Outcome<T>>, CallError> {
        let outcomes = called?;
        let Some(instance) = &self.instance else {
            return Ok(outcomes);
        };
        let fault = if outcomes.len() == expected {
            let mut answers = outcomes.iter().flatten().flatten();
            answers.find_map(|answer| {
                check_queue(&instance.queues, answer.trigger(), answer.queue()).err()
            })
        } else {
            Some(format!("{} outcomes for {expected} events", outcomes.len()))
        };
        match fault {
            None => Ok(outcomes),
            Some(message) => {
                self.discard();
                Err(CallError::Misbehaved { message })
            }
        }
    }

    /// Cuts events into calls, by count and by bytes.
    fn batches(&self, events: Vec<Event>) -> Vec<Batch> {
        let limits = self.sandbox.limits();
        // The guest holds the batch, its templates' values and its records.
        let most_bytes = limits.memory_bytes / 16;
        let mut batches = Vec::new();
        let mut batch = Vec::new();
        let mut bytes = 0;
        for event in events {
            let size = event.size();
            if !batch.is_empty()
                && (batch.len() >= limits.events_per_call || bytes + size > most_bytes)
            {
                batches.push(Batch::new(std::mem::take(&mut batch)));
                bytes = 0;
            }
            bytes += size;
            batch.push(event);
        }
        if !batch.is_empty() {
            batches.push(Batch::new(batch));
        }
        batches
    }
}

/// Something the guest says of one queue of one trigger.
trait Answer {
    fn trigger(&self) -> &str;
    fn queue(&self) -> u32;
}

impl Answer for Publication {
    fn trigger(&self) -> &str {
        &self.trigger
    }

    fn queue(&self) -> u32 {
        self.queue
    }
}

impl Answer for Offered {
    fn trigger(&self) -> &str {
        &self.trigger
    }

    fn queue(&self) -> u32 {
        self.queue
    }
}
