//! The thread that writes: one transaction for what waits to be written, whoever
//! brought it.

use std::{
    cell::Cell,
    sync::mpsc::{Receiver, RecvTimeoutError},
    time::{Duration, Instant},
};

use rusqlite::{Connection, hooks::Wal};
use tokio::sync::oneshot;

use super::{
    count::State,
    fault, reader,
    transaction::{Tables, in_steps},
};
use crate::{
    cluster::ClusterId,
    limits::OutboxFile,
    outbox::{
        error::StoreError,
        letter::{Filter, Redecided, StoredEvent},
        store::{Appended, Backlog, Change, Done, End, Watcher},
    },
    record::StoredRecord,
};

/// How long ends of delivered records wait for appends whose commit they can share.
const COMPANY: Duration = Duration::from_millis(50);
/// Most works in one transaction.
const MOST_WORKS: usize = 1_024;
/// How often the file is looked at for changes of others.
const LOOK: Duration = Duration::from_millis(500);
/// Pages of the log at which it is written back: 16 MiB.
const LONG_LOG: i32 = 4_096;

type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

/// What the writer is asked for.
pub(super) enum Work {
    Append {
        records: Vec<StoredRecord>,
        events: Vec<StoredEvent>,
        done: Done,
    },
    Watch(Watcher),
    /// Goes on as if this had gone wrong.
    #[cfg(test)]
    Fail(StoreError),
    Settle {
        ends: Vec<(u64, End)>,
        reply: Reply<()>,
    },
    Doubt {
        numbers: Vec<u64>,
        reply: Reply<()>,
    },
    Replay {
        filter: Filter,
        now_ms: u64,
        reply: Reply<usize>,
    },
    Redeem {
        redecided: Vec<Redecided>,
        now_ms: u64,
        reply: Reply<Vec<Option<bool>>>,
    },
    Hold {
        cluster: ClusterId,
        is_held: bool,
        reply: Reply<()>,
    },
    Close {
        in_flight: Vec<u64>,
        reply: Reply<()>,
    },
}

impl Work {
    /// Answers that it is not done.
    pub(super) fn refuse(self, error: &StoreError) {
        let error = error.clone();
        // Nobody waits where an answer cannot be sent.
        match self {
            Self::Append { records, done, .. } => done(records, Err(error)),
            Self::Watch(_) => {}
            #[cfg(test)]
            Self::Fail(_) => {}
            Self::Settle { reply, .. }
            | Self::Doubt { reply, .. }
            | Self::Hold { reply, .. }
            | Self::Close { reply, .. } => drop(reply.send(Err(error))),
            Self::Replay { reply, .. } => drop(reply.send(Err(error))),
            Self::Redeem { reply, .. } => drop(reply.send(Err(error))),
        }
    }

    /// Whether it can wait a little for company. A record's key waits for the end of one that
    /// was given up.
    pub(super) fn is_patient(&self) -> bool {
        match self {
            Self::Settle { ends, .. } => {
                let is_delivered = |(_, end): &(u64, End)| matches!(end, End::Delivered);
                ends.iter().all(is_delivered)
            }
            Self::Doubt { .. } => true,
            _ => false,
        }
    }
}

/// What came of a work, to be told once it is committed.
enum Outcome {
    Appended(Vec<Appended>),
    Done,
}

thread_local! {
    /// Pages of the log after the last commit of this thread.
    static LOGGED: Cell<i32> = const { Cell::new(0) };
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "a hook may fail, and this one does not"
)]
fn note_log(_: &mut Wal, pages: i32) -> rusqlite::Result<()> {
    LOGGED.set(pages);
    Ok(())
}

/// Writes, on its own thread.
pub(super) struct Writer {
    pub(super) tables: Tables,
    watcher: Option<Watcher>,
    /// Ends that could not be written when they came.
    unsettled: Vec<(u64, End)>,
    /// Why nothing is written any more.
    stopped: Option<StoreError>,
}

impl Writer {
    pub(super) fn new(mut connection: Connection, file: OutboxFile) -> rusqlite::Result<Self> {
        connection.wal_hook(Some(note_log))?;
        Ok(Self {
            tables: Tables::new(connection, file),
            watcher: None,
            unsettled: Vec::new(),
            stopped: None,
        })
    }

    /// Begins a service's work on the file.
    pub(super) fn begin_service(&mut self) -> Result<(), StoreError> {
        self.within(|tables| {
            tables.begin_service()?;
            tables.forget_letters()
        })
    }

