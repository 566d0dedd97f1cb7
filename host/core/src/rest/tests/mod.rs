//! Bodies, and verdicts by table from recorded runs.

mod bodies;
mod verdicts;

use bytes::Bytes;

use crate::{
    cluster::{Api, Cluster, Flavor},
    record::Record,
};

/// A record with this value and nothing else.
fn record(value: &str) -> Record {
    Record {
        value: Some(Bytes::copy_from_slice(value.as_bytes())),
        ..Record::default()
    }
}

fn cluster(rest_url: &str, api: Api, flavor: Flavor) -> Cluster {
    Cluster {
        api,
        flavor,
        ..Cluster::new("kafka:9092", rest_url.parse().unwrap())
    }
}
