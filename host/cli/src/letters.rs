//! The JSON lines that `outbox` prints.

use std::path::Path;

use action_triggers_host::{DeadEvent, Failure, OutboxRecord, OutboxStats, RecordState, Replayed};
use serde::Serialize;

use super::{
    lines::{Headers, Lines, Problem, Text},
    time,
};

#[derive(Serialize)]
struct ClusterLine<'a> {
    kind: &'a str,
    tenant: &'a str,
    cluster: &'a str,
    state: &'a str,
    records: u64,
    bytes: u64,
    oldest: Option<String>,
    paused: bool,
}

#[derive(Serialize)]
struct EventsLine<'a> {
    kind: &'a str,
    state: &'a str,
    events: u64,
    bytes: u64,
    oldest: Option<String>,
}

#[derive(Serialize)]
struct TotalsLine {
    accepted: u64,
    sent_twice: u64,
    delivered: u64,
    perhaps_twice: u64,
    dead: u64,
    failed_events: u64,
    forgotten: u64,
}

#[derive(Serialize)]
struct RecordLine<'a> {
    number: u64,
    kind: &'a str,
    state: &'a str,
    tenant: &'a str,
    cluster: &'a str,
    topic: &'a str,
    event: &'a str,
    trigger: &'a str,
    queue: u32,
    accepted: String,
    deadline: String,
    bytes: usize,
    may_be_written: bool,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    death: Option<DeathLine<'a>>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    written: Option<WrittenLine<'a>>,
}

#[derive(Serialize)]
struct EventLine<'a> {
    number: u64,
    kind: &'a str,
    state: &'a str,
    tenant: &'a str,
    event: &'a str,
    accepted: String,
    bytes: usize,
    error: Option<Problem<'a>>,
    failed: Vec<QueueLine<'a>>,
    attempts: u32,
    died: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
}

/// A queue that came to nothing.
#[derive(Serialize)]
struct QueueLine<'a> {
    trigger: &'a str,
    queue: u32,
    error: Problem<'a>,
}

#[derive(Serialize)]
struct DeathLine<'a> {
    error: Problem<'a>,
    attempts: u32,
    last_answer: Option<&'a str>,
    died: String,
}

#[derive(Serialize)]
struct WrittenLine<'a> {
    key: Option<Text<'a>>,
    headers: Headers<'a>,
    partition: Option<u32>,
    timestamp_ms: Option<i64>,
    value: Option<Text<'a>>,
}

#[derive(Serialize)]
struct ReplayLine<'a> {
    replayed: u64,
    /// Those of them that are events.
    events: u64,
    failed_again: u64,
    dry_run: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
}

#[derive(Serialize)]
struct HoldLine<'a> {
    cluster: &'a str,
    paused: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
}

const UNKNOWN_CLUSTER: &str = "neither the configuration nor the outbox has this cluster: compare it \
                               with what `outbox stats` prints, letter by letter";

fn problem(failure: &Failure) -> Problem<'_> {
    Problem {
        code: &failure.code,
        message: &failure.message,
    }
}

fn state_of(state: RecordState) -> &'static str {
    match state {
        RecordState::Waiting => "waiting",
        RecordState::Dead => "dead",
    }
}

impl Lines {
    /// What the outbox has, and what its file has seen.
    pub(crate) fn of_stats(stats: &OutboxStats) -> Self {
        let mut lines = Self::default();
        for stats in &stats.clusters {
            lines.push(&ClusterLine {
                kind: "record",
                tenant: &stats.cluster.tenant,
                cluster: &stats.cluster.bootstrap_servers,
                state: state_of(stats.state),
                records: stats.records,
                bytes: stats.bytes,
                oldest: stats.oldest_ms.map(time::written),
                paused: stats.is_held,
            });
        }
        let (events, totals) = (stats.events, stats.totals);
        lines.push(&EventsLine {
            kind: "event",
            state: state_of(RecordState::Dead),
            events: events.events,
            bytes: events.bytes,
            oldest: events.oldest_ms.map(time::written),
        });
        lines.push(&TotalsLine {
            accepted: totals.accepted,
            sent_twice: totals.duplicates,
            delivered: totals.delivered,
            perhaps_twice: totals.maybe_twice,
            dead: totals.dead,
            failed_events: totals.failed_events,
            forgotten: totals.forgotten,
        });
        lines
    }

