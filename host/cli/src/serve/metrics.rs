//! What the service counts, in Prometheus' text format.
//!
//! Every label has few values: statuses, limits, and stable codes.

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use action_triggers_host::{Attempts, Report, Times, Waiting};

use super::answer::{Answered, Status};

/// What `/metrics` tells of now.
pub(super) struct Now {
    /// Whether events should be sent here.
    pub(super) is_ready: bool,
    /// None where the outbox does not even say.
    pub(super) waiting: Option<Waiting>,
    pub(super) attempts: Attempts,
}

/// The type of what `/metrics` answers.
pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What every name begins with.
const PREFIX: &str = "action_triggers_";

/// A bound that requests ran into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Limit {
    BodyBytes,
    BodyTime,
    BodiesTogether,
    Connections,
    Events,
    Outbox,
}

impl Limit {
    const ALL: [Self; 6] = [
        Self::BodyBytes,
        Self::BodyTime,
        Self::BodiesTogether,
        Self::Connections,
        Self::Events,
        Self::Outbox,
    ];

    /// The limit that a refusal with this code is about.
    pub(super) fn of(code: &str) -> Option<Self> {
        Some(match code {
            "body_too_large" => Self::BodyBytes,
            "body_too_slow" => Self::BodyTime,
            "busy" => Self::BodiesTogether,
            "too_many_connections" => Self::Connections,
            "too_many_events" => Self::Events,
            "no_room" | "batch_too_large" | "cluster_stalled" => Self::Outbox,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::BodyBytes => "body_bytes",
            Self::BodyTime => "body_time",
            Self::BodiesTogether => "bodies_together",
            Self::Connections => "connections",
            Self::Events => "events",
            Self::Outbox => "outbox",
        }
    }
}

/// What is counted, from the start of the process on.
#[derive(Debug, Default)]
pub(super) struct Metrics(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    events: BTreeMap<&'static str, u64>,
    failed_events: u64,
    accepted: u64,
    duplicates: u64,
    delivered: u64,
    perhaps_twice: u64,
    dead: BTreeMap<&'static str, u64>,
    limits: BTreeMap<&'static str, u64>,
    /// How often the configuration was read again, and used or not.
    reloads: [u64; 2],
    answers: Times,
}

impl Metrics {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a request that ran into a limit.
    pub(super) fn limited(&self, limit: Limit) {
        *self.counts().limits.entry(limit.name()).or_default() += 1;
    }

    /// Counts that the configuration was read again.
    pub(super) fn reloaded(&self, is_used: bool) {
        let [used, refused] = &mut self.counts().reloads;
        *(if is_used { used } else { refused }) += 1;
    }

    /// Counts what was answered about events, after this time.
    pub(super) fn answered(&self, answered: &Answered, took: Duration) {
        let mut counts = self.counts();
        for status in &answered.statuses {
            *counts.events.entry(status.name()).or_default() += 1;
        }
        counts.failed_events += answered.failed as u64;
        let [accepted, duplicates] = answered.records;
        counts.accepted += accepted as u64;
        counts.duplicates += duplicates as u64;
        counts.answers.add(took);
    }

    /// Counts a record that ended.
    pub(super) fn ended(&self, report: &Report) {
        let mut counts = self.counts();
        match &report.result {
            Ok(_) => {
                counts.delivered += 1;
                counts.perhaps_twice += u64::from(report.maybe_twice);
            }
            Err(error) => *counts.dead.entry(error.code()).or_default() += 1,
        }
    }

    /// How many records were given up so far with the codes that the end of a process gives.
    pub(super) fn given_up(&self) -> u64 {
        let dead = &self.counts().dead;
        let of = |code| dead.get(code).copied().unwrap_or(0);
        // The second may have been under way.
        of("shut_down") + of("outcome_unknown")
    }

