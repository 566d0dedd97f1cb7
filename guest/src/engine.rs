//! One set of triggers at work: matches events, renders what fires, hands it
//! over. A failure stays with the queue, trigger or event it belongs to.

use std::collections::BTreeSet;

use action_triggers_django::{self as django, Templates, json::Document};
use action_triggers_vocabulary::{PublishError, content_type};
use sha2::{Digest, Sha256};

use crate::{
    diagnostic::{Diagnostic, Faults},
    event::{Change, EventError, Input, Line, Models},
    failure::Failure,
    host::{Broker, Host},
    limits::Limits,
    loaded::{Loaded, LoadedTrigger, Refusal},
    matching::Index,
    message::{Destination, Message, Payload},
    record,
    trigger::{self, Queue, Trigger},
};

/// A set of triggers, loaded.
#[derive(Debug)]
pub struct Engine {
    pub(crate) templates: Templates,
    pub(crate) triggers: Vec<Trigger>,
    pub(crate) models: Models,
    pub(crate) whitelist: BTreeSet<String>,
    index: Index,
    brokers: Vec<Broker>,
    limits: Limits,
    set_sha256: String,
}

/// What became of one event.
#[derive(Debug)]
pub struct Outcome<T> {
    /// The event's id: its own, else the one given with it.
    pub id: String,
    /// What was decided.
    pub decision: Decision<T>,
}

/// What was decided for one event.
#[derive(Debug)]
pub enum Decision<T> {
    /// One per queue of each trigger that fires.
    Done(Vec<T>),
    /// The event was not read.
    Unreadable(EventError),
    /// The event as a whole came to nothing.
    Failed(Failure),
    /// The call's fuel was spent before the event was started.
    NotProcessed,
}

/// What became of one queue of a trigger that fired.
#[derive(Debug)]
pub struct Publication {
    /// The trigger's place in the set.
    pub trigger: u32,
    /// The queue's place in its trigger.
    pub queue: u32,
    /// The number of the host's receipt.
    pub receipt: Result<u32, Failure>,
}

/// What one queue of a trigger that fires would publish.
#[derive(Debug)]
pub struct Rendering<'a> {
    /// The trigger's place in the set.
    pub trigger: u32,
    /// The queue's place in its trigger.
    pub queue: u32,
    /// The record, as the host would be given it.
    pub message: Result<Message<'a>, Failure>,
}

/// What is left of what a call may use.
struct Allowance {
    fuel: u64,
    records: u32,
    /// Whether no more events are started.
    is_over: bool,
}

impl Allowance {
    fn take(&mut self, fuel: u64) {
        self.fuel = self.fuel.saturating_sub(fuel);
    }

    /// Takes room for records; whether there was as much.
    fn take_records(&mut self, records: usize) -> bool {
        let records = u32::try_from(records).unwrap_or(u32::MAX);
        let fits = records <= self.records;
        self.records = self.records.saturating_sub(records);
        fits
    }
}

/// The steps that reading so many bytes takes.
fn steps(bytes: usize) -> u64 {
    1 + u64::try_from(bytes).unwrap_or(u64::MAX) / 64
}

/// A trigger that fires for an event.
#[derive(Clone, Copy)]
struct Firing<'a, 'b> {
    event: u32,
    place: u32,
    trigger: &'a Trigger,
    change: &'b Change<'b>,
}

impl Engine {
    /// Takes a set of triggers, all of it or none. What a broker sets itself is
    /// dropped from the queues that name it.
    ///
    /// # Errors
    ///
    /// The set has faults: all of them, in the order of the text.
    pub fn load(
        json: impl Into<String>,
        brokers: Vec<Broker>,
        limits: Limits,
    ) -> Result<(Self, Loaded), Refusal> {
        let mut templates = Templates::new(django::Limits {
            fuel: limits.fuel,
            output_bytes: usize::try_from(limits.output_bytes).unwrap_or(usize::MAX),
        });
        let mut faults = Faults::default();
        let document = Document::new(json.into());
        let set_sha256 = format!("{:x}", Sha256::digest(document.text()));
        let (triggers, models) = if steps(document.text().len()) > limits.call_fuel {
            faults.too_long(limits.call_fuel);
            Default::default()
        } else {
            trigger::parse(&document, &brokers, &mut templates, &mut faults)
        };
        // Nothing is kept of the source.
        drop(document);
        if faults.any_errors() {
            return Err(Refusal {
                diagnostics: faults.into_diagnostics(),
                triggers: triggers.iter().map(LoadedTrigger::from).collect(),
            });
        }
        let whitelist = whitelist(&limits.content_types);
        let engine = Self {
            templates,
            index: Index::new(&triggers, &whitelist),
            triggers,
            models,
            whitelist,
            brokers,
            limits,
            set_sha256,
        };
        let loaded = engine.loaded(faults.into_diagnostics());
        Ok((engine, loaded))
    }

