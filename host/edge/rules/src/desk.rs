//! What stands between the engine and the courier: it names events, answers for
//! settings, takes the records that the engine hands over, and believes what the engine
//! says of them only as far as the two agree.

use std::sync::Arc;

use action_triggers_core::{
    broker::{Broker, BrokerMembers, Offer, Policy, Registry, RegistryError, Routes},
    clock::Now,
    cluster::Cluster,
    event::{EventError, EventIds, EventText, text_of},
    outcome::{EventFailure, Failure, Loaded, Publication},
    record::Message,
    rest::check::check,
    settings::{SettingError, Settings},
};
use action_triggers_vocabulary::PublishError;

/// How the engine must be composed.
const ONE: &str = "it must be composed with this publisher and no other instance of it";

/// Most bytes of an event's id.
const LONGEST_ID: usize = 512;

/// What a configuration says, without its secrets.
#[derive(Debug, Default)]
pub struct Parts {
    /// Where records may go.
    pub brokers: Vec<Broker>,
    /// How they get there.
    pub clusters: Vec<Arc<Cluster>>,
    /// What placeholders may name.
    pub settings: Settings,
    /// How records are made.
    pub policy: Policy,
    /// What a call may take.
    pub bounds: Bounds,
}

/// What a call may take.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Most bytes of an event.
    pub event_bytes: usize,
    /// Most records of a call.
    pub records: u32,
    /// Bytes of a call's records, beyond which no more are taken.
    pub record_bytes: usize,
}

impl Default for Bounds {
    /// 1 MiB an event; 10,000 records and 16 MiB of them a call.
    fn default() -> Self {
        Self {
            event_bytes: 1 << 20,
            records: 10_000,
            record_bytes: 16 << 20,
        }
    }
}

/// What the engine says of an event.
#[derive(Clone, Debug)]
pub struct Decided {
    /// The event's id.
    pub id: String,
    /// One for each queue of each trigger that fired.
    pub result: Result<Vec<Said>, EventFailure>,
}

/// What the engine says of a queue of a trigger that fired.
#[derive(Clone, Debug)]
pub struct Said {
    /// The trigger's place in the set.
    pub trigger: u32,
    /// The queue's place in the trigger.
    pub queue: u32,
    /// The record's number among those that it handed over in the call.
    pub receipt: Result<u32, Failure>,
}

impl Said {
    /// Whether another instance of the rules was asked to take the record: nobody told
    /// that one of the call.
    fn is_elsewhere(&self) -> bool {
        let code = PublishError::NotPublishing.code();
        matches!(&self.receipt, Err(failure) if failure.code == code)
    }
}

/// What became of an event.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The event's id.
    pub event: String,
    /// One for each queue of each trigger that fired.
    pub result: Result<Vec<Publication>, EventFailure>,
}

/// The desk of one instance of the engine.
#[derive(Debug)]
pub struct Desk {
    registry: Arc<Registry>,
    settings: Arc<Settings>,
    bounds: Bounds,
    /// None before the engine has told what it loaded.
    routes: Option<Routes>,
    ids: [u8; 10],
    batches: u64,
    call: Call,
}

/// What a call has handed over so far.
#[derive(Debug, Default)]
struct Call {
    is_open: bool,
    events: u32,
    taken: Vec<Taken>,
    bytes: usize,
}

/// A record that was taken, and the places of its event and trigger.
#[derive(Debug)]
struct Taken {
    event: u32,
    trigger: u32,
    message: Message,
}

impl Desk {
    /// A desk for these brokers and settings.
    ///
    /// # Errors
    ///
    /// Every fault of the brokers and clusters.
    pub fn new(parts: Parts) -> Result<Self, Vec<RegistryError>> {
        let settings = Arc::new(parts.settings);
        let registry = Registry::new(
            parts.brokers,
            parts.clusters,
            Arc::clone(&settings),
            parts.policy,
        )?;
        Ok(Self {
            registry: Arc::new(registry.with_rule(Arc::new(check))),
            settings,
            bounds: parts.bounds,
            routes: None,
            ids: [0; 10],
            batches: 0,
            call: Call::default(),
        })
    }

    /// Which members each broker sets itself, for `load`.
    pub fn members(&self) -> Vec<BrokerMembers> {
        self.registry.members()
    }

    /// Learns where records go from what the engine loaded.
    pub fn know(&mut self, loaded: &Loaded) {
        self.routes = Some(Routes::new(Arc::clone(&self.registry), loaded));
    }

    /// Makes ids of events from these bytes, which must be random.
    pub fn seed(&mut self, random: [u8; 10]) {
        self.ids = random;
    }