    /// Everything, as Prometheus reads it.
    pub(super) fn text(&self, now: &Now) -> String {
        let counts = self.counts();
        let mut text = Text::default();
        let help = "1 while events should be sent here, else 0; as `/readyz` says.";
        text.gauge("ready", help, u8::from(now.is_ready));
        text.counter("events_total", "Events, by what became of them.");
        for status in Status::ALL {
            let count = counts.events.get(status.name()).copied().unwrap_or(0);
            text.sample("events_total", Some(("outcome", status.name())), count);
        }
        let help = "Events of which a trigger failed, and which are dead letters.";
        text.counter("failed_events_total", help);
        text.sample("failed_events_total", None, counts.failed_events);
        text.counter("records_total", "Records, by what became of them.");
        for (state, count) in [
            ("accepted", counts.accepted),
            ("duplicate", counts.duplicates),
            ("delivered", counts.delivered),
            ("dead", counts.dead.values().sum()),
        ] {
            text.sample("records_total", Some(("state", state)), count);
        }
        text.counter(
            "perhaps_twice_records_total",
            "Records that are delivered and that an attempt before may have written too.",
        );
        text.sample("perhaps_twice_records_total", None, counts.perhaps_twice);
        text.by(
            "dead_records_total",
            "Records that were given up, by why.",
            "code",
            &counts.dead,
        );
        let help = "Attempts to write a record, by what they came to.";
        text.by("attempts_total", help, "code", &now.attempts.by_code);
        let help = "How long attempts took, each with all its records.";
        text.times("attempt_seconds", help, &now.attempts.times);
        let help = "How long events took from the request to the answer.";
        text.times("answer_seconds", help, &counts.answers);
        text.counter("limits_total", "Requests that ran into a limit, by limit.");
        for limit in Limit::ALL {
            let count = counts.limits.get(limit.name()).copied().unwrap_or(0);
            text.sample("limits_total", Some(("limit", limit.name())), count);
        }
        let [used, refused] = counts.reloads;
        text.counter(
            "reloads_total",
            "Times that the configuration was read again.",
        );
        text.sample("reloads_total", Some(("result", "used")), used);
        text.sample("reloads_total", Some(("result", "refused")), refused);
        // Where the outbox does not work nothing is said of it.
        if let Some(waiting) = now.waiting {
            text.gauge(
                "waiting_records",
                "Records that wait for their delivery.",
                waiting.records,
            );
            text.gauge(
                "waiting_bytes",
                "Bytes of records that wait.",
                waiting.bytes,
            );
            let age = waiting.oldest_ms.map_or(Duration::ZERO, age);
            let help = "How long the oldest record has waited; 0 where none waits.";
            text.gauge("oldest_record_seconds", help, age.as_secs_f64());
        }
        text.0
    }
}

/// How long ago this was, in milliseconds since 1970.
fn age(unix_ms: u64) -> Duration {
    let then = SystemTime::UNIX_EPOCH + Duration::from_millis(unix_ms);
    // A clock that was set back makes nothing old.
    SystemTime::now().duration_since(then).unwrap_or_default()
}

/// The text format. Nothing of it can fail to be written to memory.
#[derive(Default)]
struct Text(String);

impl Text {
    fn head(&mut self, name: &str, help: &str, kind: &str) {
        writeln!(self.0, "# HELP {PREFIX}{name} {help}").ok();
        writeln!(self.0, "# TYPE {PREFIX}{name} {kind}").ok();
    }

    fn counter(&mut self, name: &str, help: &str) {
        self.head(name, help, "counter");
    }

    fn gauge(&mut self, name: &str, help: &str, value: impl fmt::Display) {
        self.head(name, help, "gauge");
        self.sample(name, None, value);
    }

    fn sample(&mut self, name: &str, label: Option<(&str, &str)>, value: impl fmt::Display) {
        match label {
            Some((label, of)) => writeln!(self.0, "{PREFIX}{name}{{{label}=\"{of}\"}} {value}"),
            None => writeln!(self.0, "{PREFIX}{name} {value}"),
        }
        .ok();
    }

    fn by(&mut self, name: &str, help: &str, label: &str, counts: &BTreeMap<&'static str, u64>) {
        self.counter(name, help);
        for (of, count) in counts {
            self.sample(name, Some((label, of)), count);
        }
    }

    fn times(&mut self, name: &str, help: &str, times: &Times) {
        self.head(name, help, "histogram");
        let bucket = format!("{name}_bucket");
        for (bound, within) in Times::BOUNDS.iter().zip(times.within) {
            let bound = bound.as_secs_f64().to_string();
            self.sample(&bucket, Some(("le", &bound)), within);
        }
        self.sample(&bucket, Some(("le", "+Inf")), times.count);
        self.sample(&format!("{name}_sum"), None, times.total.as_secs_f64());
        self.sample(&format!("{name}_count"), None, times.count);
    }
}
