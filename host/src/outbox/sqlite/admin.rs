//! What a person does with an outbox's file, while a service works on it or not.

use std::{fs, path::Path};

use rusqlite::{
    Connection, OpenFlags, Result as SqlResult,
    backup::{Backup, StepResult},
};

use super::{
    count::{OutboxTotals, State},
    events, fault,
    open::{Role, beside, make, open, unopened},
    reader, rows,
    transaction::{Tables, in_steps},
    verify,
};
use crate::{
    cluster::ClusterId,
    limits::OutboxFile,
    outbox::{
        error::StoreError,
        letter::{DeadEvent, Death, Filter, Redecided},
    },
    record::StoredRecord,
    wall_clock::unix_ms,
};

/// Pages that a backup copies at once.
const PAGES: i32 = 1_024;

/// Looks into an outbox's file and changes it. A service that works on it notices
/// changes within a second.
pub struct OutboxAdmin {
    tables: Tables,
}

/// Whether records wait or were given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordState {
    /// They are to be delivered.
    Waiting,
    /// They were given up.
    Dead,
}

/// The records of a cluster in one state.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClusterStats {
    /// The cluster.
    pub cluster: ClusterId,
    /// The state.
    pub state: RecordState,
    /// How many there are.
    pub records: u64,
    /// Bytes of their keys, headers and values.
    pub bytes: u64,
    /// When the oldest was accepted, in milliseconds since 1970.
    pub oldest_ms: Option<u64>,
    /// Whether the cluster is held back.
    pub is_held: bool,
}

/// The events that were given up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventStats {
    /// How many there are.
    pub events: u64,
    /// Bytes of their texts.
    pub bytes: u64,
    /// When the oldest was accepted, in milliseconds since 1970.
    pub oldest_ms: Option<u64>,
}

/// What an outbox has, and what its file has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutboxStats {
    /// The records of each cluster in each state; also of each that is held back.
    pub clusters: Vec<ClusterStats>,
    /// The events that were given up.
    pub events: EventStats,
    /// What the file has seen.
    pub totals: OutboxTotals,
}

/// A record in an outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutboxRecord {
    /// Its number.
    pub number: u64,
    /// The record.
    pub record: StoredRecord,
    /// Why it was given up, if it was.
    pub death: Option<Death>,
}

impl OutboxAdmin {
    /// Opens the file, which a service has made.
    ///
    /// # Errors
    ///
    /// There is no such file, or it is not an outbox.
    pub fn open(file: &OutboxFile) -> Result<Self, StoreError> {
        let connection = open(&file.path, Role::Command)?;
        Ok(Self {
            tables: Tables::new(connection, file.clone()),
        })
    }

