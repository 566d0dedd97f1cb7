//! Spans of `tracing`: one for each event.

use tracing::{Span, field::Empty, info_span};

use crate::outcome::{EventFailure, Publication};

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
