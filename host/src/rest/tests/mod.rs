//! The client over real sockets.

mod access;
#[path = "../../../../tests/fixtures/authority.rs"]
mod authority;
mod connections;
mod faults;
mod gateways;
mod server;
mod tls;
mod topics;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;

use super::RestPublisher;
use crate::{
    cluster::{Api, Cluster, Flavor},
    publisher::{Batch, Publisher, Verdict},
    record::Record,
};

/// A record with this value and nothing else.
fn record(value: &str) -> Record {
    Record::new(Bytes::copy_from_slice(value.as_bytes()))
}

/// A cluster served at this address, quick to give up.
fn cluster(rest_url: &str, api: Api, flavor: Flavor) -> Cluster {
    Cluster::new("kafka:9092", rest_url.parse().unwrap()).with(|cluster| {
        cluster.api = api;
        cluster.flavor = flavor;
        cluster.request_timeout = Duration::from_secs(20);
    })
}

/// Publishes the records to topic `sales` once.
async fn publish(cluster: Cluster, records: Vec<Record>) -> Vec<Verdict> {
    publish_to("sales", cluster, records).await
}

async fn publish_to(topic: &str, cluster: Cluster, records: Vec<Record>) -> Vec<Verdict> {
    let (publisher, batch) = prepared(cluster, topic, records);
    publisher.publish(&batch).await
}

/// Who reaches the cluster, and a batch for it.
fn prepared(cluster: Cluster, topic: &str, records: Vec<Record>) -> (RestPublisher, Batch) {
    let batch = Batch {
        cluster: cluster.id(),
        topic: topic.to_owned(),
        records,
        timeout: None,
    };
    let publisher = RestPublisher::new([Arc::new(cluster)]).unwrap();
    (publisher, batch)
}

fn shorts(verdicts: &[Verdict]) -> Vec<String> {
    verdicts.iter().map(Verdict::to_string).collect()
}

fn message(verdict: &Verdict) -> &str {
    match verdict {
        Verdict::Delivered { .. } => "",
        Verdict::Retriable(reason)
        | Verdict::Permanent(reason)
        | Verdict::Alone(reason)
        | Verdict::Unknown(reason) => &reason.message,
    }
}
