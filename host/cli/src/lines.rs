//! The JSON lines that the commands print.

use std::{collections::BTreeSet, sync::Arc};

use action_triggers_host::{
    EventError, EventExplanation, EventFailure, EventOutcome, EventRendering, Explanation, Failure,
    Loaded, Message, Publication, Record, Rendering, Report, decode::DecodeError,
};
use serde::{Serialize, Serializer, ser::SerializeSeq as _};

use super::shown::escape;

/// What triggers are called. One without a name of its own is known by its place
/// in the set, and printed as a number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    places: Arc<BTreeSet<Arc<str>>>,
}

impl Names {
    pub(crate) fn new(loaded: &Loaded) -> Self {
        let places = loaded.triggers.iter();
        let places = places.filter(|trigger| !trigger.is_named);
        let places = places.map(|trigger| trigger.name.clone()).collect();
        Self {
            places: Arc::new(places),
        }
    }

    pub(crate) fn of<'a>(&self, name: &'a str) -> Name<'a> {
        match name.parse() {
            Ok(place) if self.places.contains(name) => Name::Place(place),
            _ => Name::Text(name),
        }
    }
}

#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Name<'a> {
    Place(u64),
    Text(&'a str),
}

/// A record that would be published.
#[derive(Serialize)]
pub(crate) struct Rendered<'a> {
    /// None where the event is told beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'a str>,
    trigger: Name<'a>,
    queue: u32,
    broker: &'a str,
    bootstrap_servers: &'a str,
    topic: &'a str,
    key: Option<Text<'a>>,
    headers: Headers<'a>,
    partition: Option<u32>,
    value: Option<Text<'a>>,
}

impl<'a> Rendered<'a> {
    pub(crate) fn new(
        event: Option<&'a str>,
        (trigger, queue): (Name<'a>, u32),
        message: &'a Message,
    ) -> Self {
        let Message {
            destination,
            record,
            ..
        } = message;
        Self {
            event,
            trigger,
            queue,
            broker: &destination.broker,
            bootstrap_servers: &destination.cluster.bootstrap_servers,
            topic: &destination.topic,
            key: record.key.as_deref().map(Text),
            headers: Headers(record),
            partition: record.partition,
            value: record.value.as_deref().map(Text),
        }
    }
}

#[derive(Serialize)]
struct DeliveredLine<'a> {
    event: &'a str,
    trigger: Name<'a>,
    queue: u32,
    topic: &'a str,
    partition: Option<u32>,
    offset: Option<u64>,
}

#[derive(Serialize)]
struct FailedLine<'a> {
    event: &'a str,
    /// None where the event as a whole failed.
    trigger: Option<Name<'a>>,
    queue: Option<u32>,
    error: Problem<'a>,
}

#[derive(Serialize)]
pub(crate) struct Problem<'a> {
    pub(crate) code: &'a str,
    pub(crate) message: &'a str,
}

/// Why a trigger fires, or does not.
#[derive(Serialize)]
pub(crate) struct Explained<'a> {
    /// None where the event is told beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'a str>,
    trigger: Name<'a>,
    fires: bool,
    clause: &'a str,
    reason: &'a str,
}

impl<'a> Explained<'a> {
    pub(crate) fn new(event: Option<&'a str>, one: &'a Explanation, names: &Names) -> Self {
        Self {
            event,
            trigger: names.of(&one.trigger),
            fires: one.fires,
            clause: &one.clause,
            reason: &one.reason,
        }
    }
}

/// Bytes as text; what is no UTF-8 is replaced.
pub(crate) struct Text<'a>(pub(crate) &'a [u8]);

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Nearly all is UTF-8, and that is told sooner than what is to be replaced.
        match str::from_utf8(self.0) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => serializer.serialize_str(&String::from_utf8_lossy(self.0)),
        }
    }
}

/// A list, since names may repeat.
pub(crate) struct Headers<'a>(pub(crate) &'a Record);

#[derive(Serialize)]
struct Header<'a> {
    name: &'a str,
    value: Text<'a>,
}

impl Serialize for Headers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let headers = &self.0.headers;
        let mut list = serializer.serialize_seq(Some(headers.len()))?;
        for (name, value) in headers {
            let value = Text(value);
            list.serialize_element(&Header { name, value })?;
        }
        list.end()
    }
}

/// What became of records at the outbox.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct OutboxCounts {
    pub(crate) accepted: u64,
    pub(crate) duplicates: u64,
    pub(crate) delivered: u64,
    /// Delivered ones that an attempt before may have written too.
    pub(crate) maybe_twice: u64,
    pub(crate) dead: u64,
    /// Events of which something failed.
    pub(crate) kept: u64,
}

/// Lines, and what they are about.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    pub(crate) text: Vec<u8>,
    pub(crate) events: u64,
    pub(crate) records: u64,
    pub(crate) failures: u64,
    /// What became of records at the outbox.
    pub(crate) outbox: OutboxCounts,
    /// Lines that are not events, by their numbers, and why.
    pub(crate) unread: Vec<(u64, EventError)>,
}

