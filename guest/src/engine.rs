//! One set of triggers at work: matches events, renders what fires, hands it
//! over. A failure stays with the queue, trigger or event it belongs to.

use action_triggers_django::{Limits, Templates, json};

use crate::{
    diagnostic::{Diagnostic, Faults},
    event::{Change, Event, Models},
    failure::Failure,
    host::{Broker, Host},
    matching::Index,
    record::{self, Message, Payload},
    trigger::{self, Queue, Trigger},
};

/// A set of triggers, loaded.
#[derive(Debug)]
pub struct Engine {
    pub(crate) templates: Templates,
    pub(crate) triggers: Vec<Trigger>,
    pub(crate) models: Models,
    index: Index,
}

/// A set that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// Every trigger of the set, in its order.
    pub triggers: Vec<LoadedTrigger>,
    /// Warnings only.
    pub diagnostics: Vec<Diagnostic>,
}

/// One trigger of a set that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadedTrigger {
    /// Its `name`, else its `id` as text, else its place in the set from 0.
    pub name: String,
    /// Whether it may fire.
    pub active: bool,
    /// The broker's name of each queue.
    pub queues: Vec<String>,
}

/// What became of one event; an event that could not be read fails as a whole.
pub type Outcome<'a> = Result<Vec<Publication<'a>>, Failure>;

/// What became of one queue of a trigger that fired.
#[derive(Debug)]
pub struct Publication<'a> {
    /// The trigger's name.
    pub trigger: &'a str,
    /// The queue's place in its trigger, from 0.
    pub queue: u32,
    /// The topic that the host named when it took the record.
    pub outcome: Result<String, Failure>,
}

/// What one queue of a trigger that fires would publish.
#[derive(Debug)]
pub struct Rendering<'a> {
    /// The trigger's name.
    pub trigger: &'a str,
    /// The queue's place in its trigger, from 0.
    pub queue: u32,
    /// The record, as the host would be given it.
    pub outcome: Result<Message<'a>, Failure>,
}

impl Engine {
    /// Takes a set of triggers, all of it or none. What a broker sets itself is
    /// dropped from the queues that name it.
    ///
    /// # Errors
    ///
    /// Every fault of the set, warnings too, in the order of the text.
    pub fn load(json: &str, brokers: &[Broker]) -> Result<(Self, Loaded), Vec<Diagnostic>> {
        let mut templates = Templates::new(Limits::default());
        let mut faults = Faults::default();
        let (triggers, models) = trigger::parse(json, brokers, &mut templates, &mut faults);
        if faults.any_errors() {
            return Err(faults.into_diagnostics());
        }
        let loaded = Loaded {
            triggers: triggers.iter().map(loaded_trigger).collect(),
            diagnostics: faults.into_diagnostics(),
        };
        let engine = Self {
            templates,
            index: Index::new(&triggers),
            triggers,
            models,
        };
        Ok((engine, loaded))
    }

    /// Decides for each event what fires and hands its records to the host.
    /// One outcome per event, in order.
    pub fn process<'a>(&'a self, events: &[Event<'a>], host: &mut impl Host) -> Vec<Outcome<'a>> {
        self.run(events, host, |rendering, host| Publication {
            trigger: rendering.trigger,
            queue: rendering.queue,
            outcome: rendering.outcome.and_then(|message| {
                let receipt = host.publish(message)?;
                Ok(receipt.topic)
            }),
        })
    }

    /// Decides and renders as [`process`](Self::process) does, and publishes
    /// nothing. The host is asked for settings only.
    pub fn render<'a>(
        &'a self,
        events: &[Event<'a>],
        host: &mut impl Host,
    ) -> Vec<Result<Vec<Rendering<'a>>, Failure>> {
        self.run(events, host, |rendering, _| rendering)
    }

    fn run<'a, H: Host, T>(
        &'a self,
        events: &[Event<'a>],
        host: &mut H,
        mut finish: impl FnMut(Rendering<'a>, &mut H) -> T,
    ) -> Vec<Result<Vec<T>, Failure>> {
        let mut decide = |event| {
            let change = Change::read(event, &self.models)?;
            let mut finished = Vec::new();
            for trigger in self.matching(&change) {
                self.fire(trigger, &change, host, |rendering, host| {
                    finished.push(finish(rendering, host));
                });
            }
            Ok(finished)
        };
        events.iter().map(&mut decide).collect()
    }

    fn matching<'a>(&'a self, change: &Change<'_>) -> impl Iterator<Item = &'a Trigger> {
        let places = self.index.find(change.event.signal, &change.content_type);
        places.iter().filter_map(|place| self.triggers.get(*place))
    }

    /// Fires one trigger, if its condition holds; its payload is rendered once
    /// for all its queues.
    fn fire<'a, H: Host>(
        &'a self,
        trigger: &'a Trigger,
        change: &Change<'a>,
        host: &mut H,
        mut done: impl FnMut(Rendering<'a>, &mut H),
    ) {
        let holds = match &trigger.when {
            Some(when) => when.holds(&self.templates, change),
            None => Ok(true),
        };
        let payload = match holds {
            Ok(false) => return,
            Ok(true) => {
                trigger
                    .payload
                    .render(&self.templates, change.context(), change.instance())
            }
            Err(failure) => Err(failure),
        };
        // The last queue gets the payload itself, the others copies.
        let payloads = std::iter::repeat_n(payload, trigger.queues.len());
        for ((place, queue), payload) in (0..).zip(&trigger.queues).zip(payloads) {
            let outcome = payload
                .and_then(|payload| self.message(trigger, place, queue, change, payload, host));
            let rendering = Rendering {
                trigger: &trigger.name,
                queue: place,
                outcome,
            };
            done(rendering, host);
        }
    }

    fn message<'a>(
        &'a self,
        trigger: &'a Trigger,
        place: u32,
        queue: &'a Queue,
        change: &Change<'a>,
        payload: Payload,
        host: &mut impl Host,
    ) -> Result<Message<'a>, Failure> {
        let fields = match &queue.record {
            Some(plan) => plan.render(&self.templates, change)?,
            None => record::Fields::default(),
        };
        let mut parameters = queue.parameters.resolve(host)?;
        if let Some(topic) = &fields.topic {
            json::write::add_member("topic", topic, &mut parameters);
        }
        Ok(Message {
            event_id: change.event.id,
            trigger: &trigger.name,
            queue: place,
            ordering_key: change.ordering_key(),
            broker: &queue.broker,
            conn_details: queue.conn_details.resolve(host)?,
            parameters,
            timeout_ms: queue.timeout_ms,
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

fn loaded_trigger(trigger: &Trigger) -> LoadedTrigger {
    LoadedTrigger {
        name: trigger.name.clone(),
        active: trigger.active,
        queues: trigger
            .queues
            .iter()
            .map(|queue| queue.broker.clone())
            .collect(),
    }
}
