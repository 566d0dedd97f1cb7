//! What is done to the tables, within a transaction.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension as _, Result, Row};

use super::{
    count::{Counts, EventCount, OutboxTotals, State},
    reader, rows,
};
use crate::{
    cluster::ClusterId,
    limits::OutboxFile,
    outbox::{
        WINDOW,
        seen::Seen,
        store::{Appended, Backlog, Change, End, LaneId},
    },
    record::StoredRecord,
    wall_clock::unix_ms,
};

/// Most records that one transaction moves or forgets besides what it was asked for.
pub(super) const MOST_AT_ONCE: usize = 1_000;

/// A dead letter that had to go.
#[derive(Clone, Debug)]
pub(super) struct Forgotten {
    pub(super) event: String,
    /// None of an event.
    pub(super) trigger: Option<String>,
}

/// The tables, and what is known of them.
pub(super) struct Tables {
    pub(super) connection: Connection,
    pub(super) file: OutboxFile,
    lanes: HashMap<LaneId, i64>,
    /// The lane of the last record, which often is that of the next one.
    last_lane: Option<(LaneId, i64)>,
    sources: HashMap<Source, (i64, i64)>,
    /// The source of the last record, likewise.
    last_source: Option<(Source, (i64, i64))>,
    pub(super) counts: Counts,
    /// The last number given out.
    pub(super) last: u64,
    pub(super) tally: OutboxTotals,
    /// The events that were given up.
    pub(super) events: EventCount,
    /// What `PRAGMA data_version` said; none where nothing is known any more.
    version: Option<i64>,
    pub(super) forgotten: Vec<Forgotten>,
}

/// Who publishes a record: tenant, broker, trigger and queue.
type Source = (String, String, String, u32);

impl Tables {
    pub(super) fn new(connection: Connection, file: OutboxFile) -> Self {
        Self {
            connection,
            file,
            lanes: HashMap::new(),
            last_lane: None,
            sources: HashMap::new(),
            last_source: None,
            counts: Counts::default(),
            last: 0,
            tally: OutboxTotals::default(),
            events: EventCount::default(),
            version: None,
            forgotten: Vec::new(),
        }
    }

    /// Begins a transaction; gives what others have changed since the last one, if
    /// anything is known of that.
    pub(super) fn begin(&mut self) -> Result<Option<Change>> {
        self.connection
            .prepare_cached("BEGIN IMMEDIATE")?
            .execute([])?;
        let found = self.data_version()?;
        (self.last, self.tally, self.events) = reader::state(&self.connection)?;
        self.forgotten.clear();
        if self.version == Some(found) {
            return Ok(None);
        }
        let counts = Counts::read(&self.connection)?;
        let before = std::mem::replace(&mut self.counts, counts);
        if self.version.replace(found).is_none() {
            return Ok(None);
        }
        let moved = self.counts.moved_since(&before);
        Ok(Some(Change {
            moved,
            ..self.change()?
        }))
    }

    /// Whether others have changed the file since the last transaction.
    pub(super) fn is_changed(&self) -> Result<bool> {
        Ok(self.version != Some(self.data_version()?))
    }

    fn data_version(&self) -> Result<i64> {
        let mut version = self.connection.prepare_cached("PRAGMA data_version")?;
        version.query_row([], |row| row.get(0))
    }

    fn commit(&mut self) -> Result<()> {
        self.counts.write(&self.connection)?;
        let write = "UPDATE state SET last = ?1, accepted = ?2, delivered = ?3, duplicates = ?4, \
                     buried = ?5, forgotten = ?6, maybe_twice = ?7, failed_events = ?8, \
                     dead_events = ?9, dead_event_bytes = ?10";
        self.connection.prepare_cached(write)?.execute((
            self.last,
            self.tally.accepted,
            self.tally.delivered,
            self.tally.duplicates,
            self.tally.dead,
            self.tally.forgotten,
            self.tally.maybe_twice,
            self.tally.failed_events,
            self.events.events,
            self.events.bytes,
        ))?;
        self.connection
            .prepare_cached("COMMIT")?
            .execute([])
            .map(drop)
    }

