//! One worker's instance of the component, and the calls into it.

use std::sync::{Arc, OnceLock};

use action_triggers_vocabulary::PublishError;
use wasmtime::Store;

use super::{
    CallError, Outcome,
    boundary::{Answer, Batch, Decision, Explained, Exports, Offered, Published, Why},
    compiled::Sandbox,
    data::{Data, Taken, allow},
};
use crate::{
    broker::Routes,
    event::EventText,
    outcome::{EventFailure, Explanation, Failure, Loaded, Publication, Refusal, Rendering},
    record::Message,
};

/// A worker's instance with its triggers loaded. Whatever breaks it costs one
/// call: the next one gets a new instance.
pub(crate) struct Guest {
    sandbox: Arc<Sandbox>,
    set: Arc<Set>,
    instance: Option<Instance>,
}

/// The triggers of all workers, and what the first instance told of them.
pub(super) struct Set {
    text: String,
    told: OnceLock<Told>,
}

/// What `load` told.
struct Told {
    loaded: Loaded,
    routes: Arc<Routes>,
}

impl Set {
    pub(super) fn new(text: &str) -> Self {
        Self {
            text: text.into(),
            told: OnceLock::new(),
        }
    }

    /// What the first instance told; nothing before.
    pub(super) fn loaded(&self) -> Loaded {
        let told = self.told.get();
        told.map_or_else(Loaded::default, |told| told.loaded.clone())
    }
}

struct Instance {
    store: Store<Data>,
    exports: Exports,
    routes: Arc<Routes>,
}

/// Why an instance could not take the triggers.
pub(super) enum LoadError {
    Refused(Refusal),
    Call(CallError),
}

impl Guest {
    pub(super) fn new(sandbox: Arc<Sandbox>, set: Arc<Set>) -> Self {
        Self {
            sandbox,
            set,
            instance: None,
        }
    }

    /// Drops the instance; the next call makes a new one.
    pub(super) fn discard(&mut self) {
        self.instance = None;
    }

    /// Makes an instance and loads the triggers.
    pub(super) fn load(&mut self) -> Result<(), LoadError> {
        self.discard();
        let deadline = self.sandbox.limits().load_deadline;
        let registry = &self.sandbox.services().registry;
        let (mut store, exports) = self.sandbox.instantiate().map_err(LoadError::Call)?;
        allow(&mut store, deadline);
        let limits = self.sandbox.trigger_limits();
        let loaded = exports
            .load(&mut store, &self.set.text, registry.members(), &limits)
            .map_err(|error| LoadError::Call(CallError::of(&error, deadline)))?
            .map_err(LoadError::Refused)?;
        let told = self.set.told.get_or_init(|| Told {
            routes: Arc::new(Routes::new(registry.clone(), &loaded)),
            loaded: loaded.clone(),
        });
        if told.loaded != loaded {
            let message = "it tells of other triggers than an earlier instance";
            return Err(LoadError::Call(CallError::misbehaved(message)));
        }
        let routes = told.routes.clone();
        store.data_mut().know(routes.clone());
        self.instance = Some(Instance {
            store,
            exports,
            routes,
        });
        Ok(())
    }

    /// Decides for each event which triggers fire, and hands on what they publish
    /// call by call. One outcome per event, in order.
    pub(crate) fn process(
        &mut self,
        events: Vec<EventText>,
        mut publish: impl FnMut(Vec<Message>),
    ) -> Vec<Outcome<Publication>> {
        self.each(events, &mut |guest, batch| {
            let (outcomes, messages) = guest.process_batch(batch)?;
            publish(messages);
            Ok(outcomes)
        })
    }

