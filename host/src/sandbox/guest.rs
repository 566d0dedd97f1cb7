//! What workers ask of an instance, and how far its answers are believed.

use action_triggers_vocabulary::PublishError;
use wasmtime::Store;

use super::{
    CallError, Outcome,
    boundary::{Batch, Exports},
    crossing::{Answer, Decision, Explained, Offered, Published, Why},
    data::{Data, Taken},
    generation::Generation,
    instance::{Called, Instance},
};
use crate::{
    broker::Routes,
    event::EventText,
    outcome::{EventFailure, Explanation, FailedEvent, Failure, Missing, Publication, Rendering},
    record::Message,
};

/// What a call came to besides its outcomes.
#[derive(Debug, Default)]
pub(crate) struct Decided {
    /// The records that it published, in the order of their events.
    pub(crate) messages: Vec<Message>,
    /// The events of which something failed, each behind so many of the records: those of
    /// its own and of events before it.
    pub(crate) failed: Vec<(usize, FailedEvent)>,
}

/// A generation's instance at work. Whatever breaks it costs one call: the next one
/// gets a new instance. What is left of it waits for the next work.
pub(crate) struct Guest<'a> {
    generation: &'a Generation,
    /// None until the first call, while a call is under way, and after a broken one.
    instance: Option<Instance>,
}

impl Drop for Guest<'_> {
    fn drop(&mut self) {
        if let Some(instance) = self.instance.take() {
            self.generation.keep(instance);
        }
    }
}

impl<'a> Guest<'a> {
    /// Takes an instance of this generation, or makes one at the first call.
    pub(crate) fn of(generation: &'a Generation) -> Self {
        Self {
            generation,
            instance: generation.idle_instance(),
        }
    }

    /// Decides for each event which triggers fire, and hands on what they publish, and
    /// the events of which something failed, call by call. One outcome per event, in order.
    pub(crate) fn process(
        &mut self,
        events: Vec<EventText>,
        mut publish: impl FnMut(Decided),
    ) -> Vec<Outcome<Publication>> {
        let call = |guest: &mut Self, batch: &Batch| {
            let decided = match guest.process_batch(batch) {
                Ok((outcomes, _)) if outcomes.is_empty() && batch.len() == 1 => Err(undecided()),
                decided => decided,
            };
            match decided {
                Ok((outcomes, messages)) => {
                    let failed = failed_events(batch, &outcomes, &messages);
                    publish(Decided { messages, failed });
                    Ok(outcomes)
                }
                // Nobody but this event can be to blame.
                Err(error) if batch.len() == 1 => {
                    let outcome = failed(batch.ids().next().unwrap_or_default().into(), &error);
                    let failed = failed_events(batch, std::slice::from_ref(&outcome), &[]);
                    publish(Decided {
                        messages: Vec::new(),
                        failed,
                    });
                    Ok(vec![outcome])
                }
                Err(error) => Err(error),
            }
        };
        self.all(events, call)
    }

