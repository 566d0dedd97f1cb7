//! What a host can ask for.

use std::{borrow::Cow, collections::BTreeMap};

use action_triggers_guest::{event::Input, host, limits};
use serde::Deserialize;
use serde_json::value::RawValue;

/// A call: an object with one member, which is named like the function.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Call<'a> {
    #[serde(borrow)]
    Load(Load<'a>),
    Process(Events<'a>),
    Render(Events<'a>),
    Explain(Events<'a>),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Load<'a> {
    #[serde(borrow)]
    set: Cow<'a, str>,
    #[serde(default)]
    brokers: Vec<Broker>,
    #[serde(default)]
    limits: Limits,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Broker {
    name: String,
    #[serde(default)]
    conn_details: Vec<String>,
    #[serde(default)]
    parameters: Vec<String>,
    #[serde(default)]
    topics: Vec<String>,
}

/// Bounds that are left out are the engine's own.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Limits {
    fuel: Option<u64>,
    call_fuel: Option<u64>,
    output_bytes: Option<u32>,
    records: Option<u32>,
    depth: Option<u32>,
    content_types: Option<Vec<String>>,
}

/// Values of the host, as JSON text, by their dotted paths.
pub(crate) type Settings<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Events<'a> {
    #[serde(borrow)]
    events: Vec<Event<'a>>,
    #[serde(borrow, default)]
    settings: Settings<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Event<'a> {
    #[serde(borrow)]
    text: Cow<'a, str>,
    #[serde(borrow)]
    id: Cow<'a, str>,
}

impl Load<'_> {
    /// In the engine's words.
    pub(crate) fn into_parts(self) -> (String, Vec<host::Broker>, limits::Limits) {
        let broker = |broker: Broker| host::Broker {
            name: broker.name,
            conn_details: broker.conn_details,
            parameters: broker.parameters,
            topics: broker.topics,
        };
        let brokers = self.brokers.into_iter().map(broker).collect();
        (self.set.into_owned(), brokers, self.limits.into())
    }
}

impl<'a> Events<'a> {
    /// The events in the engine's words, and the settings.
    pub(crate) fn split(self) -> (Vec<Input>, Settings<'a>) {
        let input = |event: Event<'_>| Input {
            text: event.text.into_owned(),
            id: event.id.into_owned(),
        };
        (self.events.into_iter().map(input).collect(), self.settings)
    }
}

impl From<Limits> for limits::Limits {
    fn from(given: Limits) -> Self {
        let own = Self::default();
        Self {
            fuel: given.fuel.unwrap_or(own.fuel),
            call_fuel: given.call_fuel.unwrap_or(own.call_fuel),
            output_bytes: given.output_bytes.unwrap_or(own.output_bytes),
            records: given.records.unwrap_or(own.records),
            depth: given.depth.unwrap_or(own.depth),
            content_types: given.content_types.unwrap_or(own.content_types),
        }
    }
}
