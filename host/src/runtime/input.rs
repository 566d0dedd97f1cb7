//! What events go through before the sandbox, and how its answers are joined
//! with them again.

use std::{iter, sync::Arc, time::SystemTime};

use bytes::Bytes;
use tracing::Span;
use uuid::Uuid;

use super::{
    carried::Carried,
    events::{Events, Form},
    traced,
};
use crate::{
    event::{Event, EventError, EventIds, EventText, text_of},
    limits::Limits,
    outcome::{EventFailure, Explanation, Failure, Publication, Rendering},
    sandbox::{Decided, Guest, Outcome},
};

/// What became of one event, queue by queue.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EventResult<T> {
    /// The event's id: its own, or the host's where it brings none or was not read.
    pub event: String,
    /// The number of its line, from 1, where it came on one.
    pub line: Option<u64>,
    /// One per queue of each trigger that fires; or why the event came to nothing.
    pub outcome: Result<Vec<T>, EventFailure>,
    /// Whether the outbox keeps the event as a dead letter: something of it failed that
    /// may go well another time.
    pub is_kept: bool,
    /// Open until the outbox has what comes of the event.
    pub(super) span: Span,
}

/// What became of one event: each queue of each trigger that fired.
pub type EventOutcome = EventResult<Publication>;

/// What one event would publish: each queue of each trigger that fires.
pub type EventRendering = EventResult<Rendering>;

/// Why each trigger fires for one event, or does not.
pub type EventExplanation = EventResult<Explanation>;

/// Most bytes of an event's id, as the component has it.
const LONGEST_ID: usize = 512;

/// About as many bytes of lines as one worker is given at once.
const PIECE: usize = 256 * 1024;

/// Events on their way to a worker; a copy shares them.
#[derive(Clone)]
pub(super) struct Input {
    piece: Piece,
    names: Option<Names>,
    carried: Arc<Carried>,
    /// Whoever called.
    caller: Span,
}

#[derive(Clone)]
enum Piece {
    Decoded(Arc<[Event]>),
    Texts(Arc<[EventText]>),
    Lines { lines: Bytes, first_line: u64 },
}

/// How events that bring no id are called: `KEY/1` and so on.
#[derive(Clone)]
struct Names {
    key: Arc<str>,
    /// The place in its call of the piece's first event, from 1.
    first: u64,
}

/// What the host itself demands of events, before the sandbox sees them.
#[derive(Debug)]
pub(super) struct Rules {
    event_bytes: usize,
    events_per_call: usize,
}

/// An event's place among the results, and what is known of it already.
struct Place {
    event: String,
    line: Option<u64>,
    /// Why it does not come to the sandbox.
    refused: Option<EventError>,
}

impl Rules {
    pub(super) fn of(limits: &Limits) -> Self {
        Self {
            event_bytes: limits.event_bytes,
            events_per_call: limits.events_per_call.max(1),
        }
    }

    /// Cuts events into pieces for the workers.
    pub(super) fn cut(&self, events: Events) -> Vec<Input> {
        let Events { form, key, carried } = events;
        let (carried, caller) = (Arc::new(carried), Span::current());
        let pieces = match form {
            Form::Decoded(events) => self.cut_list(events, Piece::Decoded),
            Form::Texts(events) => self.cut_list(events, Piece::Texts),
            Form::Lines { lines, first_line } => cut_lines(lines, first_line),
        };
        let mut first = 1;
        let input = |piece: Piece| {
            let names = key.clone().map(|key| Names { key, first });
            if names.is_some() {
                first += piece.events();
            }
            Input {
                piece,
                names,
                carried: Arc::clone(&carried),
                caller: caller.clone(),
            }
        };
        pieces.into_iter().map(input).collect()
    }

    fn cut_list<T>(&self, mut events: Vec<T>, piece: impl Fn(Arc<[T]>) -> Piece) -> Vec<Piece> {
        let mut pieces = Vec::new();
        while events.len() > self.events_per_call {
            let rest = events.split_off(self.events_per_call);
            pieces.push(piece(std::mem::replace(&mut events, rest).into()));
        }
        if !events.is_empty() {
            pieces.push(piece(events.into()));
        }
        pieces
    }

