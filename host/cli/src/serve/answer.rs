//! What is answered about events.

use std::borrow::Cow;

use action_triggers_host::{
    CallError, EventExplanation, EventFailure, EventOutcome, EventRendering, EventResult,
    Explanation, Failure, Publication, Rendering, decode::DecodeError,
};
use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Serialize, Serializer};

use crate::lines::{Explained, Name, Names, Rendered};

/// An event of a body, and what is known of it before it is decided.
pub(super) struct Given {
    /// Where it is in the body; in its line, where it has one event a line.
    pub(super) place: String,
    /// The line of the body on which it begins, from 1.
    pub(super) line: u64,
    pub(super) known: Known,
}

pub(super) enum Known {
    /// It is to be decided.
    Event,
    /// It is nothing that triggers could fire for.
    Skipped(Option<String>),
    /// It could not be decoded.
    Unread(Option<String>, DecodeError),
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// Its records are in the outbox; or itself, where something of it failed.
    Accepted,
    /// They were there before.
    Duplicate,
    /// It needs no record.
    NothingFired,
    /// Nothing of it is kept that was not there before, and something of it failed.
    Rejected,
}

impl Status {
    pub(super) const ALL: [Self; 4] = [
        Self::Accepted,
        Self::Duplicate,
        Self::NothingFired,
        Self::Rejected,
    ];

    /// As answers and metrics write it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Duplicate => "duplicate",
            Self::NothingFired => "nothing_fired",
            Self::Rejected => "rejected",
        }
    }
}

impl Serialize for Status {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// An answer, and what it says.
pub(super) struct Answered {
    pub(super) statuses: Vec<Status>,
    /// Events of which something failed, and which the outbox keeps.
    pub(super) failed: usize,
    /// Records that are in the outbox now, and those that were there before.
    pub(super) records: [usize; 2],
    status: StatusCode,
    body: Vec<u8>,
}

#[derive(Serialize)]
struct Body<T> {
    events: Vec<T>,
}

#[derive(Serialize)]
struct Answer<'a, T> {
    index: usize,
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
    #[serde(flatten)]
    found: T,
    errors: Vec<Problem<'a>>,
}

#[derive(Serialize)]
struct Problem<'a> {
    trigger: Option<Name<'a>>,
    queue: Option<u32>,
    code: &'a str,
    message: Cow<'a, str>,
    path: &'a str,
}

#[derive(Serialize)]
struct Records<T> {
    records: Vec<T>,
}

#[derive(Serialize)]
struct Taken<'a> {
    trigger: Name<'a>,
    queue: u32,
    topic: &'a str,
}

#[derive(Serialize)]
struct Triggers<'a> {
    triggers: Vec<Explained<'a>>,
}

impl Answered {
    /// What became of events that were published.
    pub(super) fn of_outcomes(given: &[Given], outcomes: &[EventOutcome], names: &Names) -> Self {
        let mut answers = answers(given, outcomes, |queue: &Publication| {
            let name = (names.of(&queue.trigger), queue.queue);
            match &queue.outcome {
                Ok(topic) => Ok(Taken {
                    trigger: name.0,
                    queue: name.1,
                    topic,
                }),
                Err(failure) => Err((name, failure)),
            }
        });
        for (answer, (given, outcome)) in answers.iter_mut().zip(decided(given, outcomes)) {
            answer.status = Some(match (&given.known, outcome) {
                (Known::Skipped(_), _) => Status::NothingFired,
                (_, Some(outcome)) => status(outcome),
                (_, None) => Status::Rejected,
            });
        }
        let queues = outcomes.iter().flat_map(|event| event.outcome.iter());
        let taken = queues.flatten().filter(|queue| queue.outcome.is_ok());
        let duplicates = taken.clone().filter(|queue| queue.is_duplicate).count();
        let statuses: Vec<_> = answers.iter().filter_map(|answer| answer.status).collect();
        let is_rejected = |status: &&Status| **status == Status::Rejected;
        let rejected = statuses.iter().filter(is_rejected).count();
        Self {
            failed: outcomes.iter().filter(|event| event.is_kept).count(),
            records: [taken.count() - duplicates, duplicates],
            status: code(StatusCode::ACCEPTED, statuses.len(), rejected),
            statuses,
            body: body(answers),
        }
    }

    /// What events would publish.
    pub(super) fn of_renderings(
        given: &[Given],
        renderings: &[EventRendering],
        names: &Names,
    ) -> Self {
        let answers = answers(given, renderings, |queue: &Rendering| {
            let name = (names.of(&queue.trigger), queue.queue);
            match &queue.outcome {
                Ok(message) => Ok(Rendered::new(None, name, message)),
                Err(failure) => Err((name, failure)),
            }
        });
        Self::looked(given, renderings, body(answers))
    }

    /// Why triggers fire for events, or do not.
    pub(super) fn of_explanations(
        given: &[Given],
        explained: &[EventExplanation],
        names: &Names,
    ) -> Self {
        let answers = answers(given, explained, |one: &Explanation| {
            Ok(Explained::new(None, one, names))
        });
        let answers = answers.into_iter().map(|answer| Answer {
            index: answer.index,
            id: answer.id,
            status: None,
            found: Triggers {
                triggers: answer.found.records,
            },
            errors: answer.errors,
        });
        Self::looked(given, explained, body(answers.collect()))
    }

