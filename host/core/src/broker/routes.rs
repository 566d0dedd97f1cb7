//! Where the records of one set of triggers go: what `load` told of its queues,
//! resolved once where it can be.

use std::{collections::HashMap, sync::Arc, time::Duration};

use action_triggers_vocabulary::{PublishError, quote};

use super::{
    offer::{BrokerMembers, Offer},
    registry::Registry,
};
use crate::{
    outcome::{Loaded, LoadedQueue, QueueDestination},
    record::{Destination, Message, RecordId},
};

/// Takes the records of one set of triggers.
#[derive(Debug)]
pub struct Routes {
    registry: Arc<Registry>,
    triggers: Vec<Trigger>,
}

#[derive(Debug)]
struct Trigger {
    name: Arc<str>,
    queues: Vec<Queue>,
}

#[derive(Debug)]
struct Queue {
    broker: String,
    own: QueueDestination,
    /// Messages bring the resolved destination.
    is_resolved_per_event: bool,
    renders_topic: bool,
    /// What every record of the queue comes to, where that is known.
    fixed: Option<Result<Arc<Destination>, PublishError>>,
    timeout: Result<Option<Duration>, PublishError>,
}

impl Routes {
    /// Resolves what is the same for every event.
    pub fn new(registry: Arc<Registry>, loaded: &Loaded) -> Self {
        let mut known = HashMap::new();
        let triggers = loaded.triggers.iter().map(|trigger| Trigger {
            name: trigger.name.clone(),
            queues: trigger
                .queues
                .iter()
                .map(|queue| Queue::new(queue, &registry, &mut known))
                .collect(),
        });
        let triggers = triggers.collect();
        Self { registry, triggers }
    }

    /// Which members each broker sets itself, for `load`.
    pub fn members(&self) -> Vec<BrokerMembers> {
        self.registry.members()
    }

    /// The name of the trigger at this place, if it has this queue. A trigger
    /// without queues that fails as a whole does so as queue 0.
    ///
    /// # Errors
    ///
    /// There is no such trigger or queue.
    pub fn name(&self, trigger: u32, queue: u32) -> Result<&Arc<str>, String> {
        let found = self
            .trigger(trigger)
            .ok_or_else(|| format!("there is no trigger {trigger}"))?;
        let queues = found.queues.len().max(1);
        if usize::try_from(queue).is_ok_and(|queue| queue < queues) {
            return Ok(&found.name);
        }
        Err(format!("the trigger `{}` has no queue {queue}", found.name))
    }

    /// Takes a record that the sandbox hands over: addresses it and checks
    /// everything that the sandbox could have got wrong. The event's id, which
    /// is not known yet, is empty.
    ///
    /// # Errors
    ///
    /// The record is not taken, and never will be.
    pub fn accept(&self, offer: Offer) -> Result<Message, PublishError> {
        let name = self
            .name(offer.trigger, offer.queue)
            .map_err(PublishError::InvalidRecord)?
            .clone();
        let queue = self
            .trigger(offer.trigger)
            .and_then(|trigger| trigger.queues.get(usize::try_from(offer.queue).ok()?))
            .ok_or_else(|| {
                PublishError::InvalidRecord(format!("the trigger `{name}` has no queues"))
            })?;
        let destination = self.destination(queue, &offer)?;
        let timeout = queue.timeout.clone()?;
        let id = RecordId {
            event: "".into(),
            trigger: name,
            queue: offer.queue,
        };
        let ordering_key = offer.ordering_key.as_deref().map(Into::into);
        let record = self.registry.record(offer, &destination)?;
        Ok(Message {
            id,
            ordering_key,
            destination,
            record,
            timeout,
            // Whoever reads events knows where their ids come from.
            id_is_given: false,
            carried: Arc::default(),
        })
    }

    fn trigger(&self, place: u32) -> Option<&Trigger> {
        self.triggers.get(usize::try_from(place).ok()?)
    }

    fn destination(&self, queue: &Queue, offer: &Offer) -> Result<Arc<Destination>, PublishError> {
        let invalid = |message: &str| Err(PublishError::InvalidDestination(message.into()));
        if queue.is_resolved_per_event != offer.destination.is_some() {
            return invalid("a destination comes with a record exactly where it was not fixed");
        }
        if queue.renders_topic != offer.topic.is_some() {
            return invalid("a topic comes with a record exactly where its queue renders it");
        }
        if let Some(fixed) = &queue.fixed {
            return fixed.clone();
        }
        if let Some(topic) = &offer.topic
            && !self.registry.allows_topic(&queue.broker, topic)
        {
            let shown = quote::shown(topic);
            let broker = &queue.broker;
            let message = format!("the broker `{broker}` does not allow the topic `{shown}`");
            return Err(PublishError::InvalidDestination(message));
        }
        let own = offer.destination.as_ref().unwrap_or(&queue.own);
        let destination = self
            .registry
            .address(&queue.broker, own, offer.topic.as_deref())?;
        Ok(Arc::new(destination))
    }
}

/// Destinations that are fixed, by broker and the queue's own.
type Known = HashMap<(String, QueueDestination), Result<Arc<Destination>, PublishError>>;

impl Queue {
    fn new(loaded: &LoadedQueue, registry: &Registry, known: &mut Known) -> Self {
        let is_fixed =
            loaded.is_fixed && !loaded.renders_topic && registry.is_fixed(&loaded.broker);
        let fixed = is_fixed.then(|| {
            let place = (loaded.broker.clone(), loaded.destination.clone());
            let address = || {
                registry
                    .address(&loaded.broker, &loaded.destination, None)
                    .map(Arc::new)
            };
            known.entry(place).or_insert_with(address).clone()
        });
        Self {
            broker: loaded.broker.clone(),
            own: if is_fixed || !loaded.is_fixed {
                QueueDestination::default()
            } else {
                loaded.destination.clone()
            },
            is_resolved_per_event: !loaded.is_fixed,
            renders_topic: loaded.renders_topic,
            fixed,
            timeout: registry.timeout(loaded.timeout_ms),
        }
    }
}