    pub(super) fn process(
        &self,
        input: Input,
        guest: &mut Guest<'_>,
        mut publish: impl FnMut(Decided),
    ) -> Vec<EventResult<Publication>> {
        let ids = event_ids();
        let is_decoded = matches!(input.piece, Piece::Decoded(_));
        let (carried, caller) = (Arc::clone(&input.carried), input.caller.clone());
        let (places, events) = self.read_with(input, ids.clone());
        let count = places.len();
        let spans: Vec<_> = iter::repeat_with(|| traced::event(&caller))
            .take(count)
            .collect();
        let is_given = |id: &str| is_decoded || !ids.will_make(id, count);
        let publish = |mut decided: Decided| {
            for message in &mut decided.messages {
                message.id_is_given = is_given(&message.id.event);
                message.carried = carried.of(&message.id.event);
            }
            for (_, event) in &mut decided.failed {
                event.id_is_given = is_given(&event.id);
                event.carried = carried.of(&event.id);
            }
            publish(decided);
        };
        let mut results = join(places, guest.process(events, publish));
        for (result, span) in results.iter_mut().zip(spans) {
            result.span = span;
        }
        results
    }

    /// Hands on one rendering per event, in order, as the calls give them; until all
    /// are, or until `take` says that no more are wanted.
    pub(super) fn render(
        &self,
        input: Input,
        guest: &mut Guest<'_>,
        mut take: impl FnMut(Vec<EventRendering>) -> bool,
    ) {
        let (places, events) = self.read(input);
        let mut places = places.into_iter();
        guest.render(events, |outcomes| take(next(&mut places, outcomes)));
        take(rest(places));
    }

    /// Says of every trigger why it fires for each event, or does not.
    pub(super) fn explain(&self, input: Input, guest: &mut Guest<'_>) -> Vec<EventExplanation> {
        let (places, events) = self.read(input);
        join(places, guest.explain(events))
    }

    /// What is said of events that no worker answered for.
    pub(super) fn unanswered<T>(&self, input: Input, why: &Failure) -> Vec<EventResult<T>> {
        let (places, _) = self.read(input);
        let failed = |place: Place| EventResult {
            event: place.event,
            line: place.line,
            outcome: Err(why.clone().into()),
            is_kept: false,
            span: Span::none(),
        };
        places.into_iter().map(failed).collect()
    }

    fn read(&self, input: Input) -> (Vec<Place>, Vec<EventText>) {
        self.read_with(input, event_ids())
    }

