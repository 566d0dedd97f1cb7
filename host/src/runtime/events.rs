//! The form in which callers hand events over.

use bytes::Bytes;

use crate::event::Event;

/// Events for one call: decoded ones, or lines of NDJSON.
///
/// Decoded events come from one [`Event`], a list or an array of them. Bytes and
/// texts are NDJSON, one event a line; blank lines count and are left out. The
/// workers read the lines, so nothing is parsed before.
///
/// ```
/// use action_triggers_host::{Event, Events, Signal};
///
/// let event = Event::new("e1", Signal::PostSave, "shop.sale", r#"{"id": 7}"#);
/// let decoded = Events::from(event);
/// let lines = Events::ndjson("{\"signal\": \"post_save\", …}\n").first_line(120);
/// ```
#[derive(Clone, Debug)]
pub struct Events(pub(super) Form);

#[derive(Clone, Debug)]
pub(super) enum Form {
    Decoded(Vec<Event>),
    Lines { lines: Bytes, first_line: u64 },
}

impl Events {
    /// Lines of NDJSON, of which the first has number 1.
    pub fn ndjson(lines: impl Into<Bytes>) -> Self {
        Self(Form::Lines {
            lines: lines.into(),
            first_line: 1,
        })
    }

    /// Says that the first line has this number in its file, for the results and
    /// their errors to name. Changes nothing of decoded events.
    pub fn first_line(mut self, number: u64) -> Self {
        if let Form::Lines { first_line, .. } = &mut self.0 {
            *first_line = number;
        }
        self
    }
}

impl From<Vec<Event>> for Events {
    fn from(events: Vec<Event>) -> Self {
        Self(Form::Decoded(events))
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
