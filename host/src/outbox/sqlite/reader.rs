//! Reads beside the writer, on a thread of its own.

use std::{path::Path, sync::mpsc, thread};

use rusqlite::{Connection, Result, Row};
use tokio::sync::oneshot;

use super::{
    count::{Counts, EventCount, OutboxTotals, State},
    fault::classify,
    filter::Clause,
    open::{Role, open},
    rows,
};
use crate::{
    cluster::ClusterId,
    outbox::{
        error::StoreError,
        letter::{DeadLetter, Death, Filter},
        store::{Change, LaneId, StoreFuture},
    },
    record::StoredRecord,
};

/// About so many bytes of records are given at once.
const MOST_BYTES: usize = 8 << 20;

type Question = Box<dyn FnOnce(&Connection) + Send>;

/// Answers questions, one after the other.
pub(super) struct Reader {
    questions: mpsc::Sender<Question>,
    path: std::path::PathBuf,
}

impl Reader {
    pub(super) fn start(path: &Path) -> std::result::Result<Self, StoreError> {
        let connection = open(path, Role::Reader)?;
        let (questions, queue) = mpsc::channel::<Question>();
        thread::Builder::new()
            .name("outbox-reader".to_owned())
            .spawn(move || queue.iter().for_each(|question| question(&connection)))
            .map_err(|error| StoreError::Failed(error.to_string()))?;
        Ok(Self {
            questions,
            path: path.to_owned(),
        })
    }

    pub(super) fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> StoreFuture<'static, T> {
        let (reply, answer) = oneshot::channel();
        let path = self.path.clone();
        let question = move |connection: &Connection| {
            let answer = question(connection).map_err(|error| classify(&path, &error));
            // An error means that nobody waits for it.
            reply.send(answer).ok();
        };
        // An error is told by the answer that does not come.
        self.questions.send(Box::new(question)).ok();
        Box::pin(async move { answer.await.unwrap_or_else(|_| Err(StoreError::ended())) })
    }
}

/// What waits, and what is held back.
pub(super) fn waiting(connection: &Connection) -> Result<Change> {
    Ok(Change {
        lanes: Counts::read(connection)?.backlogs(),
        held: held(connection)?,
        moved: Vec::new(),
    })
}

/// When the oldest waiting record was accepted.
pub(super) fn oldest(connection: &Connection) -> Result<Option<u64>> {
    let oldest = "SELECT min(oldest_ms) FROM counts WHERE state = ?1 AND records > 0";
    let state = State::Waiting.number();
    connection
        .prepare_cached(oldest)?
        .query_row([state], |row| row.get(0))
}

/// The clusters that are held back.
pub(super) fn held(connection: &Connection) -> Result<Vec<ClusterId>> {
    let held = "SELECT tenant, bootstrap_servers FROM held";
    let mut held = connection.prepare_cached(held)?;
    let held = held.query_map([], |row| {
        let text = |column| row.get::<_, String>(column);
        Ok(ClusterId::new(text(0)?, text(1)?))
    })?;
    held.collect()
}

/// The last number given out, what the file has seen, and the events that were given up.
pub(super) fn state(connection: &Connection) -> Result<(u64, OutboxTotals, EventCount)> {
    let state = "SELECT last, accepted, duplicates, delivered, maybe_twice, buried, \
                 failed_events, forgotten, dead_events, dead_event_bytes FROM state";
    connection.prepare_cached(state)?.query_row([], |row| {
        let totals = OutboxTotals {
            accepted: row.get(1)?,
            duplicates: row.get(2)?,
            delivered: row.get(3)?,
            maybe_twice: row.get(4)?,
            dead: row.get(5)?,
            failed_events: row.get(6)?,
            forgotten: row.get(7)?,
        };
        let events = EventCount {
            events: row.get(8)?,
            bytes: row.get(9)?,
        };
        Ok((row.get(0)?, totals, events))
    })
}

