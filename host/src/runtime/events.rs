//! The form in which callers hand events over.

use std::sync::Arc;

use bytes::Bytes;

use super::carried::Carried;
use crate::{
    event::{Event, EventText},
    record::Header,
};

/// Events for one call: decoded ones, texts of one event each, or lines of NDJSON.
///
/// Decoded events come from one [`Event`], a list or an array of them. Bytes and
/// texts are NDJSON, one event a line; blank lines count and are left out. The
/// workers read the lines, so nothing is parsed before.
///
/// An event that brings an id of its own can be handed over again, and an outbox in a
/// file publishes it once. One that brings none gets a name that no other event has,
/// unless [`Events::keyed`] names the whole call.
///
/// ```
/// use action_triggers_host::{Event, Events, Signal};
///
/// let event = Event::new("e1", Signal::PostSave, "shop.sale", r#"{"id": 7}"#);
/// let decoded = Events::from(event);
/// let lines = Events::ndjson("{\"signal\": \"post_save\", …}\n").first_line(120);
/// ```
#[derive(Clone, Debug)]
pub struct Events {
    pub(super) form: Form,
    pub(super) key: Option<Arc<str>>,
    pub(super) carried: Carried,
}

#[derive(Clone, Debug)]
pub(super) enum Form {
    Decoded(Vec<Event>),
    Texts(Vec<EventText>),
    Lines { lines: Bytes, first_line: u64 },
}

impl Events {
    /// Lines of NDJSON, of which the first has number 1.
    pub fn ndjson(lines: impl Into<Bytes>) -> Self {
        Form::Lines {
            lines: lines.into(),
            first_line: 1,
        }
        .into()
    }

    /// Texts of one JSON event each, whatever line breaks they have. An
    /// [`id`](EventText::id) that is not empty is the caller's: it names the event
    /// where its text has no `id`.
    ///
    /// ```
    /// use action_triggers_host::{EventText, Events};
    ///
    /// let text = r#"{"signal": "post_save", "content_type": "shop.sale", "instance": {}}"#;
    /// let id = "https://shop.example/sales 7"; // a CloudEvent's source and id
    /// let events = Events::texts(vec![EventText { text: text.into(), id: id.into() }]);
    /// ```
    pub fn texts(events: Vec<EventText>) -> Self {
        Form::Texts(events).into()
    }

    /// Names the events that bring no id by the caller's key for this call, such as the
    /// header `Idempotency-Key` of a request: the first is `KEY/1`, the second `KEY/2`.
    /// Handed over again under the same key they are the same events.
    ///
    /// A name has at most 512 bytes: an event with a longer one fails with
    /// `invalid_event_id`.
    pub fn keyed(mut self, key: impl Into<Arc<str>>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Adds headers to the records of these events, such as the `traceparent` of the
    /// request that brought them. Clusters whose API has no headers do without, and a
    /// header of the trigger with the same name wins. A record that is sent again under
    /// its event's id is the same record, whatever headers it brings.
    ///
    /// An event that is kept because a trigger failed keeps them for its replay.
    pub fn carrying(mut self, headers: impl IntoIterator<Item = Header>) -> Self {
        self.carried.add(headers);
        self
    }

    /// The same for the records of the event with this id alone, such as the attributes of
    /// a `CloudEvent`. They count before those of [`Events::carrying`].
    pub fn carrying_of(
        mut self,
        event: impl Into<String>,
        headers: impl IntoIterator<Item = Header>,
    ) -> Self {
        self.carried.add_of(event.into(), headers);
        self
    }

    /// Says that the first line has this number in its file, for the results and
    /// their errors to name. Changes nothing of other forms.
    pub fn first_line(mut self, number: u64) -> Self {
        if let Form::Lines { first_line, .. } = &mut self.form {
            *first_line = number;
        }
        self
    }
}

impl From<Form> for Events {
    fn from(form: Form) -> Self {
        Self {
            form,
            key: None,
            carried: Carried::default(),
        }
    }
}

impl From<Vec<Event>> for Events {
    fn from(events: Vec<Event>) -> Self {
        Form::Decoded(events).into()
    }
}

impl<const COUNT: usize> From<[Event; COUNT]> for Events {
    fn from(events: [Event; COUNT]) -> Self {
        Self::from(Vec::from(events))
    }
}

impl From<Event> for Events {
    fn from(event: Event) -> Self {
        Self::from(vec![event])
    }
}

impl From<Bytes> for Events {
    fn from(lines: Bytes) -> Self {
        Self::ndjson(lines)
    }
}

impl From<Vec<u8>> for Events {
    fn from(lines: Vec<u8>) -> Self {
        Self::ndjson(lines)
    }
}

impl From<String> for Events {
    fn from(lines: String) -> Self {
        Self::ndjson(lines)
    }
}

impl From<&'static str> for Events {
    fn from(lines: &'static str) -> Self {
        Self::ndjson(lines)
    }
}
