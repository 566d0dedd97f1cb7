//! The JSON lines that `outbox` prints.

use std::path::Path;

use action_triggers_host::{ClusterStats, OutboxRecord, OutboxTotals, RecordState};
use serde::Serialize;

use super::{
    lines::{Headers, Lines, Problem, Text},
    time,
};

#[derive(Serialize)]
struct ClusterLine<'a> {
    tenant: &'a str,
    cluster: &'a str,
    state: &'a str,
    records: u64,
    bytes: u64,
    oldest: Option<String>,
    paused: bool,
}

#[derive(Serialize)]
struct TotalsLine {
    accepted: u64,
    sent_twice: u64,
    delivered: u64,
    dead: u64,
    forgotten: u64,
}

#[derive(Serialize)]
struct RecordLine<'a> {
    number: u64,
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
struct ChangeLine<'a> {
    #[serde(flatten)]
    change: std::collections::BTreeMap<&'a str, u64>,
    dry_run: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
}

fn state_of(state: RecordState) -> &'static str {
    match state {
        RecordState::Waiting => "waiting",
        RecordState::Dead => "dead",
    }
}

impl Lines {
    /// What each cluster has in each state, and what the file has seen.
    pub(crate) fn of_stats(clusters: &[ClusterStats], totals: OutboxTotals) -> Self {
        let mut lines = Self::default();
        for stats in clusters {
            lines.push(&ClusterLine {
                tenant: &stats.cluster.tenant,
                cluster: &stats.cluster.bootstrap_servers,
                state: state_of(stats.state),
                records: stats.records,
                bytes: stats.bytes,
                oldest: stats.oldest_ms.map(time::written),
                paused: stats.is_held,
            });
        }
        lines.push(&TotalsLine {
            accepted: totals.accepted,
            sent_twice: totals.duplicates,
            delivered: totals.delivered,
            dead: totals.dead,
            forgotten: totals.forgotten,
        });
        lines
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

    /// How many records were replayed or purged, or would be.
    pub(crate) fn of_change(what: &str, records: u64, dry_run: bool) -> Self {
        let is_replay = what == "replayed" && records > 0;
        let mut lines = Self::default();
        lines.push(&ChangeLine {
            change: [(what, records)].into(),
            dry_run,
            note: is_replay.then_some("they come after what was delivered since"),
        });
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

    /// That a cluster is held back, or goes on.
    pub(crate) fn of_hold(cluster: &str, is_held: bool) -> Self {
        let mut lines = Self::default();
        lines.push(&serde_json::json!({"cluster": cluster, "paused": is_held}));
        lines
    }
}
