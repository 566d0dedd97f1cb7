//! A host in Rust with nothing but wasmtime: its bindings are made from `wit/`, the
//! component is a file. It knows no crate of this project.

use std::{collections::BTreeMap, path::Path};

use wasmtime::{
    Config, Engine, Error, Result, Store,
    component::{Component, HasSelf, Linker},
};

use self::bindings::{
    ActionTriggers,
    action_triggers::engine::{kafka, settings},
    exports::action_triggers::engine::triggers::{Decision, Input, Limits, LoadedTrigger},
};

#[allow(
    clippy::all,
    clippy::pedantic,
    reason = "generated; documented in wit/"
)]
mod bindings {
    wasmtime::component::bindgen!({ path: "../../wit", world: "action-triggers" });
}

/// The component, compiled.
pub(super) struct Compiled {
    engine: Engine,
    component: Component,
}

/// A set of triggers, and what the host gives it.
#[derive(Default)]
pub(super) struct Set {
    pub(super) triggers: String,
    pub(super) brokers: Vec<kafka::Broker>,
    pub(super) content_types: Vec<String>,
    /// Values by dotted path, as JSON text.
    pub(super) settings: BTreeMap<String, String>,
}

/// A record that the component handed over.
pub(super) struct Record {
    pub(super) broker: String,
    /// `conn_details` and `parameters`, as JSON text.
    pub(super) destination: [String; 2],
    pub(super) key: Option<String>,
    /// Its text; none is a tombstone.
    pub(super) value: Option<String>,
}

/// What the component may ask of this host, and what it handed over.
#[derive(Default)]
struct Host {
    settings: BTreeMap<String, String>,
    published: Vec<kafka::Message>,
}

impl settings::Host for Host {
    fn get(&mut self, path: String) -> Result<String, settings::SettingsError> {
        let value = self.settings.get(&path).cloned();
        value.ok_or(settings::SettingsError::NotAllowed)
    }
}

impl kafka::Host for Host {
    fn publish(&mut self, message: kafka::Message) -> Result<kafka::Receipt, kafka::PublishError> {
        let number = u32::try_from(self.published.len()).unwrap();
        self.published.push(message);
        Ok(kafka::Receipt { number })
    }
}

/// A broker that sets these members itself.
pub(super) fn broker(
    name: &str,
    conn_details: Vec<String>,
    parameters: Vec<String>,
) -> kafka::Broker {
    kafka::Broker {
        name: name.into(),
        conn_details,
        parameters,
        topics: Vec::new(),
    }
}

impl Compiled {
    pub(super) fn new(file: &Path) -> Result<Self> {
        let engine = Engine::new(&Config::new())?;
        let component = Component::from_file(&engine, file)?;
        Ok(Self { engine, component })
    }

    /// Loads a set and lets events happen: the record of each queue that fired, or the code
    /// of its failure. Fails where the set is refused.
    pub(super) fn publish(
        &self,
        set: Set,
        events: &[String],
    ) -> Result<Vec<Result<Record, String>>> {
        let mut linker = Linker::new(&self.engine);
        ActionTriggers::add_to_linker::<_, HasSelf<_>>(&mut linker, |host: &mut Host| host)?;
        let host = Host {
            settings: set.settings,
            published: Vec::new(),
        };
        let mut store = Store::new(&self.engine, host);
        let instance = ActionTriggers::instantiate(&mut store, &self.component, &linker)?;
        let triggers = instance.action_triggers_engine_triggers();
        let limits = Limits {
            fuel: 150_000,
            call_fuel: 20_000_000,
            output_bytes: 2 << 20,
            records: 10_000,
            depth: 128,
            content_types: set.content_types,
        };
        let loaded = triggers
            .call_load(&mut store, &set.triggers, &set.brokers, &limits)?
            .map_err(|refusal| Error::msg(format!("refused: {:?}", refusal.diagnostics)))?;
        let inputs: Vec<_> = events.iter().zip(0..).map(input).collect();
        let mut codes = Vec::new();
        for outcome in triggers.call_process(&mut store, &inputs)? {
            let Decision::Done(publications) = outcome.decision else {
                return Err(Error::msg(format!("not decided: {:?}", outcome.decision)));
            };
            let failures = publications.into_iter().filter_map(|one| one.receipt.err());
            codes.extend(failures.map(|failure| Err(failure.code)));
        }
        let published = store.into_data().published.into_iter();
        let records = published.map(|message| Ok(record(message, &loaded.triggers)));
        Ok(records.chain(codes).collect())
    }
}

fn input((text, place): (&String, u32)) -> Input {
    Input {
        text: text.clone(),
        id: place.to_string(),
    }
}

fn record(message: kafka::Message, triggers: &[LoadedTrigger]) -> Record {
    let place = |number: u32| usize::try_from(number).unwrap();
    let queue = &triggers[place(message.trigger)].queues[place(message.queue)];
    let destination = message.destination.unwrap_or(queue.destination.clone());
    Record {
        broker: queue.broker.clone(),
        destination: [destination.conn_details, destination.parameters],
        key: message.key,
        value: match message.value {
            kafka::Payload::Json(text) | kafka::Payload::Text(text) => Some(text),
            kafka::Payload::Tombstone => None,
        },
    }
}
