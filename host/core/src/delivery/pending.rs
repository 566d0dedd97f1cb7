//! A record on its way: its ticket, and what has happened to it so far.

use std::{sync::Arc, time::Duration};

use super::{Delivered, DeliveryError, Settled, Ticket, backoff::Backoff};
use crate::{
    clock::Moment,
    verdict::{Reason, Verdict},
};

/// A record that has not ended.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) ticket: Ticket,
    /// How often it was sent.
    pub(super) attempts: u32,
    /// How often it was retriable or unknown.
    pub(super) failures: u32,
    /// Most records of a batch that it is in; fewer after a batch with it was
    /// refused as a whole.
    pub(super) most_companions: usize,
    /// When it may be sent again.
    pub(super) not_before: Moment,
    /// Why it was not delivered the last time.
    last: Option<Reason>,
    /// Whether some attempt may have written it.
    pub(super) may_be_written: bool,
}

/// Only records of one class share a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Class {
    /// Records that failed before go apart from those never tried.
    pub(super) is_apart: bool,
    /// A batch has one timeout, and a short one must not cut off others.
    pub(super) timeout: Option<Duration>,
}

/// What a record waits behind: others of its key, or nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Named(Arc<str>),
    /// The record's own number.
    Alone(u64),
}

/// What a verdict makes of a record.
pub(super) enum Judged {
    Settled(Settled),
    Again(Pending),
}

impl Pending {
    pub(super) fn new(ticket: Ticket) -> Self {
        Self {
            attempts: 0,
            failures: 0,
            most_companions: usize::MAX,
            not_before: ticket.since,
            last: None,
            may_be_written: ticket.may_be_written,
            ticket,
        }
    }

    pub(super) fn key(&self) -> Key {
        match &self.ticket.key {
            Some(key) => Key::Named(Arc::clone(key)),
            None => Key::Alone(self.ticket.number),
        }
    }

    pub(super) fn class(&self) -> Class {
        Class {
            is_apart: self.failures > 0 || self.most_companions < usize::MAX,
            timeout: self.ticket.timeout,
        }
    }

    /// When half of its time to live is over.
    pub(super) fn half_life(&self) -> Moment {
        self.ticket.since.halfway_to(self.ticket.deadline)
    }

    /// What a verdict on a POST of `count` records makes of it.
    pub(super) fn judge(
        mut self,
        verdict: Verdict,
        count: usize,
        now: Moment,
        backoff: &mut Backoff,
    ) -> Judged {
        self.attempts = self.attempts.saturating_add(1);
        self.may_be_written |= matches!(verdict, Verdict::Unknown(_));
        match verdict {
            Verdict::Delivered { partition, offset } => {
                Judged::Settled(self.settle(Ok(Delivered { partition, offset })))
            }
            Verdict::Alone(_) if count > 1 => {
                self.most_companions = count / 2;
                Judged::Again(self)
            }
            Verdict::Permanent(reason) | Verdict::Alone(reason) => {
                self.last = Some(reason.clone());
                let mut message = reason.message;
                if self.may_be_written {
                    message.push_str("; an attempt before may have written the record");
                }
                let code = reason.code;
                Judged::Settled(self.settle(Err(DeliveryError { code, message })))
            }
            Verdict::Retriable(reason) | Verdict::Unknown(reason) => {
                self.failures = self.failures.saturating_add(1);
                let wait = backoff.wait(self.failures);
                self.not_before = now.after(wait).min(self.ticket.deadline);
                self.last = Some(reason);
                Judged::Again(self)
            }
        }
    }

    fn settle(self, result: Result<Delivered, DeliveryError>) -> Settled {
        Settled {
            number: self.ticket.number,
            maybe_twice: result.is_ok() && self.may_be_written,
            may_be_written: self.may_be_written && result.is_err(),
            result,
            attempts: self.attempts,
            last_answer: self.last,
        }
    }

    /// Gives the record up because its time to live is over.
    /// `lane_reason` speaks for a record that never got its turn.
    pub(super) fn expire(self, lane_reason: Option<&Reason>) -> Settled {
        let time_to_live = self.ticket.deadline.since(self.ticket.since);
        let mut message = format!("not known to be written within {time_to_live:?}");
        let code = if self.may_be_written {
            message.push_str("; it may have been written");
            "outcome_unknown"
        } else {
            message = format!("not delivered within {time_to_live:?}");
            "time_to_live_exceeded"
        };
        if let Some(reason) = self.last.as_ref().or(lane_reason) {
            message.push_str("; the last answer was: ");
            message.push_str(&reason.message);
        }
        self.settle(Err(DeliveryError { code, message }))
    }

    /// Gives the record up because the host stops.
    pub(super) fn shut_down(mut self, is_in_flight: bool) -> Settled {
        let mut message = String::from("the host shut down before the record was delivered");
        if is_in_flight {
            self.may_be_written = true;
            message.push_str("; it was being sent and may have been written");
        } else if self.may_be_written {
            message.push_str("; it may have been written");
        }
        if let (false, Some(reason)) = (is_in_flight, &self.last) {
            message.push_str("; the last answer was: ");
            message.push_str(&reason.message);
        }
        let code = if is_in_flight || self.may_be_written {
            "outcome_unknown"
        } else {
            "shut_down"
        };
        self.settle(Err(DeliveryError { code, message }))
    }
}