    pub(super) fn backlogs(&self) -> Vec<Backlog> {
        self.tables.backlogs()
    }

    /// Works until nobody can ask any more.
    pub(super) fn run(mut self, queue: &Receiver<Work>) {
        loop {
            match queue.recv_timeout(LOOK) {
                Ok(work) => {
                    let group = gather(queue, work);
                    self.work(group);
                }
                Err(RecvTimeoutError::Timeout) => self.look(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        if self.stopped.is_none() {
            // What is left in the log is read from there at the next start.
            self.write_back("PRAGMA wal_checkpoint(TRUNCATE)").ok();
        }
    }

    fn work(&mut self, group: Vec<Work>) {
        let mut apart = Vec::new();
        let mut together = Vec::new();
        for work in group {
            match work {
                Work::Watch(watcher) => self.watcher = Some(watcher),
                #[cfg(test)]
                Work::Fail(error) => self.note(&error),
                Work::Replay { .. }
                | Work::Redeem { .. }
                | Work::Hold { .. }
                | Work::Close { .. } => apart.push(work),
                work => together.push(work),
            }
        }
        if !together.is_empty() {
            self.write_together(together);
        }
        for work in apart {
            self.write_apart(work);
        }
        if LOGGED.get() >= LONG_LOG
            && let Err(error) = self.write_back("PRAGMA wal_checkpoint(PASSIVE)")
        {
            self.note(&error);
        }
    }

    /// Writes the log's pages into the file.
    fn write_back(&self, checkpoint: &str) -> Result<(), StoreError> {
        let connection = &self.tables.connection;
        let written = connection.query_row(checkpoint, [], |_| Ok(()));
        written.map_err(|error| fault::classify(&self.tables.file.path, &error))
    }

    /// Looks whether others have changed the file, and whether dead letters have become too
    /// old: where nothing is written, nothing else forgets them.
    pub(super) fn look(&mut self) {
        if self.stopped.is_some() {
            return;
        }
        let is_waiting = !self.unsettled.is_empty();
        let is_changed = || self.tables.is_changed().unwrap_or(false);
        let is_letter_over = || self.tables.is_letter_over().unwrap_or(false);
        if is_waiting || is_changed() || is_letter_over() {
            self.write_together(Vec::new());
        }
    }

    /// Does what can share a transaction, and answers.
    fn write_together(&mut self, mut works: Vec<Work>) {
        let mut ends = std::mem::take(&mut self.unsettled);
        for work in &mut works {
            if let Work::Settle { ends: more, .. } = work {
                ends.append(more);
            }
        }
        let outcomes = self.within(|tables| {
            // Before the ends, which count those that were in doubt.
            for work in &works {
                if let Work::Doubt { numbers, .. } = work {
                    tables.doubt(numbers)?;
                }
            }
            tables.settle(&ends)?;
            let outcome = |work: &Work| match work {
                Work::Append {
                    records, events, ..
                } => {
                    tables.keep_events(events)?;
                    tables.append(records).map(Outcome::Appended)
                }
                _ => Ok(Outcome::Done),
            };
            let outcomes: rusqlite::Result<Vec<_>> = works.iter().map(outcome).collect();
            if works.iter().any(|work| matches!(work, Work::Append { .. })) {
                tables.forget_names()?;
            }
            tables.forget_letters()?;
            outcomes
        });
        match outcomes {
            Ok(outcomes) => {
                for (work, outcome) in works.into_iter().zip(outcomes) {
                    answer(work, outcome);
                }
            }
            Err(error) => {
                self.unsettled = ends;
                let has_appends = works.iter().any(|work| matches!(work, Work::Append { .. }));
                for work in works {
                    work.refuse(&error);
                }
                if has_appends && self.stopped.is_none() && !self.unsettled.is_empty() {
                    // They need less room than what was refused.
                    self.write_together(Vec::new());
                }
            }
        }
    }

    fn write_apart(&mut self, work: Work) {
        match work {
            Work::Replay {
                filter,
                now_ms,
                reply,
            } => {
                let replayed = self.replay(&filter, now_ms);
                reply.send(replayed).ok();
            }
            Work::Redeem {
                redecided,
                now_ms,
                reply,
            } => {
                let redeemed = self.redeem(&redecided, now_ms);
                reply.send(redeemed).ok();
            }
            Work::Hold {
                cluster,
                is_held,
                reply,
            } => {
                let held = self.within(|tables| tables.hold(&cluster, is_held));
                self.tell(Vec::new());
                reply.send(held).ok();
            }
            Work::Close { in_flight, reply } => {
                let ends = std::mem::take(&mut self.unsettled);
                let closed = self.within(|tables| {
                    tables.settle(&ends)?;
                    tables.doubt(&in_flight)?;
                    tables.forget_letters()?;
                    tables.end_service()
                });
                reply.send(closed).ok();
            }
            _ => {}
        }
    }

    fn replay(&mut self, filter: &Filter, now_ms: u64) -> Result<usize, StoreError> {
        let span = (self.tables.last, filter.limit);
        in_steps(
            self,
            span,
            |writer, span| {
                let found = reader::numbers(&writer.tables.connection, (filter, State::Dead), span);
                found.map_err(|error| fault::classify(&writer.tables.file.path, &error))
            },
            |writer, numbers| writer.moving(|tables| tables.replay(numbers, now_ms)),
        )
    }

    fn redeem(
        &mut self,
        redecided: &[Redecided],
        now_ms: u64,
    ) -> Result<Vec<Option<bool>>, StoreError> {
        self.moving(|tables| {
            let redeemed = redecided.iter().map(|one| tables.redeem(one, now_ms));
            redeemed.collect()
        })
    }

    /// Does something within a transaction that makes records wait, and tells of them.
    fn moving<T>(
        &mut self,
        work: impl FnOnce(&mut Tables) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let (done, moved) = self.within(|tables| {
            let before = tables.counts.clone();
            let done = work(tables)?;
            Ok((done, tables.counts.moved_since(&before)))
        })?;
        self.tell(moved);
        Ok(done)
    }

    /// Does something within a transaction, and tells what others have done before.
    fn within<T>(
        &mut self,
        work: impl FnOnce(&mut Tables) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        if let Some(stopped) = &self.stopped {
            return Err(stopped.clone());
        }
        let changed = loop {
            match self.tables.begin() {
                Err(error) if fault::is_busy(&error) => {
                    tracing::warn!("another process keeps the outbox; waiting for it");
                }
                begun => break begun,
            }
        };
        match self.tables.within(changed, work) {
            Ok((changed, done)) => {
                if let (Some(watcher), Some(changed)) = (&self.watcher, changed) {
                    watcher(changed);
                }
                for letter in self.tables.forgotten.drain(..) {
                    let (event, trigger) = (letter.event, letter.trigger);
                    tracing::warn!(
                        event,
                        trigger,
                        "a dead letter is forgotten: the outbox keeps no more or older ones"
                    );
                }
                Ok(done)
            }
            Err(error) => {
                let error = fault::classify(&self.tables.file.path, &error);
                self.note(&error);
                Err(error)
            }
        }
    }

    /// Stops for good where the file cannot be trusted any more.
    fn note(&mut self, error: &StoreError) {
        if error.is_final() {
            tracing::error!(code = error.code(), "{error}");
            self.stopped = Some(error.clone());
        }
    }

    /// Says what waits and what is held back now.
    fn tell(&self, moved: Vec<(ClusterId, i64, i64)>) {
        if let (Some(watcher), Ok(change)) = (&self.watcher, self.tables.change()) {
            watcher(Change { moved, ..change });
        }
    }
}

/// What waits in the queue for the same transaction. Where nobody waits for it, it
/// waits a little itself.
fn gather(queue: &Receiver<Work>, first: Work) -> Vec<Work> {
    let until = Instant::now() + COMPANY;
    let mut is_patient = first.is_patient();
    let mut group = vec![first];
    while group.len() < MOST_WORKS {
        let next = if is_patient {
            let wait = until.saturating_duration_since(Instant::now());
            queue.recv_timeout(wait).ok()
        } else {
            queue.try_recv().ok()
        };
        let Some(work) = next else { break };
        is_patient &= work.is_patient();
        group.push(work);
    }
    group
}

/// Tells what came of a work that is committed.
fn answer(work: Work, outcome: Outcome) {
    match (work, outcome) {
        (Work::Append { records, done, .. }, Outcome::Appended(appended)) => {
            done(records, Ok(appended));
        }
        (Work::Settle { reply, .. } | Work::Doubt { reply, .. }, _) => {
            // Nobody waits where an answer cannot be sent.
            reply.send(Ok(())).ok();
        }
        _ => {}
    }
}
