//! Events of which something failed: kept, forgotten, decided again, taken out.

use rusqlite::{Connection, OptionalExtension as _, Result, Row, types::Type};
use serde::{Deserialize, Serialize};

use super::{
    filter::Clause,
    rows,
    transaction::{Forgotten, Tables},
};
use crate::{
    outbox::{
        letter::{DeadEvent, Filter, Redecided, StoredEvent},
        store::Appended,
    },
    outcome::{FailedEvent, FailedQueue, Failure, Missing},
};

/// About so many bytes of events are given at once.
const MOST_BYTES: usize = 8 << 20;

const ID_IS_GIVEN: u8 = 1;

/// What [`event`] reads of a row `r`.
const COLUMNS: &str = "r.number, r.tenant, r.event, r.flags, r.code, r.message, r.queues, \
     r.attempts, r.accepted_ms, r.died_ms, r.text, r.headers";

/// A queue that failed, as it is written.
#[derive(Serialize, Deserialize)]
struct WrittenQueue {
    trigger: String,
    queue: u32,
    code: String,
    message: String,
}

/// The queues that failed, as text.
fn written(missing: &Missing) -> String {
    let queues = missing.queues().iter().map(|failed| WrittenQueue {
        trigger: failed.trigger.to_string(),
        queue: failed.queue,
        code: failed.failure.code.clone(),
        message: failed.failure.message.clone(),
    });
    // Texts and numbers always are JSON.
    serde_json::to_string(&queues.collect::<Vec<_>>()).unwrap_or_default()
}

fn missing(row: &Row<'_>) -> Result<Missing> {
    let text: String = row.get(6)?;
    let queues: Vec<WrittenQueue> = serde_json::from_str(&text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(6, Type::Text, Box::new(error))
    })?;
    let failed = |one: WrittenQueue| {
        FailedQueue::new(one.trigger, one.queue, Failure::new(one.code, one.message))
    };
    let queues = queues.into_iter().map(failed).collect();
    Ok(match Missing::of_queues(queues) {
        Some(missing) => missing,
        None => Missing::Event(Failure::new(
            row.get::<_, String>(4)?,
            row.get::<_, String>(5)?,
        )),
    })
}

/// Reads an event and its number.
pub(super) fn event(row: &Row<'_>) -> Result<DeadEvent> {
    let flags: u8 = row.get(3)?;
    let id: String = row.get(2)?;
    let mut event = FailedEvent::new(id, row.get::<_, String>(10)?, missing(row)?);
    event.id_is_given = flags & ID_IS_GIVEN != 0;
    event.carried = rows::headers(row, 11)?.into();
    Ok(DeadEvent {
        number: row.get(0)?,
        stored: StoredEvent {
            tenant: row.get(1)?,
            event,
            attempts: row.get(7)?,
            accepted_ms: row.get(8)?,
            died_ms: row.get(9)?,
        },
    })
}

/// Hands on events above a number that pass a filter, oldest first, while more are wanted.
pub(super) fn each(
    connection: &Connection,
    (filter, after): (&Filter, u64),
    mut take: impl FnMut(DeadEvent) -> bool,
) -> Result<()> {
    selected(connection, (COLUMNS, filter, after), |row| {
        Ok(take(event(row)?))
    })
}