    /// Bounds events and names those that bring no name. Only the sandbox reads them.
    fn read_with(&self, input: Input, ids: EventIds) -> (Vec<Place>, Vec<EventText>) {
        let mut places = Vec::new();
        let mut events = Vec::new();
        let mut take = |event: String, line, text: Result<String, EventError>| {
            let text = text.and_then(|text| named(&event).map(|()| text));
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
        let Input {
            piece, mut names, ..
        } = input;
        // What events that bring no id are called, in order.
        let mut ids = ids;
        let names = iter::from_fn(|| match &mut names {
            Some(Names { key, first }) => {
                let name = format!("{key}/{first}");
                *first += 1;
                Some(name)
            }
            None => ids.next(),
        });
        match piece {
            Piece::Decoded(events) => {
                for event in events.iter() {
                    take(event.id.clone(), None, self.text(event));
                }
            }
            Piece::Texts(events) => {
                for (EventText { text, id }, name) in events.iter().zip(names) {
                    let id = if id.is_empty() { name } else { id.clone() };
                    let text = text_of(text.as_bytes(), self.event_bytes).map(str::to_owned);
                    take(id, None, text);
                }
            }
            Piece::Lines { lines, first_line } => {
                for ((number, line), name) in lines_of(&lines, first_line).zip(names) {
                    let text = text_of(line, self.event_bytes).map(str::to_owned);
                    take(name, Some(number), text);
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

impl Piece {
    /// How many events it has.
    fn events(&self) -> u64 {
        let count = match self {
            Self::Decoded(events) => events.len(),
            Self::Texts(events) => events.len(),
            Self::Lines { lines, .. } => lines_of(lines, 1).count(),
        };
        u64::try_from(count).unwrap_or(u64::MAX)
    }
}

/// The lines that are events, with their numbers.
fn lines_of(lines: &[u8], first_line: u64) -> impl Iterator<Item = (u64, &[u8])> {
    let lines = (first_line..).zip(lines.split(|byte| *byte == b'\n'));
    lines.filter(|(_, line)| !line.trim_ascii().is_empty())
}

/// Sees that a caller's name for an event can be one.
fn named(id: &str) -> Result<(), EventError> {
    if id.len() <= LONGEST_ID {
        return Ok(());
    }
    Err(EventError::Invalid {
        code: "invalid_event_id".into(),
        message: format!("the event's id has more than {LONGEST_ID} bytes"),
        span: 0..0,
        line: 1,
        column: 1,
    })
}

/// Cuts lines into pieces that end where lines end.
fn cut_lines(mut lines: Bytes, mut first_line: u64) -> Vec<Piece> {
    let mut pieces = Vec::new();
    while let Some(rest) = lines.get(PIECE..)
        && let Some(end) = rest.iter().position(|byte| *byte == b'\n')
    {
        let piece = lines.split_to(PIECE + end + 1);
        let count = piece.iter().filter(|byte| **byte == b'\n').count();
        pieces.push(Piece::Lines {
            lines: piece,
            first_line,
        });
        first_line += u64::try_from(count).unwrap_or(u64::MAX);
    }
    if !lines.is_empty() {
        pieces.push(Piece::Lines { lines, first_line });
    }
    pieces
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
    let mut places = places.into_iter();
    let mut results = next(&mut places, outcomes);
    results.extend(rest(places));
    results
}

/// The results of these outcomes, and of the places before them that have none.
fn next<T>(
    places: &mut impl Iterator<Item = Place>,
    outcomes: Vec<Outcome<T>>,
) -> Vec<EventResult<T>> {
    let mut results = Vec::with_capacity(outcomes.len());
    for Outcome { id, result, .. } in outcomes {
        for place in places.by_ref() {
            let Some(error) = place.refused else {
                results.push(placed(id, place.line, result));
                break;
            };
            results.push(placed(place.event, place.line, Err(error.into())));
        }
    }
    results
}

/// The results of the places behind the last outcome.
fn rest<T>(places: impl Iterator<Item = Place>) -> Vec<EventResult<T>> {
    let result = |place: Place| {
        let refused = place.refused.map(|error| Err(error.into()));
        placed(place.event, place.line, refused.unwrap_or(Ok(Vec::new())))
    };
    places.map(result).collect()
}

fn placed<T>(
    event: String,
    line: Option<u64>,
    outcome: Result<Vec<T>, EventFailure>,
) -> EventResult<T> {
    let outcome = match (outcome, line) {
        (Err(EventFailure::Unreadable(error)), Some(line)) => Err(error.on_line(line).into()),
        (outcome, _) => outcome,
    };
    EventResult {
        event,
        line,
        outcome,
        is_kept: false,
        span: Span::none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cut_where_lines_end_and_keep_their_numbers() {
        let line = format!("{}\n", "x".repeat(99));
        let all = Bytes::from(line.repeat(10_000) + "the last");
        let mut expected = 11;
        let mut joined = Vec::new();
        let pieces = cut_lines(all.clone(), expected);
        assert_eq!(pieces.len(), 4);
        for piece in pieces {
            let Piece::Lines { lines, first_line } = piece else {
                panic!("not lines");
            };
            assert_eq!(first_line, expected);
            expected += lines.iter().filter(|byte| **byte == b'\n').count() as u64;
            joined.extend_from_slice(&lines);
        }
        assert_eq!(joined, all);
        assert!(cut_lines(Bytes::new(), 1).is_empty());
        assert_eq!(cut_lines(Bytes::from("x".repeat(2 * PIECE)), 1).len(), 1);
    }

    fn rules() -> Rules {
        Rules {
            event_bytes: 1 << 20,
            events_per_call: 2,
        }
    }

    /// What events without an id of their own are called.
    fn names(events: Events) -> Vec<String> {
        let pieces = rules().cut(events);
        let places = pieces.into_iter().flat_map(|piece| rules().read(piece).0);
        places.map(|place| place.event).collect()
    }

    #[test]
    fn a_key_names_the_events_of_a_call_by_their_places() {
        let line = "x".repeat(PIECE);
        let lines = format!("{line}\n\n  \n{line}\n{line}");
        let keyed = names(Events::ndjson(lines).keyed("k"));
        assert_eq!(keyed, ["k/1", "k/2", "k/3"]);
        let text = |id: &str| EventText {
            text: "{\n}".to_owned(),
            id: id.to_owned(),
        };
        let texts = vec![text(""), text("source 7"), text("")];
        let keyed = names(Events::texts(texts.clone()).keyed("k"));
        assert_eq!(keyed, ["k/1", "source 7", "k/3"]);
        let unkeyed = names(Events::texts(texts));
        assert_eq!(unkeyed[1], "source 7");
        assert!(unkeyed[0].parse::<Uuid>().is_ok() && unkeyed[0] != unkeyed[2]);
    }

    #[test]
    fn a_name_that_is_too_long_is_refused() {
        let key = "k".repeat(LONGEST_ID);
        let input = rules().cut(Events::ndjson("{}").keyed(key)).remove(0);
        let (places, events) = rules().read(input);
        let refused = places[0].refused.as_ref().unwrap();
        assert_eq!(refused.code(), "invalid_event_id");
        assert!(events.is_empty());
    }
}
