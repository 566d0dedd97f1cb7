//! Reading back: topics, partitions, stored records.

use std::sync::Arc;

use axum::{
    extract::{Path, Query, State},
    http::HeaderMap,
    response::Response,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    answer::{self, Refused},
    log::StoredRecord,
    v3::CLUSTER_ID,
};

type Shared = State<Arc<super::state::State>>;

pub(super) async fn root() -> Response {
    answer::json(answer::V2, &json!({}))
}

pub(super) async fn topics(State(state): Shared) -> Response {
    let names: Vec<Value> = state.log().names().map(Value::from).collect();
    answer::json(answer::V2, &names.into())
}

pub(super) async fn topic(
    State(state): Shared,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    answer::check_accept(&headers, &[answer::V2])?;
    let partitions = partitions_of(&state, &name)?;
    let topic = json!({"name": name, "configs": {}, "partitions": partitions});
    Ok(answer::json(answer::V2, &topic))
}

pub(super) async fn topic_v3(
    State(state): Shared,
    Path((cluster, name)): Path<(String, String)>,
) -> Result<Response, Refused> {
    let count = state.log().counts(&name).ok_or_else(no_topic)?.len();
    let topic = json!({
        "kind": "KafkaTopic",
        "metadata": {},
        "cluster_id": cluster,
        "topic_name": name,
        "is_internal": false,
        "replication_factor": 1,
        "partitions_count": count,
    });
    Ok(answer::json(answer::JSON, &topic))
}

pub(super) async fn partitions(
    State(state): Shared,
    Path(name): Path<String>,
) -> Result<Response, Refused> {
    Ok(answer::json(
        answer::V2,
        &partitions_of(&state, &name)?.into(),
    ))
}

fn partitions_of(state: &super::state::State, topic: &str) -> Result<Vec<Value>, Refused> {
    let counts = state.log().counts(topic).ok_or_else(no_topic)?;
    let partition = |(partition, _)| {
        let replicas = json!([{"broker": 1, "leader": true, "in_sync": true}]);
        json!({"partition": partition, "leader": 1, "replicas": replicas})
    };
    Ok(counts.into_iter().enumerate().map(partition).collect())
}

#[derive(Deserialize)]
pub(super) struct Range {
    #[serde(default)]
    offset: usize,
    #[serde(default = "default_count")]
    count: usize,
}

/// Enough for a look, little enough for a terminal.
const fn default_count() -> usize {
    100
}

pub(super) async fn messages(
    State(state): Shared,
    Path((name, partition)): Path<(String, u32)>,
    Query(Range { offset, count }): Query<Range>,
) -> Result<Response, Refused> {
    let log = state.log();
    let records = log.slice(&name, partition, offset, count).ok_or_else(|| {
        let known = log.counts(&name).is_some();
        if known {
            Refused::new(404, 40402, "Partition not found.")
        } else {
            no_topic()
        }
    })?;
    let messages: Vec<Value> = records.iter().map(message).collect();
    Ok(answer::json(answer::V2, &messages.into()))
}

fn message(record: &StoredRecord) -> Value {
    let base64 = |bytes: &Option<Bytes>| bytes.as_ref().map(|bytes| STANDARD.encode(bytes));
    let header =
        |(name, value): &(String, Option<Bytes>)| json!({"name": name, "value": base64(value)});
    let headers: Vec<Value> = record.headers.iter().map(header).collect();
    json!({
        "partition": record.partition,
        "offset": record.offset,
        "timestamp": record.timestamp_ms,
        "key": base64(&record.key),
        "headers": headers,
        "value": base64(&record.value),
    })
}

pub(super) async fn clusters() -> Response {
    let cluster = json!({"kind": "KafkaCluster", "metadata": {}, "cluster_id": CLUSTER_ID});
    let list = json!({"kind": "KafkaClusterList", "metadata": {"next": null}, "data": [cluster]});
    answer::json(answer::JSON, &list)
}

fn no_topic() -> Refused {
    Refused::new(
        404,
        40403,
        "This server does not host this topic-partition.",
    )
}