    /// An answer about events of which nothing was published.
    fn looked<T>(given: &[Given], results: &[EventResult<T>], body: Vec<u8>) -> Self {
        let unread = given
            .iter()
            .filter(|one| matches!(one.known, Known::Unread(..)));
        let failed = results.iter().filter(|result| result.outcome.is_err());
        Self {
            statuses: Vec::new(),
            failed: 0,
            records: [0, 0],
            status: code(StatusCode::OK, given.len(), unread.count() + failed.count()),
            body,
        }
    }
}

impl IntoResponse for Answered {
    fn into_response(self) -> Response {
        let headers = [(header::CONTENT_TYPE, "application/json")];
        (self.status, headers, self.body).into_response()
    }
}

/// Each event given, with what it came to where it was decided.
fn decided<'a, T>(
    given: &'a [Given],
    results: &'a [EventResult<T>],
) -> impl Iterator<Item = (&'a Given, Option<&'a EventResult<T>>)> {
    let mut results = results.iter();
    given.iter().map(move |one| match one.known {
        Known::Event => (one, results.next()),
        Known::Skipped(_) | Known::Unread(..) => (one, None),
    })
}

/// What a queue came to; or its trigger and place, and why it came to nothing.
type Found<'a, T> = Result<T, ((Name<'a>, u32), &'a Failure)>;

/// An answer for each event given; `found` writes what a queue or trigger came to.
fn answers<'a, T, U>(
    given: &'a [Given],
    results: &'a [EventResult<T>],
    found: impl Fn(&'a T) -> Found<'a, U>,
) -> Vec<Answer<'a, Records<U>>> {
    let mut answers = Vec::with_capacity(given.len());
    for (index, (one, result)) in decided(given, results).enumerate() {
        let mut answer = Answer {
            index,
            id: None,
            status: None,
            found: Records {
                records: Vec::new(),
            },
            errors: Vec::new(),
        };
        match &one.known {
            Known::Skipped(id) => answer.id = id.as_deref(),
            Known::Unread(id, error) => {
                answer.id = id.as_deref();
                answer.errors.push(Problem {
                    trigger: None,
                    queue: None,
                    code: error.code(),
                    message: on_line(error.to_string(), one.line).into(),
                    path: error.path().as_str(),
                });
            }
            Known::Event => {
                let Some(result) = result else { continue };
                answer.id = Some(&result.event);
                match &result.outcome {
                    Ok(queues) => {
                        for queue in queues {
                            match found(queue) {
                                Ok(record) => answer.found.records.push(record),
                                Err((name, failure)) => {
                                    answer.errors.push(of_queue(name, failure, &one.place));
                                }
                            }
                        }
                    }
                    Err(failure) => answer.errors.push(of_event(failure, one)),
                }
            }
        }
        answers.push(answer);
    }
    answers
}

fn of_queue<'a>(
    (trigger, queue): (Name<'a>, u32),
    failure: &'a Failure,
    path: &'a str,
) -> Problem<'a> {
    Problem {
        trigger: Some(trigger),
        queue: Some(queue),
        code: &failure.code,
        message: failure.message.as_str().into(),
        path,
    }
}

fn of_event<'a>(failure: &'a EventFailure, given: &'a Given) -> Problem<'a> {
    let (code, message) = match failure {
        EventFailure::Unreadable(error) => {
            let error = error.clone().on_line(given.line);
            (failure.code(), error.to_string())
        }
        // Whatever ended the call costs its event.
        _ if CallError::CODES.contains(&failure.code()) => {
            let message = format!("{failure} (`{}`)", failure.code());
            ("event_trapped", message)
        }
        _ => (failure.code(), failure.to_string()),
    };
    Problem {
        trigger: None,
        queue: None,
        code,
        message: message.into(),
        path: &given.place,
    }
}

fn on_line(message: String, line: u64) -> String {
    match line {
        1 => message,
        line => format!("{message} (line {line})"),
    }
}

/// What became of an event that was decided.
fn status(event: &EventOutcome) -> Status {
    let queues = event.outcome.as_deref().unwrap_or_default();
    let is_new = |queue: &Publication| queue.outcome.is_ok() && !queue.is_duplicate;
    if event.outcome.is_ok() && queues.is_empty() {
        Status::NothingFired
    } else if event.is_kept || queues.iter().any(is_new) {
        Status::Accepted
    } else if event.outcome.is_ok() && queues.iter().all(|queue| queue.outcome.is_ok()) {
        Status::Duplicate
    } else {
        // What was there before does not make up for what is lost.
        Status::Rejected
    }
}

/// How a request is answered of whose events so many were rejected.
fn code(well: StatusCode, events: usize, rejected: usize) -> StatusCode {
    match rejected {
        0 => well,
        all if all == events => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::MULTI_STATUS,
    }
}

fn body<T: Serialize>(events: Vec<T>) -> Vec<u8> {
    // Nothing of an answer can fail to be written to memory.
    serde_json::to_vec(&Body { events }).unwrap_or_default()
}
