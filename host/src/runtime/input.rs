//! What events go through before the sandbox, and how its answers are joined
//! with them again.

use std::collections::BTreeSet;

use action_triggers_vocabulary::content_type;
use bytes::Bytes;

use crate::{
    event::{Event, EventError},
    outcome::{Explanation, Failure, Publication, Rendering},
    record::Message,
    sandbox::Guest,
};

/// What became of one event, queue by queue.
#[derive(Clone, Debug)]
pub struct EventResult<T> {
    /// The event's id.
    pub event: String,
    /// One per queue of each trigger that fires; or why the event came to nothing.
    pub outcome: Result<Vec<T>, Failure>,
}

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
    /// `app_label.model` with the model in lower case.
    pub(super) whitelist: BTreeSet<String>,
    pub(super) event_bytes: usize,
    pub(super) events_per_call: usize,
    /// Begins the id of an event that brings none.
    pub(super) id_prefix: String,
}

/// An event's place among the results, and what is known of it already.
struct Place {
    event: String,
    /// Settled without the sandbox: it failed, or may not fire anything.
    settled: Option<Result<(), Failure>>,
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
    ) -> (Vec<EventResult<Publication>>, Vec<Message>) {
        let (places, events) = self.read(input);
        let decided = guest.process(events);
        (join(places, decided.outcomes), decided.messages)
    }

    pub(super) fn render(&self, input: Input, guest: &mut Guest) -> Vec<EventResult<Rendering>> {
        let (places, events) = self.read(input);
        join(places, guest.render(events))
    }

    /// Says of every trigger why it fires for each event, or does not.
    pub(super) fn explain(&self, input: Input, guest: &mut Guest) -> Vec<EventResult<Explanation>> {
        let explain = |(event, read): (String, Result<Event, EventError>)| {
            let outcome = read.map_err(|error| failure(&error)).and_then(|event| {
                let content_type = event.content_type.clone();
                let explanations = guest.explain(event)?;
                Ok(if self.may_fire(&content_type) {
                    explanations
                } else {
                    not_whitelisted(explanations, &content_type)
                })
            });
            EventResult { event, outcome }
        };
        self.events(input).into_iter().map(explain).collect()
    }

    fn read(&self, input: Input) -> (Vec<Place>, Vec<Event>) {
        let mut places = Vec::new();
        let mut events = Vec::new();
        for (event, read) in self.events(input) {
            let settled = match read {
                Ok(read) if self.may_fire(&read.content_type) => {
                    events.push(read);
                    None
                }
                Ok(_) => Some(Ok(())),
                Err(error) => Some(Err(failure(&error))),
            };
            places.push(Place { event, settled });
        }
        (places, events)
    }

    /// Every event with its id; what is none is called by its line.
    fn events(&self, input: Input) -> Vec<(String, Result<Event, EventError>)> {
        match input {
            Input::Events(events) => {
                let bounded = |event: Event| (event.id.clone(), self.bounded(event));
                events.into_iter().map(bounded).collect()
            }
            Input::Lines { lines, first_line } => {
                let lines = (first_line..).zip(lines.split(|byte| *byte == b'\n'));
                let lines = lines.filter(|(_, line)| !line.trim_ascii().is_empty());
                lines
                    .map(|(number, line)| self.event(number, line))
                    .collect()
            }
        }
    }

    fn event(&self, number: u64, line: &[u8]) -> (String, Result<Event, EventError>) {
        let next_id = || format!("{}-{number}", self.id_prefix);
        match Event::from_bytes(line, self.event_bytes, next_id) {
            Ok(event) => (event.id.clone(), Ok(event)),
            Err(error) => (format!("line {number}"), Err(error.on_line(number))),
        }
    }

    fn bounded(&self, event: Event) -> Result<Event, EventError> {
        let maximum = self.event_bytes;
        if event.size() > maximum {
            Err(EventError::TooLarge { maximum })
        } else {
            Ok(event)
        }
    }

    /// Whether the whitelist lets events of this content type fire anything.
    fn may_fire(&self, content_type: &str) -> bool {
        self.whitelist.is_empty()
            || content_type::normalized(content_type)
                .is_some_and(|name| self.whitelist.contains(&*name))
    }
}

fn failure(error: &EventError) -> Failure {
    Failure {
        code: error.code().into(),
        message: error.to_string(),
    }
}

/// What the triggers say themselves does not count.
fn not_whitelisted(mut explanations: Vec<Explanation>, content_type: &str) -> Vec<Explanation> {
    for explanation in &mut explanations {
        explanation.fires = false;
        "whitelisted_content_types".clone_into(&mut explanation.clause);
        explanation.reason = format!("`{content_type}` is not on the whitelist");
    }
    explanations
}

fn join<T>(places: Vec<Place>, outcomes: Vec<Result<Vec<T>, Failure>>) -> Vec<EventResult<T>> {
    let mut outcomes = outcomes.into_iter();
    let joined = places.into_iter().map(|Place { event, settled }| {
        let outcome = match settled {
            None => outcomes.next().unwrap_or_else(|| Ok(Vec::new())),
            Some(settled) => settled.map(|()| Vec::new()),
        };
        EventResult { event, outcome }
    });
    joined.collect()
}