    /// Does something within the transaction that has begun, and commits it; undoes it
    /// where anything fails.
    pub(super) fn within<B, T>(
        &mut self,
        begun: Result<B>,
        work: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<(B, T)> {
        let done = begun.and_then(|begun| {
            let done = work(self)?;
            self.commit()?;
            Ok((begun, done))
        });
        if done.is_err() {
            self.roll_back();
        }
        done
    }

    /// Undoes the transaction, if there is one, and forgets what it taught. What others
    /// changed is told with the next one.
    fn roll_back(&mut self) {
        if !self.connection.is_autocommit() {
            // SQLite undoes it by itself where it can do nothing else.
            self.connection.execute_batch("ROLLBACK").ok();
        }
        self.lanes.clear();
        self.last_lane = None;
        self.sources.clear();
        self.last_source = None;
        if let Ok(counts) = Counts::read(&self.connection) {
            self.counts = counts;
        } else {
            self.version = None;
        }
    }

    /// What waits, and what is held back.
    pub(super) fn change(&self) -> Result<Change> {
        Ok(Change {
            lanes: self.backlogs(),
            held: reader::held(&self.connection)?,
            moved: Vec::new(),
        })
    }

    pub(super) fn backlogs(&self) -> Vec<Backlog> {
        self.counts.backlogs()
    }

    /// Notes that a service begins. One that did not end as it should may have written
    /// any of the records that it had taken on.
    pub(super) fn begin_service(&mut self) -> Result<()> {
        let connection = &self.connection;
        let closed = "SELECT is_closed FROM state";
        let is_closed: bool = connection.query_row(closed, [], |row| row.get(0))?;
        if !is_closed {
            let mut doubt = connection.prepare(
                "UPDATE waiting SET flags = flags | ?3 WHERE number IN \
                 (SELECT number FROM waiting WHERE lane = ?1 ORDER BY number LIMIT ?2)",
            )?;
            let mut lanes = connection.prepare("SELECT id FROM lanes")?;
            let lanes = lanes.query_map([], |row| row.get::<_, i64>(0))?;
            for lane in lanes {
                doubt.execute((lane?, WINDOW, rows::MAY_BE_WRITTEN))?;
            }
        }
        connection
            .execute("UPDATE state SET is_closed = 0", [])
            .map(drop)
    }

    /// Notes that the service has ended as it should.
    pub(super) fn end_service(&mut self) -> Result<()> {
        self.connection
            .execute("UPDATE state SET is_closed = 1", [])
            .map(drop)
    }

    pub(super) fn append(&mut self, records: &[StoredRecord]) -> Result<Vec<Appended>> {
        let mut appended = Vec::with_capacity(records.len());
        for record in records {
            let (source, name) = self.source(record)?;
            let number = self.last + 1;
            if record.id_is_given
                && let Some(known) = self.meet(number, name, record)?
            {
                self.tally.duplicates += u64::from(known == Appended::Duplicate);
                appended.push(known);
                continue;
            }
            let lane = self.lane(record)?;
            let mut insert = self.connection.prepare_cached(rows::INSERT)?;
            rows::insert(&mut insert, (number, lane, source), record)?;
            let bytes = i64::try_from(record.record.size()).unwrap_or(i64::MAX);
            self.counts.add(lane, State::Waiting, bytes, number);
            self.last = number;
            self.tally.accepted += 1;
            appended.push(Appended::New(number));
        }
        Ok(appended)
    }

    /// What a record is to those of its name before; none where it is new, and known by
    /// this number from now on.
    fn meet(&mut self, number: u64, name: i64, record: &StoredRecord) -> Result<Option<Appended>> {
        let dedup = self.file.dedup;
        if dedup.is_zero() {
            return Ok(None);
        }
        let seen = Seen::of(record);
        let insert = "INSERT INTO seen (number, source_name, event, digest, accepted_ms) \
                      VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (source_name, event) DO NOTHING";
        let mut insert = self.connection.prepare_cached(insert)?;
        let row = (number, name, &record.event, seen.digest, seen.accepted_ms);
        if insert.execute(row)? == 1 {
            return Ok(None);
        }
        let find = "SELECT digest, accepted_ms FROM seen WHERE source_name = ?1 AND event = ?2";
        let mut find = self.connection.prepare_cached(find)?;
        let known = find.query_row((name, &record.event), |row| {
            Ok(Seen {
                digest: row.get(0)?,
                accepted_ms: row.get(1)?,
            })
        })?;
        let met = known.meet(&seen, dedup);
        if met.is_none() {
            let forget = "DELETE FROM seen WHERE source_name = ?1 AND event = ?2";
            let mut forget = self.connection.prepare_cached(forget)?;
            forget.execute((name, &record.event))?;
            insert.execute(row)?;
        }
        Ok(met)
    }

    fn lane(&mut self, record: &StoredRecord) -> Result<i64> {
        if let Some((lane, id)) = &self.last_lane
            && lane.has(record)
        {
            return Ok(*id);
        }
        let lane = LaneId::of(record);
        let id = match self.lanes.get(&lane) {
            Some(id) => *id,
            None => self.intern_lane(&lane)?,
        };
        self.last_lane = Some((lane, id));
        Ok(id)
    }

    fn intern_lane(&mut self, lane: &LaneId) -> Result<i64> {
        let insert =
            "INSERT OR IGNORE INTO lanes (tenant, bootstrap_servers, topic) VALUES (?1, ?2, ?3)";
        let find =
            "SELECT id FROM lanes WHERE tenant = ?1 AND bootstrap_servers = ?2 AND topic = ?3";
        let cluster = &lane.cluster;
        let key = (&*cluster.tenant, &*cluster.bootstrap_servers, &*lane.topic);
        self.connection.prepare_cached(insert)?.execute(key)?;
        let mut find = self.connection.prepare_cached(find)?;
        let id = find.query_row(key, |row| row.get(0))?;
        self.lanes.insert(lane.clone(), id);
        self.counts.know(id, lane);
        Ok(id)
    }

    /// The numbers of a record's source and of its name.
    fn source(&mut self, record: &StoredRecord) -> Result<(i64, i64)> {
        if let Some(((tenant, broker, trigger, queue), ids)) = &self.last_source
            && *trigger == record.trigger
            && *queue == record.queue
            && *broker == record.broker
            && *tenant == record.tenant
        {
            return Ok(*ids);
        }
        let source = (
            record.tenant.clone(),
            record.broker.clone(),
            record.trigger.clone(),
            record.queue,
        );
        let ids = match self.sources.get(&source) {
            Some(ids) => *ids,
            None => self.intern_source(&source)?,
        };
        self.last_source = Some((source, ids));
        Ok(ids)
    }

    fn intern_source(&mut self, source: &Source) -> Result<(i64, i64)> {
        let (tenant, broker, trigger, queue) = source;
        let intern = |insert: &str, find: &str, key: &[&dyn rusqlite::ToSql]| -> Result<i64> {
            self.connection.prepare_cached(insert)?.execute(key)?;
            let mut find = self.connection.prepare_cached(find)?;
            find.query_row(key, |row| row.get(0))
        };
        let id = intern(
            "INSERT OR IGNORE INTO sources (tenant, broker, trigger, queue) VALUES (?1, ?2, ?3, ?4)",
            "SELECT id FROM sources WHERE tenant = ?1 AND broker = ?2 AND trigger = ?3 AND queue = ?4",
            &[tenant, broker, trigger, queue],
        )?;
        let name = intern(
            "INSERT OR IGNORE INTO names (tenant, trigger, queue) VALUES (?1, ?2, ?3)",
            "SELECT id FROM names WHERE tenant = ?1 AND trigger = ?2 AND queue = ?3",
            &[tenant, trigger, queue],
        )?;
        self.sources.insert(source.clone(), (id, name));
        Ok((id, name))
    }

    pub(super) fn settle(&mut self, ends: &[(u64, End)]) -> Result<()> {
        for (number, end) in ends {
            if let End::Dead(death) = end {
                self.bury(*number, death)?;
            }
            let gone = self.take(
                "DELETE FROM waiting WHERE number = ?1 RETURNING lane, bytes, flags",
                *number,
                State::Waiting,
            )?;
            if let Some(flags) = gone
                && *end == End::Delivered
            {
                self.tally.delivered += 1;
                self.tally.maybe_twice += u64::from(flags & rows::MAY_BE_WRITTEN != 0);
            }
        }
        Ok(())
    }

    /// Takes a row out of a table; gives its flags, if it was there.
    pub(super) fn take(&mut self, delete: &str, number: u64, state: State) -> Result<Option<u8>> {
        let mut delete = self.connection.prepare_cached(delete)?;
        let columns = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        let gone: Option<(i64, i64, u8)> = delete.query_row([number], columns).optional()?;
        Ok(gone.map(|(lane, bytes, flags)| {
            self.counts.remove(lane, state, bytes);
            flags
        }))
    }

    /// Forgets names that are known for long enough; some of them.
    pub(super) fn forget_names(&mut self) -> Result<()> {
        let dedup = u64::try_from(self.file.dedup.as_millis()).unwrap_or(u64::MAX);
        let forget = "DELETE FROM seen WHERE number IN \
                      (SELECT number FROM seen ORDER BY number LIMIT ?1) AND accepted_ms <= ?2";
        let mut forget = self.connection.prepare_cached(forget)?;
        let too_old = unix_ms().saturating_sub(dedup);
        forget.execute((MOST_AT_ONCE, too_old)).map(drop)
    }

    pub(super) fn doubt(&mut self, numbers: &[u64]) -> Result<()> {
        let doubt = "UPDATE waiting SET flags = flags | ?2 WHERE number = ?1";
        let mut doubt = self.connection.prepare_cached(doubt)?;
        for number in numbers {
            doubt.execute((number, rows::MAY_BE_WRITTEN))?;
        }
        Ok(())
    }

    pub(super) fn hold(&mut self, cluster: &ClusterId, is_held: bool) -> Result<()> {
        let hold = if is_held {
            "INSERT OR IGNORE INTO held (tenant, bootstrap_servers) VALUES (?1, ?2)"
        } else {
            "DELETE FROM held WHERE tenant = ?1 AND bootstrap_servers = ?2"
        };
        let key = (&*cluster.tenant, &*cluster.bootstrap_servers);
        self.connection.execute(hold, key).map(drop)
    }
}

/// Moves rows in transactions so short that nobody need wait for them: those with numbers up
/// to `newest`, at most `limit`, if there is one. `find` looks for some after a number, before
/// a transaction: looking through a large table takes long. `act` moves those of them that
/// are still there, within one, and says how many.
pub(super) fn in_steps<O, E>(
    owner: &mut O,
    (newest, limit): (u64, Option<usize>),
    find: impl Fn(&O, (u64, usize)) -> std::result::Result<Vec<u64>, E>,
    mut act: impl FnMut(&mut O, &[u64]) -> std::result::Result<usize, E>,
) -> std::result::Result<usize, E> {
    let (mut done, mut after) = (0, 0);
    loop {
        let left = limit.unwrap_or(usize::MAX).saturating_sub(done);
        let mut numbers = find(owner, (after, left.min(MOST_AT_ONCE)))?;
        numbers.retain(|number| *number <= newest);
        let Some(last) = numbers.last() else {
            return Ok(done);
        };
        after = *last;
        done += act(owner, &numbers)?;
    }
}