    /// What the outbox has, and what its file has seen.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn stats(&self) -> Result<OutboxStats, StoreError> {
        let connection = self.connection();
        let stats = clusters(connection).and_then(|clusters| {
            let (_, totals, events) = reader::state(connection)?;
            let oldest = "SELECT min(accepted_ms) FROM dead_events";
            let events = EventStats {
                events: u64::try_from(events.events).unwrap_or(0),
                bytes: u64::try_from(events.bytes).unwrap_or(0),
                oldest_ms: connection.query_row(oldest, [], |row| row.get(0))?,
            };
            Ok(OutboxStats {
                clusters,
                events,
                totals,
            })
        });
        self.classified(stats)
    }

    /// Hands on the records in a state that pass a filter, oldest first, until `take`
    /// says that no more are wanted.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn each(
        &self,
        filter: &Filter,
        state: RecordState,
        mut take: impl FnMut(OutboxRecord) -> bool,
    ) -> Result<(), StoreError> {
        let connection = self.connection();
        let read = match state {
            RecordState::Dead => reader::each_letter(connection, filter, |letter| {
                Ok(take(OutboxRecord {
                    number: letter.number,
                    record: letter.record,
                    death: Some(letter.death),
                }))
            }),
            RecordState::Waiting => {
                reader::each(connection, (rows::RECORD, filter, State::Waiting), |row| {
                    let (number, record) = rows::record(row)?;
                    Ok(take(OutboxRecord {
                        number,
                        record,
                        death: None,
                    }))
                })
            }
        };
        self.classified(read)
    }

    /// Hands on the events that were given up and pass a filter, oldest first, until
    /// `take` says that no more are wanted.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn each_event(
        &self,
        filter: &Filter,
        take: impl FnMut(DeadEvent) -> bool,
    ) -> Result<(), StoreError> {
        self.classified(events::each(self.connection(), (filter, 0), take))
    }

    /// Some of the oldest events with numbers above `after` that were given up and pass a
    /// filter; none only where there are none.
    pub(crate) fn events(&self, filter: &Filter, after: u64) -> Result<Vec<DeadEvent>, StoreError> {
        self.classified(events::page(self.connection(), filter, after))
    }

    /// How many events that were given up pass a filter.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn count_events(&self, filter: &Filter) -> Result<u64, StoreError> {
        self.classified(events::count(self.connection(), filter))
    }

    /// Takes what events that were given up came to when they were decided again. Says of
    /// each whether something of it failed again; none where somebody else has taken the
    /// event meanwhile.
    pub(crate) fn redeem(
        &mut self,
        redecided: &[Redecided],
    ) -> Result<Vec<Option<bool>>, StoreError> {
        let now_ms = unix_ms();
        self.within(|tables| {
            let redeemed = redecided.iter().map(|one| tables.redeem(one, now_ms));
            redeemed.collect()
        })
    }

    /// Takes events that were given up out for good; says how many.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn purge_events(&mut self, filter: &Filter) -> Result<u64, StoreError> {
        let find = |admin: &Self, span| events::numbers(admin.connection(), filter, span);
        self.in_steps(filter, find, Tables::purge_events)
    }

    /// How many records in a state pass a filter.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn count(&self, filter: &Filter, state: RecordState) -> Result<u64, StoreError> {
        let mut records = 0;
        let counted = reader::each(self.connection(), ("1", filter, state.into()), |_| {
            records += 1;
            Ok(true)
        });
        self.classified(counted.map(|()| records))
    }

    /// Makes dead letters waiting records again, with a new time to live; says how many.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn replay(&mut self, filter: &Filter) -> Result<u64, StoreError> {
        let now_ms = unix_ms();
        let find =
            |admin: &Self, span| reader::numbers(admin.connection(), (filter, State::Dead), span);
        self.in_steps(filter, find, |tables, numbers| {
            tables.replay(numbers, now_ms)
        })
    }

    /// Takes records in a state out for good; says how many.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn purge(&mut self, filter: &Filter, state: RecordState) -> Result<u64, StoreError> {
        let state = state.into();
        let find = |admin: &Self, span| reader::numbers(admin.connection(), (filter, state), span);
        self.in_steps(filter, find, |tables, numbers| tables.purge(numbers, state))
    }

    /// Holds back what waits for a cluster, or lets it go on.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn hold(&mut self, cluster: &ClusterId, is_held: bool) -> Result<(), StoreError> {
        self.within(|tables| tables.hold(cluster, is_held))
    }

    /// Looks for damage; what is wrong, if anything is.
    ///
    /// # Errors
    ///
    /// The file cannot be read at all.
    pub fn verify(&self) -> Result<Vec<String>, StoreError> {
        self.classified(verify::verify(self.connection()))
    }

    /// Copies the outbox as it is now into another file.
    ///
    /// # Errors
    ///
    /// Either file cannot be used.
    pub fn backup(&self, to: &Path) -> Result<(), StoreError> {
        self.backup_between(to, || ())
    }

    /// The same, with something that happens between any two steps.
    pub(super) fn backup_between(
        &self,
        to: &Path,
        between: impl FnMut(),
    ) -> Result<(), StoreError> {
        let is_new = make(to).map_err(|error| unopened(to, &error))?;
        if !is_new {
            return Err(StoreError::Unopened {
                path: to.to_owned(),
                message: "it is there already".to_owned(),
            });
        }
        copy(self.connection(), to, between).map_err(|error| {
            // Half a copy helps nobody, and would be in the way of the next one.
            for end in ["", "-journal"] {
                fs::remove_file(beside(to, end)).ok();
            }
            fault::classify(to, &error)
        })
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.tables.connection
    }

    fn classified<T>(&self, done: SqlResult<T>) -> Result<T, StoreError> {
        done.map_err(|error| fault::classify(&self.tables.file.path, &error))
    }

    fn in_steps(
        &mut self,
        filter: &Filter,
        find: impl Fn(&Self, (u64, usize)) -> SqlResult<Vec<u64>>,
        mut act: impl FnMut(&mut Tables, &[u64]) -> SqlResult<usize>,
    ) -> Result<u64, StoreError> {
        let (newest, ..) = self.classified(reader::state(self.connection()))?;
        let done = in_steps(
            self,
            (newest, filter.limit),
            |admin, span| admin.classified(find(admin, span)),
            |admin, numbers| admin.within(|tables| act(tables, numbers)),
        )?;
        Ok(done as u64)
    }

    fn within<T>(
        &mut self,
        work: impl FnOnce(&mut Tables) -> SqlResult<T>,
    ) -> Result<T, StoreError> {
        let begun = self.tables.begin();
        let done = self.tables.within(begun, work);
        self.classified(done.map(|(_, done)| done))
    }
}

