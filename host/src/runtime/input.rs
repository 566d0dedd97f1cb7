//! What events go through before the sandbox, and how its answers are joined
//! with them again.

use std::time::SystemTime;

use bytes::Bytes;
use uuid::Uuid;

use crate::{
    event::{Event, EventError, EventIds, EventText, text_of},
    outcome::{EventFailure, Explanation, Publication, Rendering},
    record::Message,
    sandbox::{Guest, Outcome},
};

/// What became of one event, queue by queue.
#[derive(Clone, Debug)]
pub struct EventResult<T> {
    /// The event's id: its own, or the host's where it brings none or was not read.
    pub event: String,
    /// The number of its line, from 1, where it came on one.
    pub line: Option<u64>,
    /// One per queue of each trigger that fires; or why the event came to nothing.
    pub outcome: Result<Vec<T>, EventFailure>,
}

/// What became of one event: each queue of each trigger that fired.
pub type EventOutcome = EventResult<Publication>;

/// Events on their way to a worker.
pub(super) enum Input {
    Events(Vec<Event>),
    Lines { lines: Bytes, first_line: u64 },
}

impl Input {
    pub(super) fn ids(&self) -> Vec<String> {
        match self {
            Self::Events(events) => events.iter().map(|event| event.id.clone()).collect(),
            Self::Lines { .. } => Vec::new(),
        }
    }
}

/// What the host itself demands of events, before the sandbox sees them.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) event_bytes: usize,
    pub(super) events_per_call: usize,
}

/// An event's place among the results, and what is known of it already.
struct Place {
    event: String,
    line: Option<u64>,
    /// Why it does not come to the sandbox.
    refused: Option<EventError>,
}

impl Rules {
    /// Cuts events into pieces for the workers.
    pub(super) fn cut(&self, mut events: Vec<Event>) -> Vec<Input> {
        let mut pieces = Vec::new();
        while events.len() > self.events_per_call {
            let rest = events.split_off(self.events_per_call);
            pieces.push(Input::Events(std::mem::replace(&mut events, rest)));
        }
        if !events.is_empty() {
            pieces.push(Input::Events(events));
        }
        pieces
    }

    pub(super) fn process(
        &self,
        input: Input,
        guest: &mut Guest,
        publish: impl FnMut(Vec<Message>),
    ) -> Vec<EventResult<Publication>> {
        let (places, events) = self.read(input);
        join(places, guest.process(events, publish))
    }

    pub(super) fn render(&self, input: Input, guest: &mut Guest) -> Vec<EventResult<Rendering>> {
        let (places, events) = self.read(input);
        join(places, guest.render(events))
    }

    /// Says of every trigger why it fires for each event, or does not.
    pub(super) fn explain(&self, input: Input, guest: &mut Guest) -> Vec<EventResult<Explanation>> {
        let (places, events) = self.read(input);
        join(places, guest.explain(events))
    }

    /// Bounds events and names them. Only the sandbox reads them.
    fn read(&self, input: Input) -> (Vec<Place>, Vec<EventText>) {
        let mut places = Vec::new();
        let mut events = Vec::new();
        let mut take = |event: String, line, text: Result<String, EventError>| {
            let refused = match text {
                Ok(text) => {
                    let id = event.clone();
                    events.push(EventText { text, id });
                    None
                }
                Err(error) => Some(error),
            };
            places.push(Place {
                event,
                line,
                refused,
            });
        };
        match input {
            Input::Events(list) => {
                for event in list {
                    let text = self.text(&event);
                    take(event.id, None, text);
                }
            }
            Input::Lines { lines, first_line } => {
                let lines = (first_line..).zip(lines.split(|byte| *byte == b'\n'));
                let lines = lines.filter(|(_, line)| !line.trim_ascii().is_empty());
                for ((number, line), id) in lines.zip(event_ids()) {
                    let text = text_of(line, self.event_bytes).map(str::to_owned);
                    take(id, Some(number), text);
                }
            }
        }
        (places, events)
    }

    fn text(&self, event: &Event) -> Result<String, EventError> {
        let text = event.to_json()?;
        text_of(text.as_bytes(), self.event_bytes)?;
        Ok(text)
    }
}

/// Ids that no other events have.
fn event_ids() -> EventIds {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let random = Uuid::new_v4().into_bytes();
    let mut ten = [0; 10];
    ten.iter_mut().zip(random).for_each(|(to, from)| *to = from);
    EventIds::new(u64::try_from(now.as_millis()).unwrap_or(u64::MAX), ten)
}

fn join<T>(places: Vec<Place>, outcomes: Vec<Outcome<T>>) -> Vec<EventResult<T>> {
    let mut outcomes = outcomes.into_iter();
    let joined = places.into_iter().map(|place| {
        let (event, outcome) = match place.refused {
            Some(error) => (place.event, Err(error.into())),
            None => match outcomes.next() {
                Some(outcome) => (outcome.id, outcome.result),
                None => (place.event, Ok(Vec::new())),
            },
        };
        let outcome = match (outcome, place.line) {
            (Err(EventFailure::Unreadable(error)), Some(line)) => Err(error.on_line(line).into()),
            (outcome, _) => outcome,
        };
        EventResult {
            event,
            line: place.line,
            outcome,
        }
    });
    joined.collect()
}