    /// An event that was given up; with its text, if that is asked for.
    pub(crate) fn event(&mut self, dead: &DeadEvent, has_text: bool) {
        let stored = &dead.stored;
        let event = &stored.event;
        let failed = event.missing.queues().iter().map(|one| QueueLine {
            trigger: &one.trigger,
            queue: one.queue,
            error: problem(&one.failure),
        });
        self.push(&EventLine {
            number: dead.number,
            kind: "event",
            state: state_of(RecordState::Dead),
            tenant: &stored.tenant,
            event: &event.id,
            accepted: time::written(stored.accepted_ms),
            bytes: event.size(),
            error: event.missing.failure().map(problem),
            failed: failed.collect(),
            attempts: stored.attempts,
            died: time::written(stored.died_ms),
            text: has_text.then_some(&event.text),
        });
    }

    /// A record in short.
    pub(crate) fn listed(&mut self, record: &OutboxRecord) {
        self.record(record, None);
    }

    /// A record with what is written of it.
    pub(crate) fn shown(&mut self, record: &OutboxRecord) {
        let written = &record.record.record;
        let written = WrittenLine {
            key: written.key.as_deref().map(Text),
            headers: Headers(written),
            partition: written.partition,
            timestamp_ms: written.timestamp_ms,
            value: written.value.as_deref().map(Text),
        };
        self.record(record, Some(written));
    }

    fn record(&mut self, one: &OutboxRecord, written: Option<WrittenLine<'_>>) {
        let record = &one.record;
        let death = one.death.as_ref().map(|death| DeathLine {
            error: Problem {
                code: &death.code,
                message: &death.message,
            },
            attempts: death.attempts,
            last_answer: death.last_answer.as_deref(),
            died: time::written(death.died_ms),
        });
        self.push(&RecordLine {
            number: one.number,
            kind: "record",
            state: state_of(match one.death {
                Some(_) => RecordState::Dead,
                None => RecordState::Waiting,
            }),
            tenant: &record.tenant,
            cluster: &record.bootstrap_servers,
            topic: &record.topic,
            event: &record.event,
            trigger: &record.trigger,
            queue: record.queue,
            accepted: time::written(record.accepted_ms),
            deadline: time::written(record.deadline_ms),
            bytes: record.record.size(),
            may_be_written: record.may_be_written,
            death,
            written,
        });
    }

    /// How many dead letters were tried again, or would be.
    pub(crate) fn of_replay(replayed: Replayed, dry_run: bool) -> Self {
        let all = replayed.records + replayed.events;
        let mut lines = Self::default();
        lines.push(&ReplayLine {
            replayed: all,
            events: replayed.events,
            failed_again: replayed.failed,
            dry_run,
            note: (all > 0).then_some("they come after what was delivered since"),
        });
        lines
    }

    /// How many records and events were purged, or would be.
    pub(crate) fn of_purge(purged: u64, dry_run: bool) -> Self {
        let mut lines = Self::default();
        lines.push(&serde_json::json!({"purged": purged, "dry_run": dry_run}));
        lines
    }

    /// Whether an outbox is whole, and what is wrong with it.
    pub(crate) fn of_verification(found: &[String]) -> Self {
        let mut lines = Self::default();
        lines.push(&serde_json::json!({"whole": found.is_empty(), "found": found}));
        lines
    }

    /// That a copy is made.
    pub(crate) fn of_backup(to: &Path) -> Self {
        let mut lines = Self::default();
        lines.push(&serde_json::json!({"backup": to.display().to_string()}));
        lines
    }

    /// That a cluster is held back, or goes on; whether it is known of otherwise.
    pub(crate) fn of_hold(cluster: &str, paused: bool, is_known: bool) -> Self {
        let mut lines = Self::default();
        lines.push(&HoldLine {
            cluster,
            paused,
            note: (!is_known).then_some(UNKNOWN_CLUSTER),
        });
        lines
    }
}
