//! How many records each lane has in each state, and what they weigh; and how many the file
//! has seen.

use std::collections::{BTreeSet, HashMap};

use rusqlite::{Connection, Result};

use crate::{
    cluster::ClusterId,
    outbox::store::{Backlog, LaneId},
};

/// Whether records wait or were given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum State {
    Waiting,
    Dead,
}

impl State {
    pub(super) fn table(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Dead => "dead",
        }
    }

    pub(super) fn number(self) -> i64 {
        match self {
            Self::Waiting => 0,
            Self::Dead => 1,
        }
    }
}

/// What an outbox's file has seen since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutboxTotals {
    /// Records that were accepted.
    pub accepted: u64,
    /// Records that were sent again and known.
    pub duplicates: u64,
    /// Records that were delivered.
    pub delivered: u64,
    /// Those of them that an attempt before may have written too: its answer was lost.
    pub maybe_twice: u64,
    /// Records that were given up.
    pub dead: u64,
    /// Events of which something failed.
    pub failed_events: u64,
    /// Dead letters that were too old or too many.
    pub forgotten: u64,
}

/// The events that were given up, as they are within the transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct EventCount {
    pub(super) events: i64,
    pub(super) bytes: i64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    records: i64,
    bytes: i64,
    newest: i64,
}

/// The table of counts, as it is within the transaction.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    places: HashMap<(i64, State), Count>,
    /// Those that are to be written with the transaction.
    touched: BTreeSet<(i64, State)>,
    lanes: HashMap<i64, LaneId>,
}

impl Counts {
    /// What the table says.
    pub(super) fn read(connection: &Connection) -> Result<Self> {
        let mut counts = Self::default();
        let mut rows = connection.prepare_cached(
            "SELECT c.lane, c.state, c.records, c.bytes, c.newest, l.tenant, \
             l.bootstrap_servers, l.topic FROM counts c JOIN lanes l ON l.id = c.lane",
        )?;
        let mut rows = rows.query([])?;
        while let Some(row) = rows.next()? {
            let lane: i64 = row.get(0)?;
            let state = match row.get(1)? {
                0_i64 => State::Waiting,
                _ => State::Dead,
            };
            let count = Count {
                records: row.get(2)?,
                bytes: row.get(3)?,
                newest: row.get(4)?,
            };
            counts.places.insert((lane, state), count);
            let text = |column| row.get::<_, String>(column);
            counts.name(lane, text(5)?, text(6)?, text(7)?);
        }
        Ok(counts)
    }

    fn name(&mut self, lane: i64, tenant: String, servers: String, topic: String) {
        self.lanes.entry(lane).or_insert_with(|| LaneId {
            cluster: ClusterId::new(tenant, servers),
            topic: topic.into(),
        });
    }

    /// Notes which lane has a number.
    pub(super) fn know(&mut self, number: i64, lane: &LaneId) {
        self.lanes.entry(number).or_insert_with(|| lane.clone());
    }

    /// Counts a record that came; its number is the highest so far.
    pub(super) fn add(&mut self, lane: i64, state: State, bytes: i64, number: u64) {
        let count = self.places.entry((lane, state)).or_default();
        count.records += 1;
        count.bytes += bytes;
        count.newest = count.newest.max(i64::try_from(number).unwrap_or(i64::MAX));
        self.touched.insert((lane, state));
    }

    /// Counts a record that went.
    pub(super) fn remove(&mut self, lane: i64, state: State, bytes: i64) {
        let count = self.places.entry((lane, state)).or_default();
        count.records -= 1;
        count.bytes -= bytes;
        self.touched.insert((lane, state));
    }

    /// Bytes of all records in a state.
    pub(super) fn bytes(&self, wanted: State) -> i64 {
        let counts = self.places.iter();
        let counts = counts.filter(|((_, state), _)| *state == wanted);
        counts.map(|(_, count)| count.bytes).sum()
    }

    /// Writes what has changed.
    pub(super) fn write(&mut self, connection: &Connection) -> Result<()> {
        for (lane, state) in std::mem::take(&mut self.touched) {
            let count = self.places.get(&(lane, state)).copied().unwrap_or_default();
            let oldest = match state {
                State::Waiting => {
                    "SELECT accepted_ms FROM waiting WHERE lane = ?1 ORDER BY number LIMIT 1"
                }
                State::Dead => {
                    "SELECT accepted_ms FROM dead WHERE lane = ?1 ORDER BY number LIMIT 1"
                }
            };
            let mut oldest = connection.prepare_cached(oldest)?;
            let mut oldest = oldest.query([lane])?;
            let oldest: Option<i64> = match oldest.next()? {
                Some(row) => Some(row.get(0)?),
                None => None,
            };
            let mut write = connection.prepare_cached(
                "INSERT OR REPLACE INTO counts (lane, state, records, bytes, oldest_ms, newest) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?;
            write.execute((
                lane,
                state.number(),
                count.records,
                count.bytes,
                oldest,
                count.newest,
            ))?;
        }
        Ok(())
    }

    /// The lanes that have waiting records.
    pub(super) fn backlogs(&self) -> Vec<Backlog> {
        let size = |count: i64| u64::try_from(count).unwrap_or(0);
        let counts = self.places.iter();
        let waiting =
            counts.filter(|((_, state), count)| *state == State::Waiting && count.records > 0);
        let mut backlogs: Vec<_> = waiting
            .filter_map(|((lane, _), count)| {
                Some(Backlog {
                    lane: self.lanes.get(lane)?.clone(),
                    newest: size(count.newest),
                    records: size(count.records),
                    bytes: size(count.bytes),
                })
            })
            .collect();
        backlogs.sort_by(|one, other| one.lane.cmp(&other.lane));
        backlogs
    }

    /// How many waiting records, and bytes of them, came or went since `before`.
    pub(super) fn moved_since(&self, before: &Self) -> Vec<(ClusterId, i64, i64)> {
        let waiting = self.places.iter();
        let waiting = waiting.filter(|((_, state), _)| *state == State::Waiting);
        waiting
            .filter_map(|(place, now)| {
                let then = before.places.get(place).copied().unwrap_or_default();
                let (records, bytes) = (now.records - then.records, now.bytes - then.bytes);
                let cluster = self.lanes.get(&place.0)?.cluster.clone();
                (records != 0).then_some((cluster, records, bytes))
            })
            .collect()
    }
}
