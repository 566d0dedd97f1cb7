//! Spans of `tracing`: one for each event, and one for a replay.

use tracing::{Span, field::Empty, info_span};

use crate::{
    outbox::Replayed,
    outcome::{EventFailure, Missing, Publication},
};

/// A span for an event that is decided within another span.
pub(super) fn event(within: &Span) -> Span {
    info_span!(
        parent: within,
        "event",
        event = Empty,
        records = Empty,
        failed = Empty,
        code = Empty,
    )
}

/// Says in an event's span what it came to.
pub(super) fn tell(span: &Span, event: &str, outcome: &Result<Vec<Publication>, EventFailure>) {
    if span.is_disabled() {
        return;
    }
    span.record("event", event);
    match outcome {
        Ok(queues) => {
            let published = queues.iter().filter(|queue| queue.outcome.is_ok()).count();
            span.record("records", published);
            span.record("failed", queues.len() - published);
            let failed = queues.iter().find_map(|queue| queue.outcome.as_ref().err());
            if let Some(failure) = failed {
                span.record("code", &*failure.code);
            }
        }
        Err(failure) => {
            span.record("code", failure.code());
        }
    }
}

/// A span for dead letters that are tried again, within that of whoever asked.
pub(super) fn replay() -> Span {
    info_span!("replay", records = Empty, events = Empty, failed = Empty)
}

/// Says in an event's span what it came to when it was decided again.
pub(super) fn tell_again(span: &Span, event: &str, records: usize, missing: Option<&Missing>) {
    span.record("event", event);
    span.record("records", records);
    span.record(
        "failed",
        missing.map_or(0, |missing| missing.queues().len()),
    );
    if let Some(failure) = missing.and_then(Missing::failure) {
        span.record("code", &*failure.code);
    }
}

/// Says in a replay's span what it came to.
pub(super) fn tell_replayed(span: &Span, replayed: Replayed) {
    span.record("records", replayed.records);
    span.record("events", replayed.events);
    span.record("failed", replayed.failed);
}
