//! A message on its way: what it is, and what has happened to it so far.

use std::{sync::Arc, time::Duration};

use action_triggers_core::rest::{body_size, supports_headers};
use bytes::Bytes;
use tokio::time::Instant;

use super::{Delivered, DeliveryError};
use crate::{
    outbox::Accepted,
    publisher::Reason,
    record::{Message, RecordId},
};

/// Names the record for ever, so that consumers can drop what a retry wrote
/// twice. Its value is a JSON array: event, trigger, queue.
const ID_HEADER: &str = "action-triggers-id";

/// A message that is not settled yet.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) accepted: Accepted,
    /// Bytes it takes in the body of a POST.
    pub(super) size: usize,
    /// When its time to live is over.
    pub(super) deadline: Instant,
    /// How often it was retriable or unknown.
    pub(super) failures: u32,
    /// Most records of a batch that it is in; fewer after a batch with it was
    /// refused as a whole.
    pub(super) most_companions: usize,
    /// When it may be sent again.
    pub(super) not_before: Instant,
    /// Why it was not delivered the last time.
    pub(super) last: Option<Reason>,
}

/// Only records of one class share a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Class {
    /// Records that failed before go apart from those never tried.
    pub(super) is_apart: bool,
    /// A batch has one timeout, and a short one must not cut off others.
    pub(super) timeout: Option<Duration>,
}

/// A message and what became of it for good.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) accepted: Accepted,
    pub(super) result: Result<Delivered, DeliveryError>,
}

impl Pending {
    pub(super) fn new(mut accepted: Accepted) -> Self {
        let message = &mut accepted.message;
        let cluster = &message.destination.cluster;
        if supports_headers(cluster) {
            let headers = &mut message.record.headers;
            headers.retain(|(name, _)| name != ID_HEADER);
            headers.push((ID_HEADER.to_owned(), id_text(&message.id)));
        }
        Self {
            size: body_size(&message.record, cluster),
            deadline: after(accepted.since, cluster.time_to_live),
            failures: 0,
            most_companions: usize::MAX,
            not_before: accepted.since,
            last: None,
            accepted,
        }
    }

    pub(super) fn message(&self) -> &Message {
        &self.accepted.message
    }

    pub(super) fn key(&self) -> &Arc<str> {
        &self.accepted.message.ordering_key
    }

    pub(super) fn class(&self) -> Class {
        Class {
            is_apart: self.failures > 0 || self.most_companions < usize::MAX,
            timeout: self.accepted.message.timeout,
        }
    }

    pub(super) fn settle(self, result: Result<Delivered, DeliveryError>) -> Settled {
        Settled {
            accepted: self.accepted,
            result,
        }
    }

    /// Gives the record up because its time to live is over.
    /// `lane_reason` speaks for a record that never got its turn.
    pub(super) fn expire(mut self, lane_reason: Option<&Reason>) -> Settled {
        let time_to_live = self.message().destination.cluster.time_to_live;
        let last = self.last.take();
        let message = match last.as_ref().or(lane_reason) {
            Some(reason) => format!(
                "not delivered within {time_to_live:?}; the last answer was: {}",
                reason.message
            ),
            None => format!("not delivered within {time_to_live:?}"),
        };
        self.settle(Err(DeliveryError {
            code: "time_to_live_exceeded",
            message,
        }))
    }

    /// Gives the record up because the host stops.
    pub(super) fn shut_down(mut self, is_in_flight: bool) -> Settled {
        let mut message = String::from("the host shut down before the record was delivered");
        if is_in_flight {
            message.push_str("; it was being sent and may have been written");
        } else if let Some(reason) = self.last.take() {
            message.push_str("; the last answer was: ");
            message.push_str(&reason.message);
        }
        self.settle(Err(DeliveryError {
            code: "shut_down",
            message,
        }))
    }
}

fn id_text(id: &RecordId) -> Bytes {
    let parts = (&*id.event, &*id.trigger, id.queue);
    // Texts and a number always are JSON.
    Bytes::from(serde_json::to_vec(&parts).unwrap_or_default())
}

/// The time so much later; decades from now where that is too far for the clock.
pub(super) fn after(start: Instant, wait: Duration) -> Instant {
    const FAR: Duration = Duration::from_hours(24 * 365 * 30);
    start.checked_add(wait).unwrap_or_else(|| start + FAR)
}