impl Lines {
    pub(crate) fn push(&mut self, line: &impl Serialize) {
        let start = self.text.len();
        // Nothing of a line can fail to be written to memory.
        serde_json::to_writer(&mut self.text, line).ok();
        escape(&mut self.text, start);
        self.text.push(b'\n');
    }

    fn failure(&mut self, event: &str, queue: Option<(Name<'_>, u32)>, failure: &Failure) {
        self.failures += 1;
        let (trigger, queue) = queue.unzip();
        let error = Problem {
            code: &failure.code,
            message: &failure.message,
        };
        self.push(&FailedLine {
            event,
            trigger,
            queue,
            error,
        });
    }

    /// What events would publish.
    pub(crate) fn of_renderings(renderings: &[EventRendering], names: &Names) -> Self {
        let mut lines = Self::default();
        for rendering in renderings {
            lines.events += 1;
            match &rendering.outcome {
                Ok(queues) => {
                    for queue in queues {
                        lines.rendering(&rendering.event, queue, names);
                    }
                }
                Err(failure) => lines.event_failed(&rendering.event, rendering.line, failure),
            }
        }
        lines
    }

    fn rendering(&mut self, event: &str, rendering: &Rendering, names: &Names) {
        let place = (names.of(&rendering.trigger), rendering.queue);
        match &rendering.outcome {
            Ok(message) => {
                self.records += 1;
                self.push(&Rendered::new(Some(event), place, message));
            }
            Err(failure) => self.failure(event, Some(place), failure),
        }
    }

    /// What failed before it came to the outbox; the rest is reported later.
    pub(crate) fn of_outcomes(outcomes: &[EventOutcome], names: &Names) -> Self {
        let mut lines = Self::default();
        for outcome in outcomes {
            lines.events += 1;
            lines.outbox.kept += u64::from(outcome.is_kept);
            match &outcome.outcome {
                Ok(queues) => {
                    for queue in queues {
                        lines.decided(&outcome.event, queue, names);
                    }
                }
                Err(failure) => lines.event_failed(&outcome.event, outcome.line, failure),
            }
        }
        lines
    }

    fn decided(&mut self, event: &str, queue: &Publication, names: &Names) {
        match &queue.outcome {
            Ok(_) if queue.is_duplicate => self.outbox.duplicates += 1,
            Ok(_) => self.outbox.accepted += 1,
            Err(failure) => {
                let place = (names.of(&queue.trigger), queue.queue);
                self.failure(event, Some(place), failure);
            }
        }
    }

    /// What became of records in the outbox.
    pub(crate) fn of_reports(reports: &[Report], names: &Names) -> Self {
        let mut lines = Self::default();
        for Report {
            id,
            topic,
            result,
            maybe_twice,
            ..
        } in reports
        {
            let (event, trigger, queue) = (&*id.event, names.of(&id.trigger), id.queue);
            match result {
                Ok(place) => {
                    lines.records += 1;
                    lines.outbox.delivered += 1;
                    lines.outbox.maybe_twice += u64::from(*maybe_twice);
                    lines.push(&DeliveredLine {
                        event,
                        trigger,
                        queue,
                        topic,
                        partition: place.partition,
                        offset: place.offset,
                    });
                }
                Err(error) => {
                    lines.outbox.dead += 1;
                    let failure = Failure::new(error.code(), &*error.message);
                    lines.failure(event, Some((trigger, queue)), &failure);
                }
            }
        }
        lines
    }

    /// Why triggers fire for events, or do not.
    pub(crate) fn of_explanations(explained: &[EventExplanation], names: &Names) -> Self {
        let mut lines = Self::default();
        for EventExplanation {
            event,
            line,
            outcome,
            ..
        } in explained
        {
            lines.events += 1;
            match outcome {
                Ok(explanations) => {
                    for explanation in explanations {
                        lines.explained(event, explanation, names);
                    }
                }
                Err(failure) => lines.event_failed(event, *line, failure),
            }
        }
        lines
    }

    fn explained(&mut self, event: &str, explanation: &Explanation, names: &Names) {
        self.records += u64::from(explanation.fires);
        self.push(&Explained::new(Some(event), explanation, names));
    }

    /// Lines that are not events of their format, by their numbers, and why.
    pub(crate) fn of_refused(refused: &[(u64, DecodeError)]) -> Self {
        let mut lines = Self::default();
        for (number, error) in refused {
            lines.events += 1;
            let message = format!("{error} (at {})", error.path());
            let failure = Failure::new(error.code(), message);
            lines.failure(&format!("line {number}"), None, &failure);
        }
        lines
    }

    /// An event that failed as a whole. It may never have told its id, so it is
    /// called by its line.
    fn event_failed(&mut self, event: &str, line: Option<u64>, failure: &EventFailure) {
        if let (Some(line), EventFailure::Unreadable(error)) = (line, failure) {
            self.unread.push((line, error.clone()));
        }
        let name = line.map_or_else(|| event.to_owned(), |line| format!("line {line}"));
        let failure = Failure::new(failure.code(), failure.to_string());
        self.failure(&name, None, &failure);
    }
}