impl From<RecordState> for State {
    fn from(state: RecordState) -> Self {
        match state {
            RecordState::Waiting => Self::Waiting,
            RecordState::Dead => Self::Dead,
        }
    }
}

/// Copies a file, as it is when this begins, into one that is empty.
fn copy(connection: &Connection, to: &Path, mut between: impl FnMut()) -> SqlResult<()> {
    // Where others write between two steps, SQLite begins again unless the copy is one read.
    let snapshot = connection.unchecked_transaction()?;
    reader::state(&snapshot)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut target = Connection::open_with_flags(to, flags)?;
    let backup = Backup::new(&snapshot, &mut target)?;
    while backup.step(PAGES)? != StepResult::Done {
        between();
    }
    Ok(())
}

fn clusters(connection: &Connection) -> SqlResult<Vec<ClusterStats>> {
    let mut stats = connection.prepare(
        "SELECT l.tenant, l.bootstrap_servers, c.state, sum(c.records), sum(c.bytes), \
         min(c.oldest_ms), EXISTS (SELECT 1 FROM held h WHERE h.tenant = l.tenant AND \
         h.bootstrap_servers = l.bootstrap_servers) FROM counts c JOIN lanes l ON l.id = c.lane \
         GROUP BY 1, 2, 3 UNION ALL SELECT h.tenant, h.bootstrap_servers, 0, 0, 0, NULL, TRUE \
         FROM held h WHERE NOT EXISTS (SELECT 1 FROM counts c JOIN lanes l ON l.id = c.lane WHERE \
         c.state = 0 AND l.tenant = h.tenant AND l.bootstrap_servers = h.bootstrap_servers) \
         ORDER BY 1, 2, 3",
    )?;
    let stats = stats.query_map([], |row| {
        let text = |column| row.get::<_, String>(column);
        Ok(ClusterStats {
            cluster: ClusterId::new(text(0)?, text(1)?),
            state: match row.get(2)? {
                0_i64 => RecordState::Waiting,
                _ => RecordState::Dead,
            },
            records: row.get(3)?,
            bytes: row.get(4)?,
            oldest_ms: row.get(5)?,
            is_held: row.get(6)?,
        })
    })?;
    stats.collect()
}
