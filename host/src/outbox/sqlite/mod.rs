//! A store in a file, by `SQLite`: what it has called appended outlives the process and
//! the machine's power.
//!
//! One thread writes: what waits to be written goes into one transaction, whoever
//! brought it. Another one reads. A file belongs to one service, which holds a lock
//! beside it; commands that look into it or change it take short transactions of their
//! own, and the service notices.

mod admin;
mod count;
mod events;
mod fault;
mod filter;
mod letters;
mod open;
mod reader;
mod rows;
mod schema;
#[cfg(test)]
mod tests;
mod transaction;
mod verify;
mod writer;

use std::{fs::File, sync::mpsc, thread::JoinHandle};

use rusqlite::Connection;
use tokio::sync::oneshot;

pub use self::{
    admin::{ClusterStats, EventStats, OutboxAdmin, OutboxRecord, OutboxStats, RecordState},
    count::OutboxTotals,
};
use self::{
    open::Role,
    reader::Reader,
    writer::{Work, Writer},
};
use super::{
    error::StoreError,
    letter::{DeadEvent, DeadLetter, Filter, Redecided, StoredEvent},
    store::{Backlog, Change, Done, End, LaneId, Store, StoreFuture, Watcher},
};
use crate::{cluster::ClusterId, limits::OutboxFile, record::StoredRecord};

/// A store in a file.
pub(crate) struct SqliteStore {
    work: Option<mpsc::Sender<Work>>,
    writer: Option<JoinHandle<()>>,
    reader: Reader,
    left: Vec<Backlog>,
    most_dead_bytes: u64,
    /// Held until the last thread has ended.
    _lock: File,
}

impl SqliteStore {
    /// Opens the file, or makes it, for a service. Takes a while where an earlier one
    /// was killed: not for an async thread.
    pub(crate) fn open(file: &OutboxFile) -> Result<Self, StoreError> {
        Self::open_with(file, |_| Ok(()))
    }

    fn open_with(
        file: &OutboxFile,
        prepare: impl FnOnce(&Connection) -> rusqlite::Result<()>,
    ) -> Result<Self, StoreError> {
        let lock = open::lock(&file.path)?;
        let connection = open::open(&file.path, Role::Service)?;
        let failed = |error| fault::classify(&file.path, &error);
        prepare(&connection).map_err(failed)?;
        let mut writer = Writer::new(connection, file.clone()).map_err(failed)?;
        writer.begin_service()?;
        let left = writer.backlogs();
        let reader = Reader::start(&file.path)?;
        let (work, queue) = mpsc::channel();
        let writer = std::thread::Builder::new()
            .name("outbox-writer".to_owned())
            .spawn(move || writer.run(&queue))
            .map_err(|error| StoreError::Failed(error.to_string()))?;
        Ok(Self {
            work: Some(work),
            writer: Some(writer),
            reader,
            left,
            most_dead_bytes: file.dead_bytes,
            _lock: lock,
        })
    }

    /// Sends work to the writer; what it cannot take is answered here.
    fn send(&self, work: Work) {
        let unsent = match &self.work {
            Some(sender) => sender.send(work).err().map(|unsent| unsent.0),
            None => Some(work),
        };
        if let Some(work) = unsent {
            work.refuse(&StoreError::ended());
        }
    }

    fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(oneshot::Sender<Result<T, StoreError>>) -> Work,
    ) -> StoreFuture<'static, T> {
        let (reply, answer) = oneshot::channel();
        self.send(work(reply));
        Box::pin(async move { answer.await.unwrap_or_else(|_| Err(StoreError::ended())) })
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.work = None;
        if let Some(writer) = self.writer.take() {
            // An error means that it panicked, which was said already.
            writer.join().ok();
        }
    }
}

impl Store for SqliteStore {
    fn append(&self, records: Vec<StoredRecord>, events: Vec<StoredEvent>, done: Done) {
        self.send(Work::Append {
            records,
            events,
            done,
        });
    }

    fn watch(&self, watcher: Watcher) {
        self.send(Work::Watch(watcher));
    }

    fn left(&self) -> Vec<Backlog> {
        self.left.clone()
    }

    fn waiting(&self) -> StoreFuture<'_, Change> {
        self.reader.ask(reader::waiting)
    }

    fn oldest(&self) -> StoreFuture<'_, Option<u64>> {
        self.reader.ask(reader::oldest)
    }

    fn next<'a>(
        &'a self,
        lane: &'a LaneId,
        after: u64,
        most: usize,
    ) -> StoreFuture<'a, Vec<(u64, StoredRecord)>> {
        let lane = lane.clone();
        self.reader
            .ask(move |connection| reader::next(connection, &lane, after, most))
    }

    fn read<'a>(&'a self, numbers: &'a [u64]) -> StoreFuture<'a, Vec<Option<StoredRecord>>> {
        let numbers = numbers.to_vec();
        self.reader
            .ask(move |connection| reader::read(connection, &numbers))
    }

    fn settle(&self, ends: Vec<(u64, End)>) -> StoreFuture<'_, ()> {
        self.ask(|reply| Work::Settle { ends, reply })
    }

    fn doubt(&self, numbers: Vec<u64>) -> StoreFuture<'_, ()> {
        self.ask(|reply| Work::Doubt { numbers, reply })
    }

    fn list(&self, filter: &Filter) -> StoreFuture<'_, Vec<DeadLetter>> {
        let filter = filter.clone();
        self.reader
            .ask(move |connection| reader::letters(connection, &filter))
    }

    fn replay(&self, filter: &Filter, now_ms: u64) -> StoreFuture<'_, usize> {
        let filter = filter.clone();
        self.ask(|reply| Work::Replay {
            filter,
            now_ms,
            reply,
        })
    }

    fn events(&self, filter: &Filter, after: u64) -> StoreFuture<'_, Vec<DeadEvent>> {
        let filter = filter.clone();
        self.reader
            .ask(move |connection| events::page(connection, &filter, after))
    }

    fn redeem(&self, redecided: Vec<Redecided>, now_ms: u64) -> StoreFuture<'_, Vec<Option<bool>>> {
        self.ask(|reply| Work::Redeem {
            redecided,
            now_ms,
            reply,
        })
    }

    fn hold(&self, cluster: &ClusterId, is_held: bool) -> StoreFuture<'_, ()> {
        let cluster = cluster.clone();
        self.ask(|reply| Work::Hold {
            cluster,
            is_held,
            reply,
        })
    }

    fn most_dead_bytes(&self) -> u64 {
        self.most_dead_bytes
    }

    fn close(&self, in_flight: Vec<u64>) -> StoreFuture<'_, ()> {
        self.ask(|reply| Work::Close { in_flight, reply })
    }

    fn is_durable(&self) -> bool {
        true
    }
}