    /// Bounds events and names them. One that is refused has its id too.
    pub fn name(
        &mut self,
        events: Vec<String>,
        now: Now,
    ) -> Vec<Result<EventText, (String, EventError)>> {
        self.batches = self.batches.wrapping_add(1);
        let mut random = self.ids;
        // Ids of a batch count up from the last byte, so batches differ far before it:
        // behind the bytes that hold the version and the variant of a UUID.
        for (byte, count) in random.iter_mut().skip(3).zip(self.batches.to_le_bytes()) {
            *byte ^= count;
        }
        let named = |(text, id): (String, String)| match text_of(
            text.as_bytes(),
            self.bounds.event_bytes,
        ) {
            Ok(_) => Ok(EventText { text, id }),
            Err(error) => Err((id, error)),
        };
        let ids = EventIds::new(now.unix_ms, random);
        events.into_iter().zip(ids).map(named).collect()
    }

    /// The value of a setting, as JSON text.
    ///
    /// # Errors
    ///
    /// It is not allowed, missing or unreadable.
    pub fn setting(&self, path: &str) -> Result<String, SettingError> {
        self.settings.get(path)
    }

    /// The engine is about to be asked for so many events.
    pub fn begin(&mut self, events: u32) {
        self.call = Call {
            is_open: true,
            events,
            ..Call::default()
        };
    }

    /// Takes a record and says its number in the call.
    ///
    /// # Errors
    ///
    /// The record is not taken, and never will be.
    pub fn publish(&mut self, offer: Offer) -> Result<u32, PublishError> {
        let Some(routes) = self.routes.as_ref().filter(|_| self.call.is_open) else {
            return Err(PublishError::NotPublishing);
        };
        let number = u32::try_from(self.call.taken.len()).unwrap_or(u32::MAX);
        if number >= self.bounds.records || self.call.bytes >= self.bounds.record_bytes {
            return Err(PublishError::TooMany(self.bounds.records));
        }
        let (event, trigger) = (offer.event, offer.trigger);
        if event >= self.call.events {
            let message = format!("the call has no event {event}");
            return Err(PublishError::InvalidRecord(message));
        }
        let message = routes.accept(offer)?;
        self.call.bytes += message.record.size();
        self.call.taken.push(Taken {
            event,
            trigger,
            message,
        });
        Ok(number)
    }

    /// Ends a call: what became of its events, and the records to be delivered.
    ///
    /// # Errors
    ///
    /// What the engine says is not what it handed over. Nothing of the call is
    /// delivered.
    pub fn end(&mut self, decided: Vec<Decided>) -> Result<(Vec<Outcome>, Vec<Message>), String> {
        let Call { taken, .. } = std::mem::take(&mut self.call);
        let said = decided.iter().filter_map(|one| one.result.as_ref().ok());
        if said.flatten().any(Said::is_elsewhere) {
            return Err(format!(
                "the engine handed its records over elsewhere: {ONE}"
            ));
        }
        let receipts: usize = decided
            .iter()
            .filter_map(|one| one.result.as_ref().ok())
            .map(|said| said.iter().filter(|one| one.receipt.is_ok()).count())
            .sum();
        if receipts != taken.len() {
            return Err(format!(
                "the engine says of {receipts} records that they were handed over, and {} were: {ONE}",
                taken.len()
            ));
        }
        let routes = self.routes.as_ref().ok_or("the engine has loaded no set")?;
        let mut outcomes = Vec::with_capacity(decided.len());
        for (event, Decided { id, result }) in (0..).zip(decided) {
            if id.is_empty() || id.len() > LONGEST_ID {
                return Err(format!("an event's id has {} bytes", id.len()));
            }
            let result = match result {
                Ok(said) => Ok(publications(routes, &taken, event, said)?),
                Err(failure) => Err(failure),
            };
            outcomes.push(Outcome { event: id, result });
        }
        let mut messages = Vec::with_capacity(taken.len());
        for Taken {
            event, mut message, ..
        } in taken
        {
            let outcome = usize::try_from(event)
                .ok()
                .and_then(|event| outcomes.get(event));
            let outcome = outcome.filter(|outcome| outcome.result.is_ok());
            let outcome =
                outcome.ok_or("the engine handed over a record of an event that failed")?;
            message.id.event = outcome.event.as_str().into();
            messages.push(message);
        }
        Ok((outcomes, messages))
    }
}

fn publications(
    routes: &Routes,
    taken: &[Taken],
    event: u32,
    said: Vec<Said>,
) -> Result<Vec<Publication>, String> {
    let mut publications = Vec::with_capacity(said.len());
    for one in said {
        let trigger = Arc::clone(routes.name(one.trigger, one.queue)?);
        let outcome = match one.receipt {
            Ok(number) => Ok(topic(taken, number, (event, one.trigger, one.queue))?),
            Err(failure) => Err(failure),
        };
        publications.push(Publication::new(trigger, one.queue, outcome));
    }
    Ok(publications)
}

/// The topic of the record with this number, if it is of this event, trigger and queue.
fn topic(taken: &[Taken], number: u32, origin: (u32, u32, u32)) -> Result<String, String> {
    let found = usize::try_from(number)
        .ok()
        .and_then(|place| taken.get(place));
    let found = found.filter(|one| (one.event, one.trigger, one.message.id.queue) == origin);
    match found {
        Some(one) => Ok(one.message.destination.topic.clone()),
        None => Err(format!(
            "there is no receipt {number} for a record of its queue"
        )),
    }
}
