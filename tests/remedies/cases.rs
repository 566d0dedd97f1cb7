//! How a case is written, and what it comes to.

use std::{path::Path, sync::Arc};

use action_triggers_host::{
    Batch, BuildError, Config, Events, PublishFuture, Publisher, Runtime, StartError, Verdict,
};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::configured::{examined, quick};

/// A code with something that raises it, and with the same as its remedy says.
pub(super) struct Row {
    pub(super) area: &'static str,
    pub(super) code: &'static str,
    pub(super) wrong: Case,
    pub(super) right: Case,
}

/// What a user has.
pub(super) enum Case {
    /// A configuration for `check`.
    Check(Value),
    /// A file of this name and these bytes for `check`.
    File(&'static str, Vec<u8>),
    /// A set of triggers, as its text.
    Set(String),
    /// A configuration and events, one a line.
    Events(Value, Vec<u8>),
}

/// Changes of the good configuration: where, and what stands there then. Null
/// takes it away.
pub(crate) type Edits<'a> = &'a [(&'a str, Value)];

/// The first trigger, its queue, that one's broker and the broker's cluster.
pub(super) const TRIGGER: &str = "/triggers/0";
pub(super) const QUEUE: &str = "/triggers/0/msg_broker_queues/0";
pub(super) const BROKER: &str = "/ACTION_TRIGGERS/brokers/kafka_1";
pub(super) const CLUSTER: &str = "/clusters/k:1";

/// A configuration of which nothing is said.
pub(super) fn good() -> Value {
    json!({
        "ACTION_TRIGGERS": {
            "brokers": {"kafka_1": {
                "broker_type": "kafka",
                "conn_details": {"bootstrap_servers": "k:1"},
                "params": {"topic": "sales"},
            }},
            "whitelisted_content_types": ["shop.sale"],
            "whitelisted_webhook_endpoint_patterns": [],
        },
        "ACTION_TRIGGER_SETTINGS": {"MAX_BROKER_TIMEOUT": 5},
        "clusters": {"k:1": {"rest_url": "http://127.0.0.1:9"}},
        "triggers": [{
            "config_signals": [{"signal": "post_save"}],
            "content_types": [{"app_label": "shop", "model_name": "Sale"}],
            "msg_broker_queues": [{"name": "kafka_1"}],
            "payload": {"id": "{{ id }}"},
        }],
    })
}

pub(crate) fn edited(edits: Edits<'_>) -> Value {
    let mut config = good();
    for (place, value) in edits {
        edit(&mut config, place, value.clone());
    }
    config
}

fn edit(config: &mut Value, place: &str, value: Value) {
    let (parent, name) = place.rsplit_once('/').unwrap();
    if config.pointer(parent).is_none() {
        edit(config, parent, Value::Object(Map::new()));
    }
    match config.pointer_mut(parent).unwrap() {
        Value::Object(members) if value.is_null() => drop(members.remove(name)),
        Value::Object(members) => drop(members.insert(name.to_owned(), value)),
        Value::Array(items) if name == "-" => items.push(value),
        Value::Array(items) => items[name.parse::<usize>().unwrap()] = value,
        other => panic!("{place} leads into {other}"),
    }
}

pub(super) fn event(members: &Value) -> Vec<u8> {
    let mut event = json!({"id": "1", "signal": "post_save", "content_type": "shop.sale", "instance": {"id": 7}});
    for (name, value) in members.as_object().unwrap() {
        event[name] = value.clone();
    }
    format!("{event}\n").into_bytes()
}

/// Rows of one area about what `check` says of a configuration.
pub(super) fn checks<const N: usize>(
    area: &'static str,
    rows: [(&'static str, Edits<'_>, Edits<'_>); N],
) -> Vec<Row> {
    let row = |(code, wrong, right)| Row {
        area,
        code,
        wrong: Case::Check(edited(wrong)),
        right: Case::Check(edited(right)),
    };
    rows.into_iter().map(row).collect()
}

impl Case {
    /// The codes of all that is said of it, right or wrong.
    pub(super) async fn codes(&self) -> Vec<String> {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("config.json");
        match self {
            Self::Check(config) => {
                // Secrets that a configuration may name.
                std::fs::write(folder.path().join("token"), "c4n4ry\n").unwrap();
                std::fs::write(folder.path().join("spaced"), "c4n 4ry").unwrap();
                std::fs::write(&file, config.to_string()).unwrap();
                checked(&file).await
            }
            Self::File(name, bytes) => {
                let file = folder.path().join(name);
                std::fs::write(&file, bytes).unwrap();
                checked(&file).await
            }
            Self::Set(text) => loaded(text).await,
            Self::Events(config, lines) => {
                std::fs::write(&file, config.to_string()).unwrap();
                let failures = failures(&file, lines).await;
                failures.into_iter().map(|(code, _)| code).collect()
            }
        }
    }
}

async fn checked(file: &Path) -> Vec<String> {
    let (_, problems) = examined(file).await;
    problems
        .iter()
        .map(|problem| problem.code().to_owned())
        .collect()
}

async fn loaded(text: &str) -> Vec<String> {
    let diagnostics = match quick(Runtime::builder().triggers(text)).build().await {
        Ok(runtime) => runtime.loaded().diagnostics.clone(),
        Err(BuildError::Start(StartError::Triggers(refusal))) => refusal.diagnostics,
        Err(error) => panic!("{error}"),
    };
    diagnostics.into_iter().map(|one| one.code).collect()
}

/// Code and message of each failure that these lines come to. None of them is for
/// want of anything that fires.
pub(super) async fn failures(file: &Path, lines: &[u8]) -> Vec<(String, String)> {
    let config = Config::read(file, None).unwrap();
    let builder = quick(config.builder()).publisher(Arc::new(Nobody));
    let runtime = match builder.build().await {
        Ok(runtime) => runtime,
        Err(error) => return vec![(error.code().to_owned(), error.to_string())],
    };
    let outcomes = runtime.process(Events::ndjson(lines.to_vec())).await;
    let mut found = Vec::new();
    for one in outcomes {
        match one.outcome {
            Err(failure) => found.push((failure.code().to_owned(), failure.to_string())),
            Ok(queues) => {
                assert!(!queues.is_empty(), "nothing fires");
                let failed = queues.into_iter().filter_map(|queue| queue.outcome.err());
                found.extend(failed.map(|failure| (failure.code, failure.message)));
            }
        }
    }
    found
}

/// Takes every record.
struct Nobody;

impl Publisher for Nobody {
    fn publish<'a>(&'a self, batch: &'a Batch) -> PublishFuture<'a> {
        let delivered = Verdict::Delivered {
            partition: None,
            offset: None,
        };
        let verdicts = vec![delivered; batch.records.len()];
        Box::pin(async move { verdicts })
    }
}
