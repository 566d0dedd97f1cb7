//! The tables, and how those of an earlier version become today's.

use rusqlite::{Connection, Result};

/// Says that a file is an outbox: `atob`.
pub(super) const APPLICATION_ID: i64 = 0x6174_6f62;

/// What makes each version of the tables of the one before. The first one begins with an
/// empty file.
const MIGRATIONS: &[&str] = &[
    "
-- Where records go: their lanes. Few, and never forgotten.
CREATE TABLE lanes (
    id INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    bootstrap_servers TEXT NOT NULL,
    topic TEXT NOT NULL,
    UNIQUE (tenant, bootstrap_servers, topic)
) STRICT;

-- Who publishes records. Few, and never forgotten.
CREATE TABLE sources (
    id INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    broker TEXT NOT NULL,
    trigger TEXT NOT NULL,
    queue INTEGER NOT NULL,
    UNIQUE (tenant, broker, trigger, queue)
) STRICT;

CREATE TABLE waiting (
    number INTEGER PRIMARY KEY,
    lane INTEGER NOT NULL,
    source INTEGER NOT NULL,
    event TEXT NOT NULL,
    ordering_key TEXT,
    timeout_ms INTEGER,
    accepted_ms INTEGER NOT NULL,
    deadline_ms INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    key BLOB,
    headers BLOB,
    partition INTEGER,
    timestamp_ms INTEGER,
    value BLOB,
    bytes INTEGER NOT NULL
) STRICT;
CREATE INDEX waiting_of_lane ON waiting (lane, number);

CREATE TABLE dead (
    number INTEGER PRIMARY KEY,
    lane INTEGER NOT NULL,
    source INTEGER NOT NULL,
    event TEXT NOT NULL,
    ordering_key TEXT,
    timeout_ms INTEGER,
    accepted_ms INTEGER NOT NULL,
    deadline_ms INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    key BLOB,
    headers BLOB,
    partition INTEGER,
    timestamp_ms INTEGER,
    value BLOB,
    bytes INTEGER NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    last_answer TEXT,
    died_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX dead_of_lane ON dead (lane, number);
CREATE INDEX dead_by_age ON dead (died_ms, number);

-- How many records a lane has in each state (0 waiting, 1 dead), what they weigh, when
-- the oldest was accepted and which is the newest: written with what it counts.
CREATE TABLE counts (
    lane INTEGER NOT NULL,
    state INTEGER NOT NULL,
    records INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    oldest_ms INTEGER,
    newest INTEGER NOT NULL,
    PRIMARY KEY (lane, state)
) STRICT, WITHOUT ROWID;

-- The names of records whose events' ids callers gave, and a digest of what each stood
-- for. In the order of acceptance, so that the oldest are found first.
CREATE TABLE seen (
    number INTEGER PRIMARY KEY,
    source_name INTEGER NOT NULL,
    event TEXT NOT NULL,
    digest BLOB NOT NULL,
    accepted_ms INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX seen_names ON seen (source_name, event);

-- Who names records: a source whatever its broker.
CREATE TABLE names (
    id INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    trigger TEXT NOT NULL,
    queue INTEGER NOT NULL,
    UNIQUE (tenant, trigger, queue)
) STRICT;

CREATE TABLE held (
    tenant TEXT NOT NULL,
    bootstrap_servers TEXT NOT NULL,
    PRIMARY KEY (tenant, bootstrap_servers)
) STRICT, WITHOUT ROWID;

-- One row: the last number given out, whether the last service ended as it should, and
-- counters that only grow.
CREATE TABLE state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    last INTEGER NOT NULL,
    is_closed INTEGER NOT NULL,
    accepted INTEGER NOT NULL,
    delivered INTEGER NOT NULL,
    duplicates INTEGER NOT NULL,
    buried INTEGER NOT NULL,
    forgotten INTEGER NOT NULL
) STRICT;
INSERT INTO state VALUES (1, 0, 1, 0, 0, 0, 0, 0);
",
    "
-- Events of which something failed, whole. `queues` is a JSON array of what failed, each
-- with its trigger, queue, code and message: empty where the event as a whole did. Numbers
-- are those of records.
CREATE TABLE dead_events (
    number INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    event TEXT NOT NULL,
    flags INTEGER NOT NULL,
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    queues TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    accepted_ms INTEGER NOT NULL,
    died_ms INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    text TEXT NOT NULL
) STRICT;
CREATE INDEX dead_events_by_age ON dead_events (died_ms, number);
CREATE INDEX dead_events_by_name ON dead_events (event);

-- How many of them there are, what they weigh, and how many there ever were; and how many
-- delivered records may be there twice.
ALTER TABLE state ADD COLUMN dead_events INTEGER NOT NULL DEFAULT 0;
ALTER TABLE state ADD COLUMN dead_event_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE state ADD COLUMN failed_events INTEGER NOT NULL DEFAULT 0;
ALTER TABLE state ADD COLUMN maybe_twice INTEGER NOT NULL DEFAULT 0;
",
    "
-- Headers that events bring for their records.
ALTER TABLE dead_events ADD COLUMN headers BLOB;
",
];

/// The version of today's tables.
pub(super) fn version() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// Makes today's tables of those that are there, in one transaction.
pub(super) fn migrate(connection: &Connection, found: i64) -> Result<()> {
    let missing = usize::try_from(found).unwrap_or(0);
    if missing == MIGRATIONS.len() {
        return Ok(());
    }
    connection.execute_batch("BEGIN IMMEDIATE")?;
    for migration in MIGRATIONS.iter().skip(missing) {
        connection.execute_batch(migration)?;
    }
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", version())?;
    connection.execute_batch("COMMIT")
}