    /// Decides as [`Guest::process`] does and publishes nothing. Hands on one outcome
    /// per event, in order, call by call; until all are decided, or until `take` says
    /// that no more are wanted.
    pub(crate) fn render(
        &mut self,
        events: Vec<EventText>,
        take: impl FnMut(Vec<Outcome<Rendering>>) -> bool,
    ) {
        let addressed = |_, offered: Offered, routes: &Routes| {
            let accept = |offer| routes.accept(offer).map_err(|refusal| failure(&refusal));
            let name = routes.name(offered.trigger, offered.queue)?.clone();
            let outcome = offered.answer.and_then(accept);
            Ok(Rendering::new(name, offered.queue, outcome))
        };
        let call = |guest: &mut Self, batch: &Batch| {
            let called = guest.call(batch, false, |exports, store| exports.render(store, batch));
            let mut outcomes = guest.believe(batch, called?.answers, addressed)?;
            for outcome in &mut outcomes {
                let renderings = outcome.result.iter_mut().flatten();
                for message in renderings.filter_map(|one| one.outcome.as_mut().ok()) {
                    identify(message, &outcome.id);
                }
            }
            Ok(outcomes)
        };
        self.each(events, call, take);
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
        let call = |guest: &mut Self, batch: &Batch| {
            let called = guest.call(batch, false, |exports, store| exports.explain(store, batch));
            guest.believe(batch, called?.answers, named)
        };
        self.all(events, call)
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

    /// The outcomes of all calls.
    fn all<T>(
        &mut self,
        events: Vec<EventText>,
        call: impl FnMut(&mut Self, &Batch) -> Result<Vec<Outcome<T>>, CallError>,
    ) -> Vec<Outcome<T>> {
        let mut outcomes = Vec::with_capacity(events.len());
        self.each(events, call, |decided| {
            outcomes.extend(decided);
            true
        });
        outcomes
    }

    /// Calls for batches of these events. Where a call fails, each event of its
    /// batch gets one of its own, so that only the guilty one fails; where it
    /// decides only some, the rest gets the next one. What a call decided is handed
    /// on before the next one is made.
    fn each<T>(
        &mut self,
        events: Vec<EventText>,
        mut call: impl FnMut(&mut Self, &Batch) -> Result<Vec<Outcome<T>>, CallError>,
        mut take: impl FnMut(Vec<Outcome<T>>) -> bool,
    ) {
        for mut batch in self.batches(events) {
            while batch.len() > 1 {
                match call(self, &batch) {
                    Ok(decided) if !decided.is_empty() => {
                        let rest = batch.split_off(decided.len());
                        if !take(decided) {
                            return;
                        }
                        batch = rest;
                    }
                    Ok(_) | Err(_) => break,
                }
            }
            for event in batch.split() {
                let id = event.ids().next().unwrap_or_default().to_owned();
                let decided = call(self, &event).map(|mut decided| decided.pop());
                let outcome = match decided {
                    Ok(Some(outcome)) => outcome,
                    Ok(None) => failed(id, &undecided()),
                    Err(error) => failed(id, &error),
                };
                if !take(vec![outcome]) {
                    return;
                }
            }
        }
    }

    /// Calls into the instance under the call deadline. Whatever goes wrong
    /// costs the instance.
    fn call<T>(
        &mut self,
        batch: &Batch,
        publishes: bool,
        call: impl FnOnce(&Exports, &mut Store<Data>) -> wasmtime::Result<Vec<Answer<T>>>,
    ) -> Result<Called<T>, CallError> {
        let mut instance = match self.instance.take() {
            Some(instance) => instance,
            None => self.generation.new_instance()?,
        };
        let source = self.generation.source();
        let called = instance.call(source, (batch.len(), publishes), call)?;
        self.instance = Some(instance);
        Ok(called)
    }

    /// Believes an answer only as far as it agrees with what `load` said. The
    /// events that were decided; those after them were not started.
    fn believe<T, U>(
        &mut self,
        batch: &Batch,
        answers: Vec<Answer<T>>,
        convert: impl Fn(u32, T, &Routes) -> Result<U, String>,
    ) -> Result<Vec<Outcome<U>>, CallError> {
        let routes = self.generation.routes();
        let believed = believed(batch, answers, |event, said| convert(event, said, routes));
        believed.map_err(|message| self.misbehaved(message))
    }

    fn misbehaved(&mut self, message: impl Into<String>) -> CallError {
        self.instance = None;
        CallError::misbehaved(message)
    }

    /// Cuts events into calls, by count and by bytes.
    fn batches(&self, events: Vec<EventText>) -> Vec<Batch> {
        let limits = self.generation.limits();
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

/// The events of a batch of which something failed, and their places among its records.
fn failed_events(
    batch: &Batch,
    outcomes: &[Outcome<Publication>],
    messages: &[Message],
) -> Vec<(usize, FailedEvent)> {
    let mut failed = Vec::new();
    let mut records = 0;
    for (place, outcome) in outcomes.iter().enumerate() {
        let queues = outcome.result.iter().flatten();
        records += queues.filter(|queue| queue.outcome.is_ok()).count();
        if let Some(missing) = Missing::of(&outcome.result) {
            let text = batch.text(place).unwrap_or_default();
            let event = FailedEvent::new(&*outcome.id, text, missing);
            failed.push((records.min(messages.len()), event));
        }
    }
    failed
}

fn undecided() -> CallError {
    CallError::misbehaved("it did not decide an event")
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