/// Hands on rows `r` of events above a number that pass a filter, oldest first, while more
/// are wanted.
fn selected(
    connection: &Connection,
    (columns, filter, after): (&str, &Filter, u64),
    take: impl FnMut(&Row<'_>) -> Result<bool>,
) -> Result<()> {
    let query = format!("SELECT {columns} FROM dead_events r WHERE r.number > ?1");
    Clause::of_events(filter).each(connection, (&query, after, filter.limit), take)
}

/// Some of the oldest events above a number that pass a filter.
pub(super) fn page(connection: &Connection, filter: &Filter, after: u64) -> Result<Vec<DeadEvent>> {
    let (mut events, mut bytes) = (Vec::new(), 0);
    each(connection, (filter, after), |event| {
        bytes += event.stored.event.size();
        events.push(event);
        bytes < MOST_BYTES
    })?;
    Ok(events)
}

/// Hands on all events' rows, for [`event`] to read, while more are wanted.
pub(super) fn each_row(
    connection: &Connection,
    take: impl FnMut(&Row<'_>) -> Result<bool>,
) -> Result<()> {
    selected(connection, (COLUMNS, &Filter::default(), 0), take)
}

/// The numbers of the oldest events above a number that pass a filter, at most so many.
pub(super) fn numbers(
    connection: &Connection,
    filter: &Filter,
    (after, most): (u64, usize),
) -> Result<Vec<u64>> {
    let query = "SELECT r.number FROM dead_events r WHERE r.number > ?1";
    Clause::of_events(filter).numbers(connection, (query, after, most))
}

/// How many events pass a filter.
pub(super) fn count(connection: &Connection, filter: &Filter) -> Result<u64> {
    let mut count = 0;
    selected(connection, ("1", filter, 0), |_| {
        count += 1;
        Ok(true)
    })?;
    Ok(count)
}

impl Tables {
    /// Keeps events of which something failed; each once, however often it is sent.
    pub(super) fn keep_events(&mut self, events: &[StoredEvent]) -> Result<()> {
        for stored in events {
            self.forget_same(stored)?;
            self.last += 1;
            self.keep_event(self.last, stored)?;
            self.tally.failed_events += 1;
        }
        Ok(())
    }

    fn keep_event(&mut self, number: u64, stored: &StoredEvent) -> Result<()> {
        let keep = "INSERT INTO dead_events (number, tenant, event, flags, code, message, queues, \
                    attempts, accepted_ms, died_ms, bytes, text, headers) VALUES (?1, ?2, ?3, ?4, \
                    ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
        let event = &stored.event;
        let failure = event.missing.failure();
        let bytes = i64::try_from(event.size()).unwrap_or(i64::MAX);
        self.connection.prepare_cached(keep)?.execute((
            number,
            &stored.tenant,
            &event.id,
            if event.id_is_given { ID_IS_GIVEN } else { 0 },
            failure.map_or("", |failure| &failure.code),
            failure.map_or("", |failure| &failure.message),
            written(&event.missing),
            stored.attempts,
            stored.accepted_ms,
            stored.died_ms,
            bytes,
            &event.text,
            rows::packed(&event.carried),
        ))?;
        self.events.events += 1;
        self.events.bytes += bytes;
        Ok(())
    }

    /// Takes the same event out, if it is there: its caller has sent it again.
    fn forget_same(&mut self, stored: &StoredEvent) -> Result<()> {
        if !stored.event.id_is_given {
            return Ok(());
        }
        let find = format!("SELECT {COLUMNS} FROM dead_events r WHERE r.event = ?1");
        let known: Vec<DeadEvent> = {
            let mut find = self.connection.prepare_cached(&find)?;
            let known = find.query_map([&stored.event.id], event)?;
            known.collect::<Result<_>>()?
        };
        for known in known.iter().filter(|known| known.stored.is_same(stored)) {
            self.take_event(known.number)?;
        }
        Ok(())
    }

    /// Takes an event out; gives it, if it was there.
    fn take_event(&mut self, number: u64) -> Result<Option<DeadEvent>> {
        let find = format!("SELECT {COLUMNS} FROM dead_events r WHERE r.number = ?1");
        let found = {
            let mut find = self.connection.prepare_cached(&find)?;
            find.query_row([number], event).optional()?
        };
        if found.is_some() {
            let take = "DELETE FROM dead_events WHERE number = ?1 RETURNING bytes";
            let mut take = self.connection.prepare_cached(take)?;
            let bytes: i64 = take.query_row([number], |row| row.get(0))?;
            self.events.events -= 1;
            self.events.bytes -= bytes;
        }
        Ok(found)
    }

    /// The event that is to be forgotten first, and when it was given up.
    pub(super) fn oldest_event(&self) -> Result<Option<(u64, u64)>> {
        if self.events.events == 0 {
            return Ok(None);
        }
        let oldest = "SELECT number, died_ms FROM dead_events ORDER BY died_ms, number LIMIT 1";
        let mut oldest = self.connection.prepare_cached(oldest)?;
        let oldest = oldest.query_row([], |row| Ok((row.get(0)?, row.get(1)?)));
        oldest.optional()
    }

    pub(super) fn forget_event(&mut self, number: u64) -> Result<()> {
        if let Some(DeadEvent { stored, .. }) = self.take_event(number)? {
            self.tally.forgotten += 1;
            self.forgotten.push(Forgotten {
                event: stored.event.id,
                trigger: None,
            });
        }
        Ok(())
    }

    /// Takes what an event came to when it was decided again; says whether something of
    /// it failed again, and nothing where somebody else has taken it.
    pub(super) fn redeem(&mut self, one: &Redecided, now_ms: u64) -> Result<Option<bool>> {
        let Some(DeadEvent { number, stored }) = self.take_event(one.number)? else {
            return Ok(None);
        };
        let appended = self.append(&one.records)?;
        let is_reused = appended.iter().map(|one| *one == Appended::Reused);
        let left = one.left_beside(&stored, is_reused);
        let is_left = left.is_some();
        if let Some(left) = left {
            self.keep_event(number, &stored.again(left, now_ms))?;
        }
        Ok(Some(is_left))
    }

    /// Takes events out for good; says how many of them there were.
    pub(super) fn purge_events(&mut self, numbers: &[u64]) -> Result<usize> {
        let mut purged = 0;
        for number in numbers {
            purged += usize::from(self.take_event(*number)?.is_some());
        }
        Ok(purged)
    }
}
