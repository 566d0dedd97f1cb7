//! Delivery as a machine: it is told the time, what was accepted and what
//! attempts came to, and says what to send next and what has ended. It holds
//! numbers and sizes of records, never the records.
//!
//! Each topic of a cluster has a lane; a lane holds a queue per ordering key.
//!
//! **Batches.** A lane sends when its oldest record has waited for the cluster's
//! `linger`, when a batch is full, or when someone flushes. Records that failed
//! before go apart from those that did not, and records with different timeouts
//! go apart as well.
//!
//! **Order.** While a record is being sent or waits to be sent again, later ones
//! of its ordering key and topic wait. A record without an ordering key waits for
//! none. With [`Order::Strict`] a POST never holds two records of one key. With
//! [`Order::Fast`] a key that never runs dry gets 2, 4, 8, … records in a POST
//! after 16 records delivered in a row, until one of them has to go again: then
//! the proxy may have written a later record of that POST and not this one, which
//! is the one case in which a key's order is lost. A record that is given up
//! frees its key once the store has its end: else the next process would send the
//! record again, after later ones of its key.
//!
//! **What may go wrong, and what happens then**
//!
//! | Case | Answer |
//! |---|---|
//! | A record is retriable or unknown | sent again, alone or with such others, after a backoff with full jitter, until its time to live is over |
//! | It is over | failed, `time_to_live_exceeded` with the last reason, or `outcome_unknown` where some attempt may have written the record |
//! | A record is refused for good | failed with the proxy's reason; its neighbours stand |
//! | A batch is refused as a whole | its records go again at once in batches of half the size, until the culprit is alone |
//! | Nothing of a batch was written (time-out, proxy or broker away, missing topic) | the lane pauses and then sends ONE record as a probe; batches grow again from there, doubling |
//! | A queue's own timeout is too short | only records with that timeout are paused: it says nothing of the topic |
//! | The proxy asks for a pause (`Retry-After`) | the whole cluster pauses, for at most `max_retry_after`; a record that would outlive its time meanwhile is sent as a probe when half of it is over |
//! | A POST takes more than half a second | it no longer counts among the cluster's `max_in_flight`, as far as one less than as many such POSTs are under way |
//! | A topic costs 60 s a record | its lane has one POST at a time, and all such lanes together leave one of the cluster's `max_in_flight` free, if that is above 1; its records that had no turn expire with it |
//! | A topic is new | it has one POST at a time until a record is delivered, and is not taken for a slow one |
//! | A topic is busy | lanes take turns, and none takes the last free POST of a cluster while another one has records |

mod backoff;
mod cluster;
mod health;
mod lane;
mod machine;
mod pending;
mod queue;
mod random;
mod shares;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

pub use crate::cluster::{Order, Terms};

pub use self::{
    backoff::Backoff,
    cluster::Post,
    machine::{Finished, Machine, Notice},
    shares::{NoRoom, Shares},
};
use crate::{clock::Moment, verdict::Reason};

/// What the machine has to know of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Names the record; in the order accepted.
    pub number: u64,
    /// Its ordering key, if it has one.
    pub key: Option<Arc<str>>,
    /// Bytes it takes in the body of a POST.
    pub size: usize,
    /// Its queue's own bound on an attempt.
    pub timeout: Option<Duration>,
    /// When it was accepted.
    pub since: Moment,
    /// When its time to live is over.
    pub deadline: Moment,
    /// Whether an attempt of an earlier process may have written it.
    pub may_be_written: bool,
}

/// A record that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Names the record.
    pub number: u64,
    /// Where it lies, or why it was given up.
    pub result: Result<Delivered, DeliveryError>,
    /// How often it was sent.
    pub attempts: u32,
    /// What the last attempt that failed came to.
    pub last_answer: Option<Reason>,
    /// Whether it is delivered and an attempt before may have written it too.
    pub maybe_twice: bool,
    /// Whether some attempt may have written it, where it is not known to be.
    pub may_be_written: bool,
}

/// Where a delivered record lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivered {
    /// The partition; none where the proxy does not tell.
    pub partition: Option<u32>,
    /// The offset there; none where the proxy does not tell.
    pub offset: Option<u64>,
}

impl Delivered {
    /// At this offset of this partition, as far as the proxy tells.
    pub fn new(partition: Option<u32>, offset: Option<u64>) -> Self {
        Self { partition, offset }
    }
}

/// Why a record was given up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
#[non_exhaustive]
pub struct DeliveryError {
    /// Stable: `time_to_live_exceeded`, `outcome_unknown`, `shut_down`, or the
    /// publisher's own.
    pub code: &'static str,
    /// For a person: what happened last.
    pub message: String,
}

impl DeliveryError {
    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.code
    }
}