    /// What the engine holds, with these diagnostics.
    pub fn loaded(&self, diagnostics: Vec<Diagnostic>) -> Loaded {
        Loaded {
            triggers: self.triggers.iter().map(LoadedTrigger::from).collect(),
            diagnostics,
            set_sha256: self.set_sha256.clone(),
        }
    }

    /// The brokers it was loaded with.
    pub fn brokers(&self) -> &[Broker] {
        &self.brokers
    }

    /// The limits it was loaded with.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Decides for each event what fires and hands its records to the host, once
    /// all triggers of the event are decided. One outcome per event, in order.
    pub fn process(&self, events: Vec<Input>, host: &mut impl Host) -> Vec<Outcome<Publication>> {
        let mut records = 0;
        let publish = |rendering: Rendering<'_>, host: &mut _| {
            let (trigger, queue) = (rendering.trigger, rendering.queue);
            let receipt = rendering
                .message
                .and_then(|message| self.publish(&message, &mut records, host));
            Publication {
                trigger,
                queue,
                receipt,
            }
        };
        self.run(events, host, publish)
    }

    fn publish(
        &self,
        message: &Message<'_>,
        records: &mut u32,
        host: &mut impl Host,
    ) -> Result<u32, Failure> {
        if *records >= self.limits.records {
            return Err(PublishError::TooMany(self.limits.records).into());
        }
        let receipt = host.publish(message)?;
        *records += 1;
        Ok(receipt.number)
    }

    /// Decides and renders as [`process`](Self::process) does, and publishes
    /// nothing. The host is asked for settings only.
    pub fn render<'a>(
        &'a self,
        events: Vec<Input>,
        host: &mut impl Host,
    ) -> Vec<Outcome<Rendering<'a>>> {
        self.run(events, host, |rendering, _| rendering)
    }

    fn run<'a, H: Host, T>(
        &'a self,
        events: Vec<Input>,
        host: &mut H,
        mut finish: impl FnMut(Rendering<'a>, &mut H) -> T,
    ) -> Vec<Outcome<T>> {
        let mut left = Allowance {
            fuel: self.limits.call_fuel,
            records: self.limits.records,
            is_over: false,
        };
        let mut decide = |(event, input)| {
            let outcome = self.decide(event, input, &mut left, host);
            let decision = match outcome.decision {
                Decision::Done(all) => {
                    let finished = all.into_iter().map(|one| finish(one, host));
                    Decision::Done(finished.collect())
                }
                Decision::Unreadable(error) => Decision::Unreadable(error),
                Decision::Failed(failure) => Decision::Failed(failure),
                Decision::NotProcessed => Decision::NotProcessed,
            };
            let id = outcome.id;
            Outcome { id, decision }
        };
        (0..).zip(events).map(&mut decide).collect()
    }

    /// Renders what one event fires. An event that the call has not enough left
    /// for ends the call, unless it is the first.
    fn decide<'a>(
        &'a self,
        event: u32,
        input: Input,
        left: &mut Allowance,
        host: &mut impl Host,
    ) -> Outcome<Rendering<'a>> {
        if left.is_over {
            return Outcome {
                id: input.id,
                decision: Decision::NotProcessed,
            };
        }
        left.take(steps(input.text.len()));
        let mut outcome = self.read(input, false, |change| {
            let mut rendered = Vec::new();
            for place in self.index.find(change.signal, &change.content_type) {
                let Some(trigger) = self.triggers.get(*place) else {
                    continue;
                };
                let firing = Firing {
                    event,
                    place: narrowed(*place),
                    trigger,
                    change,
                };
                self.templates.share_allowance(left.fuel);
                let given = left.fuel.min(self.limits.fuel);
                self.fire(firing, host, |rendering| rendered.push(rendering));
                left.take(given.saturating_sub(self.templates.end_allowance()));
                if left.fuel == 0 {
                    break;
                }
            }
            rendered
        });
        let records = match &outcome.decision {
            Decision::Done(all) => all.iter().filter(|one| one.message.is_ok()).count(),
            _ => 0,
        };
        let fits = left.fuel > 0 && left.take_records(records);
        if !fits && event > 0 {
            left.is_over = true;
            outcome.decision = Decision::NotProcessed;
        } else if left.fuel == 0 {
            left.is_over = true;
            outcome.decision = Decision::Failed(Failure::EventOutOfFuel(self.limits.call_fuel));
        }
        outcome
    }

    /// Reads an event and decides it; one that no trigger concerns is done when
    /// its header is read, unless it is wanted anyway.
    pub(crate) fn read<T>(
        &self,
        input: Input,
        is_wanted: bool,
        decide: impl FnOnce(&Change<'_>) -> Vec<T>,
    ) -> Outcome<T> {
        let document = Input::document(input.text);
        let mut id = input.id;
        let read = || {
            let mut line = Line::read(document.text())?;
            if let Some(own) = line.id.take() {
                id = own;
            }
            let concerned = self.index.find(line.signal, &line.content_type);
            if concerned.is_empty() && !is_wanted {
                return Ok(Vec::new());
            }
            let depth = usize::try_from(self.limits.depth).unwrap_or(usize::MAX);
            let change = Change::read(&document, line, &id, depth, &self.models)?;
            Ok(decide(&change))
        };
        let decision = match read() {
            Ok(done) => Decision::Done(done),
            Err(error) => Decision::Unreadable(error),
        };
        Outcome { id, decision }
    }

    /// Fires one trigger, if its condition holds; its payload is rendered once
    /// for all its queues.
    fn fire<'a>(
        &'a self,
        firing: Firing<'a, '_>,
        host: &mut impl Host,
        mut done: impl FnMut(Rendering<'a>),
    ) {
        let (trigger, change) = (firing.trigger, firing.change);
        let holds = match &trigger.when {
            Some(when) => when.holds(&self.templates, change),
            None => Ok(true),
        };
        let payload = match holds {
            Ok(false) => return,
            Ok(true) => self.payload(trigger, change),
            Err(failure) => Err(failure),
        };
        // The last queue gets the payload itself, the others copies.
        let payloads = std::iter::repeat_n(payload, trigger.queues.len());
        for ((place, queue), payload) in (0..).zip(&trigger.queues).zip(payloads) {
            let message =
                payload.and_then(|payload| self.message(firing, (place, queue), payload, host));
            let rendering = Rendering {
                trigger: firing.place,
                queue: place,
                message,
            };
            done(rendering);
        }
    }

    fn payload(&self, trigger: &Trigger, change: &Change<'_>) -> Result<Payload, Failure> {
        let payload =
            trigger
                .payload
                .render(&self.templates, change.context(), change.instance())?;
        let most = self.limits.output_bytes;
        if payload.len() > usize::try_from(most).unwrap_or(usize::MAX) {
            return Err(Failure::PayloadTooLarge(most));
        }
        Ok(payload)
    }

    fn message<'a>(
        &'a self,
        firing: Firing<'a, '_>,
        (place, queue): (u32, &'a Queue),
        payload: Payload,
        host: &mut impl Host,
    ) -> Result<Message<'a>, Failure> {
        let fields = match &queue.record {
            Some(plan) => plan.render(&self.templates, firing.change)?,
            None => record::Fields::default(),
        };
        Ok(Message {
            event: firing.event,
            trigger: firing.place,
            queue: place,
            ordering_key: firing.change.ordering_key(),
            destination: destination(queue, host)?,
            topic: fields.topic,
            key: fields.key,
            headers: fields.headers,
            partition: fields.partition,
            timestamp_ms: fields.timestamp_ms,
            value: if fields.is_tombstone {
                Payload::Tombstone
            } else {
                payload
            },
        })
    }
}

/// A queue's destination with its placeholders resolved; none where `load` told it.
fn destination(queue: &Queue, host: &mut impl Host) -> Result<Option<Destination>, Failure> {
    if queue.is_fixed {
        return Ok(None);
    }
    Ok(Some(Destination {
        conn_details: queue.conn_details.resolve(host)?,
        parameters: queue.parameters.resolve(host)?,
    }))
}

fn whitelist(content_types: &[String]) -> BTreeSet<String> {
    let normalized = |name: &String| match content_type::normalized(name) {
        Some(normalized) => normalized.into_owned(),
        // Allows nothing; but a whitelist it is.
        None => name.clone(),
    };
    content_types.iter().map(normalized).collect()
}

/// A place in a list; lists in 32-bit memory are shorter than its bound.
fn narrowed(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}
