//! Reports of what became of records, for whoever wants them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use action_triggers_core::delivery::Settled;
use tokio::sync::mpsc;

use super::{Delivered, DeliveryError};
use crate::{outbox::Room, record::RecordId};

/// What became of a record. Every record accepted ends in exactly one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// Names the record.
    pub id: RecordId,
    /// The topic it was for.
    pub topic: String,
    /// Where it lies, or why it was given up.
    pub result: Result<Delivered, DeliveryError>,
    /// How often it was sent.
    pub attempts: u32,
    /// Whether it is delivered and an attempt before may have written it too: the answer
    /// to that one was lost.
    pub maybe_twice: bool,
    /// Kept until everybody has read the report, so that reports that wait are
    /// bounded as the outbox is.
    room: Option<Arc<Room>>,
}

impl Report {
    pub(super) fn new(
        (id, topic): (RecordId, String),
        settled: Settled,
        room: Option<Room>,
    ) -> Self {
        Self {
            id,
            topic,
            result: settled.result,
            attempts: settled.attempts,
            maybe_twice: settled.maybe_twice,
            room: room.map(Arc::new),
        }
    }
}

/// Reports from the time of the subscription on, in the order in which records
/// end. Reports that are not read keep their records' room in the outbox, so
/// that accepting waits in the end: read them, or drop this.
#[derive(Debug)]
pub struct Reports(mpsc::UnboundedReceiver<Report>);

impl Reports {
    /// Waits for the next report; none after the last.
    pub async fn recv(&mut self) -> Option<Report> {
        let report = self.0.recv().await;
        report.map(Report::read)
    }

    /// Waits for reports and appends them, at most `most`; none after the last.
    pub async fn recv_many(&mut self, reports: &mut Vec<Report>, most: usize) -> usize {
        let count = self.0.recv_many(reports, most).await;
        for report in reports.iter_mut() {
            report.room = None;
        }
        count
    }

    /// The next report that is there.
    pub fn try_recv(&mut self) -> Option<Report> {
        self.0.try_recv().ok().map(Report::read)
    }
}

impl Report {
    fn read(mut self) -> Self {
        self.room = None;
        self
    }
}

/// Everybody who reads reports.
#[derive(Debug, Default)]
pub(super) struct Subscribers(Mutex<Option<Vec<mpsc::UnboundedSender<Report>>>>);

impl Subscribers {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(Some(Vec::new()))))
    }

    pub(super) fn subscribe(&self) -> Reports {
        let (sender, receiver) = mpsc::unbounded_channel();
        if let Some(senders) = self.senders().as_mut() {
            senders.push(sender);
        }
        Reports(receiver)
    }

    pub(super) fn report(&self, report: &Report) {
        if let Some(senders) = self.senders().as_mut() {
            senders.retain(|sender| sender.send(report.clone()).is_ok());
        }
    }

    /// Ends everybody's reports.
    pub(super) fn close(&self) {
        self.senders().take();
    }

    fn senders(&self) -> MutexGuard<'_, Option<Vec<mpsc::UnboundedSender<Report>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
