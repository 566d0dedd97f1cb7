//! Looks for damage in an outbox's file.

use rusqlite::{Connection, Result, Row};

use super::{count::State, events, reader, rows};
use crate::outbox::letter::Filter;

const STATES: [State; 2] = [State::Waiting, State::Dead];

/// `SQLite`'s own check, whether the counts count what is there, and whether each row can be
/// read: of one moment.
pub(super) fn verify(connection: &Connection) -> Result<Vec<String>> {
    let snapshot = connection.unchecked_transaction()?;
    let mut found = Vec::new();
    let mut check = snapshot.prepare("PRAGMA integrity_check")?;
    let texts = check.query_map([], |row| row.get::<_, String>(0))?;
    for text in texts {
        found.extend(Some(text?).filter(|text| text != "ok"));
    }
    for state in STATES {
        drift(&snapshot, state, &mut found)?;
        orphans(&snapshot, state, &mut found)?;
        unread(&snapshot, state, &mut found)?;
    }
    event_drift(&snapshot, &mut found)?;
    events::each_row(&snapshot, |row| {
        note(row, "dead_events", events::event(row), &mut found)
    })?;
    Ok(found)
}

/// Counts that do not count what is there.
fn drift(connection: &Connection, state: State, found: &mut Vec<String>) -> Result<()> {
    let (table, number) = (state.table(), state.number());
    let compare = format!(
        "SELECT lane, sum(records), sum(bytes) FROM (SELECT lane, records, bytes FROM counts \
         WHERE state = {number} UNION ALL SELECT lane, -1, -bytes FROM {table}) GROUP BY lane \
         HAVING sum(records) <> 0 OR sum(bytes) <> 0"
    );
    let mut compare = connection.prepare(&compare)?;
    let mut lanes = compare.query([])?;
    while let Some(row) = lanes.next()? {
        let (lane, records, bytes): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        found.push(format!(
            "the counts of lane {lane} ({table}) are off by {records} records and {bytes} bytes"
        ));
    }
    Ok(())
}

fn event_drift(connection: &Connection, found: &mut Vec<String>) -> Result<()> {
    let off = connection.query_row(
        "SELECT dead_events - (SELECT count(*) FROM dead_events), dead_event_bytes - \
         (SELECT coalesce(sum(bytes), 0) FROM dead_events) FROM state",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    if off != (0_i64, 0_i64) {
        let (events, bytes) = off;
        found.push(format!(
            "the counts of events are off by {events} events and {bytes} bytes"
        ));
    }
    Ok(())
}

/// Records whose lane or source is gone.
fn orphans(connection: &Connection, state: State, found: &mut Vec<String>) -> Result<()> {
    let table = state.table();
    for names in [
        "lane NOT IN (SELECT id FROM lanes)",
        "source NOT IN (SELECT id FROM sources)",
    ] {
        let orphans = format!("SELECT count(*) FROM {table} WHERE {names}");
        let orphans: i64 = connection.query_row(&orphans, [], |row| row.get(0))?;
        if orphans > 0 {
            found.push(format!("{orphans} records ({table}) have {names}"));
        }
    }
    Ok(())
}

/// Records that cannot be read, as a service and `outbox list` read them.
fn unread(connection: &Connection, state: State, found: &mut Vec<String>) -> Result<()> {
    let (columns, table) = (reader::letter_columns(), state.table());
    let columns = match state {
        State::Waiting => rows::RECORD,
        State::Dead => &columns,
    };
    let all = Filter::default();
    reader::each(connection, (columns, &all, state), |row| match state {
        State::Waiting => note(row, table, rows::record(row), found),
        State::Dead => note(row, table, reader::letter(row), found),
    })
}

/// Notes a row whose reading failed, and goes on with the next one.
fn note<T>(row: &Row<'_>, table: &str, read: Result<T>, found: &mut Vec<String>) -> Result<bool> {
    if let Err(error) = read {
        let number: i64 = row.get(0)?;
        found.push(format!("number {number} ({table}) cannot be read: {error}"));
    }
    Ok(true)
}
