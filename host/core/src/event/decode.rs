//! Bodies of requests, decoded into events: our own JSON, and what other tools send.
//!
//! | format | what | told by |
//! |---|---|---|
//! | `json`, `ndjson` | events in our own form: one, an array, or one a line | `application/json`, `application/x-ndjson` |
//! | `hasura` | event triggers of Hasura | `?format=hasura` |
//! | `supabase` | database webhooks of Supabase | `?format=supabase` |
//!
//! Nothing is read of an event in our own form: the sandbox does that. Of other forms only the
//! envelope is taken apart; rows are spliced into the event as they came, so that no number is
//! rebuilt.
//!
//! A [`BodyError`] is about the body as a whole: there are no events. What is wrong with
//! one event is in its [`Decoded`], and its neighbours are decoded all the same.

mod body;
mod change;
mod decoded;
mod error;
mod format;
mod guess;
mod hasura;
mod object;
mod pieces;
mod shape;
mod sources;
mod supabase;
mod temporal;
#[cfg(test)]
mod tests;

use self::shape::Shape;
pub use self::{
    body::Body,
    decoded::{Content, Decoded, Skipped},
    error::{BodyError, DecodeError},
    format::Format,
    sources::{Sources, Tables},
};

/// Decodes bodies.
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    sources: Sources,
}

impl Decoder {
    /// Decodes as a configuration's `sources` say.
    pub fn new(sources: Sources) -> Self {
        Self { sources }
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
        let mut events = Vec::new();
        for (index, piece) in pieces::cut(body.bytes, shape.layout)?
            .into_iter()
            .enumerate()
        {
            let event = piece.text.and_then(|text| self.event(shape.format, text));
            let (id, content) = match event {
                Ok((id, content)) => (id, Ok(content)),
                Err(error) => (None, Err(error.under(&piece.place))),
            };
            events.push(Decoded {
                index,
                line: piece.line,
                id,
                content,
            });
        }
        Ok(events)
    }

    fn event<'a>(
        &self,
        format: Format,
        text: &'a str,
    ) -> Result<(Option<String>, Content<'a>), DecodeError> {
        match format {
            Format::Own => own(text).map(|content| (None, content)),
            Format::Hasura => hasura::decode(text, &self.sources.hasura),
            Format::Supabase => {
                supabase::decode(text, &self.sources.supabase).map(|content| (None, content))
            }
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
