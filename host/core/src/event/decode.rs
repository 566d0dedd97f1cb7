//! Bodies of requests, decoded into events: our own JSON, and what other tools send.
//!
//! | format | what | told by |
//! |---|---|---|
//! | `json`, `ndjson` | events in our own form: one, an array, or one a line | `application/json`, `application/x-ndjson` |
//! | `cloudevents` | `CloudEvents` 1.0: one, a batch, or one whose attributes are headers | `application/cloudevents+json`, `application/cloudevents-batch+json`, the header `ce-specversion` |
//! | `debezium` | change events of Debezium, with and without their schema | `?format=debezium` |
//! | `hasura` | event triggers of Hasura | `?format=hasura` |
//! | `supabase` | database webhooks of Supabase | `?format=supabase` |
//!
//! Nothing is read of an event in our own form: the sandbox does that. Of other forms only the
//! envelope is taken apart; rows are spliced into the event as they came, so that no number is
//! rebuilt. Only values that Debezium encodes become what Django would have.
//!
//! A [`BodyError`] is about the body as a whole: there are no events. What is wrong with
//! one event is in its [`Decoded`], and its neighbours are decoded all the same.

mod body;
mod change;
mod cloudevents;
mod debezium;
mod decimal;
mod decoded;
mod error;
mod format;
mod guess;
mod hasura;
mod models;
mod pieces;
mod shape;
mod sources;
mod supabase;
mod temporal;
#[cfg(test)]
mod tests;

use action_triggers_vocabulary::Place;

pub use self::{
    body::Body,
    decoded::{Content, Decoded, Skipped},
    error::{BodyError, DecodeError},
    format::Format,
    models::Models,
    sources::{CloudEventsSource, DebeziumSource, EventType, Sources, Tables},
    temporal::Precision,
};
use self::{
    debezium::{Told, Undeclared},
    shape::{Layout, Shape},
};

/// Most events of a request that a host takes.
pub const MOST_EVENTS: usize = 10_000;

/// Decodes bodies.
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    sources: Sources,
    undeclared: Undeclared,
}

/// The id that an event's sender gave it, and what the event is.
type Named<'a> = (Option<String>, Content<'a>);

/// Headers for the records of an event.
type Headers = Vec<(String, String)>;

impl Decoder {
    /// Decodes as a configuration's `sources` say.
    pub fn new(sources: Sources) -> Self {
        Self {
            sources,
            undeclared: Undeclared::default(),
        }
    }

    /// Takes the types of fields, where events do not tell them, from what a set of triggers
    /// declares.
    pub fn models(mut self, models: &Models) -> Self {
        self.undeclared = Undeclared::new(models, self.sources.debezium.time_precision);
        self
    }

    /// Decodes a body into events, in the order in which they stand in it.
    ///
    /// ```
    /// use action_triggers_core::event::decode::{Body, Content, Decoder};
    ///
    /// let bytes = br#"[{"signal": "post_save", "content_type": "shop.sale", "instance": {"id": 7}}]"#;
    /// let body = Body::new(bytes).content_type("application/json");
    /// let events = Decoder::default().decode(&body)?;
    /// assert!(matches!(&events[0].content, Ok(Content::Event(text)) if text.starts_with("{\"signal\"")));
    /// # Ok::<(), action_triggers_core::event::decode::BodyError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The body as a whole is in no known format, or cannot be cut into events.
    pub fn decode<'a>(&self, body: &Body<'a>) -> Result<Vec<Decoded<'a>>, BodyError> {
        let shape = Shape::of(body)?;
        let mut readers = Readers::new(self);
        if shape.layout == Layout::Data {
            let event = readers.cloudevents.binary(body);
            let headers = readers.cloudevents.headers();
            return Ok(vec![decoded(0, (1, Place::root()), event, headers)]);
        }
        let pieces = pieces::cut(body.bytes, shape.layout)?;
        let mut events = Vec::with_capacity(pieces.len());
        for (index, piece) in pieces.into_iter().enumerate() {
            let event = piece.text.and_then(|text| {
                let event = readers.event(shape.format, text);
                event.map_err(|error| pieces::not_json(text).unwrap_or(error))
            });
            let headers = readers.cloudevents.headers();
            events.push(decoded(index, (piece.line, piece.place), event, headers));
        }
        Ok(events)
    }
}

fn decoded(
    index: usize,
    (line, place): (u64, Place),
    event: Result<Named<'_>, DecodeError>,
    headers: Headers,
) -> Decoded<'_> {
    let (id, content) = match event {
        Ok((id, content)) => (id, Ok(content)),
        Err(error) => (None, Err(error.under(&place))),
    };
    Decoded {
        index,
        line,
        place,
        id,
        headers,
        content,
    }
}

/// What reads the events of one body.
struct Readers<'s> {
    sources: &'s Sources,
    cloudevents: cloudevents::Reader<'s>,
    debezium: debezium::Reader<'s>,
}

impl<'s> Readers<'s> {
    fn new(decoder: &'s Decoder) -> Self {
        let Decoder {
            sources,
            undeclared,
        } = decoder;
        let debezium = || debezium::Reader::new(&sources.debezium, undeclared);
        Self {
            sources,
            cloudevents: cloudevents::Reader::new(&sources.cloudevents, debezium()),
            debezium: debezium(),
        }
    }

    fn event<'a>(&mut self, format: Format, text: &'a str) -> Result<Named<'a>, DecodeError> {
        let unnamed = |content| (None, content);
        match format {
            Format::Own => own(text).map(unnamed),
            Format::CloudEvents => self.cloudevents.structured(text),
            Format::Debezium => self.debezium.decode(text, Told::default()).map(unnamed),
            Format::Hasura => hasura::decode(text, &self.sources.hasura),
            Format::Supabase => supabase::decode(text, &self.sources.supabase).map(unnamed),
        }
    }
}

/// An event in our own form, which only the sandbox reads.
fn own(text: &str) -> Result<Content<'_>, DecodeError> {
    match guess::foreign(text) {
        Some(format) => Err(DecodeError::other_format(format)),
        None => Ok(Content::Event(text.into())),
    }
}