    /// Decides as [`Guest::process`] does and publishes nothing. One outcome
    /// per event, in order.
    pub(crate) fn render(&mut self, events: Vec<EventText>) -> Vec<Outcome<Rendering>> {
        let addressed = |_, offered: Offered, routes: &Routes| {
            let accept = |offer| routes.accept(offer).map_err(|refusal| failure(&refusal));
            let name = routes.name(offered.trigger, offered.queue)?.clone();
            let outcome = offered.answer.and_then(accept);
            Ok(Rendering::new(name, offered.queue, outcome))
        };
        self.each(events, &mut |guest, batch| {
            let called = guest.call(batch, false, |exports, store| exports.render(store, batch));
            let mut outcomes = guest.believe(batch, called?.answers, addressed)?;
            for outcome in &mut outcomes {
                let renderings = outcome.result.iter_mut().flatten();
                for message in renderings.filter_map(|one| one.outcome.as_mut().ok()) {
                    identify(message, &outcome.id);
                }
            }
            Ok(outcomes)
        })
    }

    /// Says of every trigger why it fires for each event, or does not. One
    /// outcome per event, in order.
    pub(crate) fn explain(&mut self, events: Vec<EventText>) -> Vec<Outcome<Explanation>> {
        let named = |_, explained: Explained, routes: &Routes| {
            let name = routes.name(explained.trigger, explained.queue)?.clone();
            let Why {
                fires,
                clause,
                reason,
            } = explained.answer;
            Ok(Explanation::new(name, fires, clause, reason))
        };
        self.each(events, &mut |guest, batch| {
            let called = guest.call(batch, false, |exports, store| exports.explain(store, batch));
            guest.believe(batch, called?.answers, named)
        })
    }

    fn process_batch(
        &mut self,
        batch: &Batch,
    ) -> Result<(Vec<Outcome<Publication>>, Vec<Message>), CallError> {
        let called = self.call(batch, true, |exports, store| exports.process(store, batch))?;
        if called.is_full && batch.len() > 1 {
            // Alone each event may have room.
            return Err(CallError::misbehaved(
                "its records have no room in one call",
            ));
        }
        let taken = called.taken;
        let published = |event, published: Published, routes: &Routes| {
            let (trigger, queue) = (published.trigger, published.queue);
            let name = routes.name(trigger, queue)?.clone();
            let outcome = match published.answer {
                Ok(number) => Ok(receipt(&taken, number, (event, trigger, queue))?),
                Err(failure) => Err(failure),
            };
            Ok(Publication::new(name, queue, outcome))
        };
        let outcomes = self.believe(batch, called.answers, published)?;
        let mut messages = Vec::with_capacity(taken.len());
        for Taken { event, message, .. } in taken {
            let outcome = usize::try_from(event)
                .ok()
                .and_then(|event| outcomes.get(event));
            let Some(outcome) = outcome.filter(|outcome| outcome.result.is_ok()) else {
                return Err(self.misbehaved("it published a record of an event that it failed"));
            };
            let mut message = message;
            identify(&mut message, &outcome.id);
            messages.push(message);
        }
        Ok((outcomes, messages))
    }

    /// Calls for batches of these events. Where a call fails, each event of its
    /// batch gets one of its own, so that only the guilty one fails; where it
    /// decides only some, the rest gets the next one.
    fn each<T>(
        &mut self,
        events: Vec<EventText>,
        call: &mut impl FnMut(&mut Self, &Batch) -> Result<Vec<Outcome<T>>, CallError>,
    ) -> Vec<Outcome<T>> {
        let mut outcomes = Vec::with_capacity(events.len());
        for mut batch in self.batches(events) {
            while batch.len() > 1 {
                match call(self, &batch) {
                    Ok(decided) if !decided.is_empty() => {
                        let rest = batch.split_off(decided.len());
                        outcomes.extend(decided);
                        batch = rest;
                    }
                    Ok(_) | Err(_) => break,
                }
            }
            for event in batch.split() {
                let id = event.ids().next().unwrap_or_default().to_owned();
                let decided = call(self, &event).map(|mut decided| decided.pop());
                outcomes.push(match decided {
                    Ok(Some(outcome)) => outcome,
                    Ok(None) => failed(id, &CallError::misbehaved("it did not decide an event")),
                    Err(error) => failed(id, &error),
                });
            }
        }
        outcomes
    }