/// The records of a lane after a number.
pub(super) fn next(
    connection: &Connection,
    lane: &LaneId,
    after: u64,
    most: usize,
) -> Result<Vec<(u64, StoredRecord)>> {
    let next = format!(
        "SELECT {} FROM waiting r {} WHERE r.lane = (SELECT id FROM lanes WHERE tenant = ?1 AND \
         bootstrap_servers = ?2 AND topic = ?3) AND r.number > ?4 ORDER BY r.number LIMIT ?5",
        rows::RECORD,
        rows::JOINS
    );
    let mut next = connection.prepare_cached(&next)?;
    let cluster = &lane.cluster;
    let mut rows = next.query((
        &*cluster.tenant,
        &*cluster.bootstrap_servers,
        &*lane.topic,
        after,
        most,
    ))?;
    let (mut records, mut bytes) = (Vec::new(), 0);
    while bytes < MOST_BYTES
        && let Some(row) = rows.next()?
    {
        let (number, record) = rows::record(row)?;
        bytes += record.record.size();
        records.push((number, record));
    }
    Ok(records)
}

/// Records by their numbers.
pub(super) fn read(connection: &Connection, numbers: &[u64]) -> Result<Vec<Option<StoredRecord>>> {
    let read = format!(
        "SELECT {} FROM waiting r {} WHERE r.number = ?1",
        rows::RECORD,
        rows::JOINS
    );
    let mut read = connection.prepare_cached(&read)?;
    let mut records = Vec::with_capacity(numbers.len());
    for number in numbers {
        let mut rows = read.query([number])?;
        let record = rows.next()?.map(rows::record).transpose()?;
        records.push(record.map(|(_, record)| record));
    }
    Ok(records)
}

/// The dead letters that pass a filter.
pub(super) fn letters(connection: &Connection, filter: &Filter) -> Result<Vec<DeadLetter>> {
    let mut letters = Vec::new();
    each_letter(connection, filter, |letter| {
        letters.push(letter);
        Ok(true)
    })?;
    Ok(letters)
}

/// Hands on the dead letters that pass a filter, oldest first, while more are wanted.
pub(super) fn each_letter(
    connection: &Connection,
    filter: &Filter,
    mut take: impl FnMut(DeadLetter) -> Result<bool>,
) -> Result<()> {
    let columns = letter_columns();
    each(connection, (&columns, filter, State::Dead), |row| {
        take(letter(row)?)
    })
}

/// What [`letter`] reads of a row `r`.
pub(super) fn letter_columns() -> String {
    let record = rows::RECORD;
    format!("{record}, r.code, r.message, r.attempts, r.last_answer, r.died_ms")
}

/// Reads a dead letter.
pub(super) fn letter(row: &Row<'_>) -> Result<DeadLetter> {
    let (number, record) = rows::record(row)?;
    let first = rows::RECORD_COLUMNS;
    let death = Death {
        code: row.get(first)?,
        message: row.get(first + 1)?,
        attempts: row.get(first + 2)?,
        last_answer: row.get(first + 3)?,
        died_ms: row.get(first + 4)?,
    };
    Ok(DeadLetter {
        number,
        record,
        death,
    })
}

/// The numbers of the oldest records above a number that pass a filter, at most so many.
pub(super) fn numbers(
    connection: &Connection,
    (filter, state): (&Filter, State),
    (after, most): (u64, usize),
) -> Result<Vec<u64>> {
    let query = format!(
        "SELECT r.number FROM {} r {} WHERE r.number > ?1",
        state.table(),
        rows::JOINS
    );
    Clause::of(filter, state).numbers(connection, (&query, after, most))
}

/// Hands on rows `r` that pass a filter, oldest first, while more are wanted.
pub(super) fn each(
    connection: &Connection,
    (columns, filter, state): (&str, &Filter, State),
    take: impl FnMut(&Row<'_>) -> Result<bool>,
) -> Result<()> {
    let query = format!(
        "SELECT {columns} FROM {} r {} WHERE r.number > ?1",
        state.table(),
        rows::JOINS
    );
    Clause::of(filter, state).each(connection, (&query, 0, filter.limit), take)
}