    /// Calls into the instance under the call deadline. Whatever goes wrong
    /// costs the instance.
    fn call<T>(
        &mut self,
        batch: &Batch,
        publishes: bool,
        call: impl FnOnce(&Exports, &mut Store<Data>) -> wasmtime::Result<Vec<Answer<T>>>,
    ) -> Result<Called<T>, CallError> {
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
        instance.store.data_mut().begin(batch.len(), publishes);
        let called = call(&instance.exports, &mut instance.store);
        let (taken, is_full) = instance.store.data_mut().end();
        let answers = called.map_err(|error| {
            self.discard();
            CallError::of(&error, deadline)
        })?;
        Ok(Called {
            answers,
            taken,
            is_full,
        })
    }

    /// Believes an answer only as far as it agrees with what `load` said. The
    /// events that were decided; those after them were not started.
    fn believe<T, U>(
        &mut self,
        batch: &Batch,
        answers: Vec<Answer<T>>,
        convert: impl Fn(u32, T, &Routes) -> Result<U, String>,
    ) -> Result<Vec<Outcome<U>>, CallError> {
        let believed = match &self.instance {
            Some(instance) => believed(batch, answers, |event, said| {
                convert(event, said, &instance.routes)
            }),
            None => Err("it has no instance".into()),
        };
        believed.map_err(|message| self.misbehaved(message))
    }

    fn misbehaved(&mut self, message: impl Into<String>) -> CallError {
        self.discard();
        CallError::misbehaved(message)
    }

    /// Cuts events into calls, by count and by bytes.
    fn batches(&self, events: Vec<EventText>) -> Vec<Batch> {
        let limits = self.sandbox.limits();
        // The guest holds the batch, its templates' values and its records.
        let most_bytes = limits.memory_bytes / 16;
        let mut batches = Vec::new();
        let mut batch = Vec::new();
        let mut bytes = 0;
        for event in events {
            let size = event.text.len();
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

/// What a call gave.
struct Called<T> {
    answers: Vec<Answer<T>>,
    taken: Vec<Taken>,
    /// Whether a record was refused for want of room.
    is_full: bool,
}

/// Most bytes of an event's id.
const LONGEST_ID: usize = 512;

fn believed<T, U>(
    batch: &Batch,
    answers: Vec<Answer<T>>,
    convert: impl Fn(u32, T) -> Result<U, String>,
) -> Result<Vec<Outcome<U>>, String> {
    let (found, expected) = (answers.len(), batch.len());
    if found != expected {
        return Err(format!("{found} outcomes for {expected} events"));
    }
    let mut outcomes = Vec::with_capacity(expected);
    let mut is_over = false;
    for (event, Answer { id, decision }) in (0..).zip(answers) {
        if id.is_empty() || id.len() > LONGEST_ID {
            return Err(format!("an event's id has {} bytes", id.len()));
        }
        if is_over && !matches!(decision, Decision::NotProcessed) {
            return Err("it left an event out".into());
        }
        let result = match decision {
            Decision::Done(said) => {
                let converted = said.into_iter().map(|said| convert(event, said));
                Ok(converted.collect::<Result<_, _>>()?)
            }
            Decision::Unreadable(error) => Err(EventFailure::Unreadable(error)),
            Decision::Failed(failure) => Err(EventFailure::Undecided(failure)),
            Decision::NotProcessed => {
                is_over = true;
                continue;
            }
        };
        outcomes.push(Outcome { id, result });
    }
    Ok(outcomes)
}

/// The topic of the record with this number, if it is of this event, trigger
/// and queue.
fn receipt(taken: &[Taken], number: u32, origin: (u32, u32, u32)) -> Result<String, String> {
    let place = usize::try_from(number).unwrap_or(usize::MAX);
    let found = taken.get(place);
    match found.filter(|one| (one.event, one.trigger, one.message.id.queue) == origin) {
        Some(one) => Ok(one.message.destination.topic.clone()),
        None => Err(format!(
            "there is no receipt {number} for a record of its queue"
        )),
    }
}

/// Gives a record the event's id.
fn identify(message: &mut Message, event: &str) {
    message.id.event = event.into();
}

fn failed<T>(id: String, error: &CallError) -> Outcome<T> {
    Outcome {
        id,
        result: Err(error.clone().into()),
    }
}

fn failure(refusal: &PublishError) -> Failure {
    Failure::new(refusal.code(), refusal.to_string())
}
