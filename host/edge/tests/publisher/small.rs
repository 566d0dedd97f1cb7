//! The small component, in our own host.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers may fail as its body may"
)]

use action_triggers_edge::{components, compressed};
use action_triggers_host::{Broker, BuildError, Cluster, Component, EMBEDDED, Runtime, StartError};
use serde_json::json;

/// A runtime of the small component, with this payload.
async fn runtime(payload: &str) -> Result<Runtime, BuildError> {
    let triggers = json!([{
        "config_signals": [{"signal": "post_save"}],
        "content_types": [{"app_label": "shop", "model_name": "sale"}],
        "msg_broker_queues": [{"name": "kafka"}],
        "payload": payload,
    }]);
    let small = components().unwrap().swap_remove(0);
    let broker = Broker::kafka("kafka")
        .bootstrap_servers("a:9092")
        .topic("t");
    Runtime::builder()
        .component(Component::Bytes(small.bytes.into_owned()))
        .triggers(triggers.to_string())
        .brokers([broker])
        .clusters([Cluster::new(
            "a:9092",
            "http://localhost:1".parse().unwrap(),
        )])
        .build()
        .await
}

#[tokio::test]
async fn the_small_component_refuses_what_it_lacks_by_name() {
    for (payload, name) in [
        ("{{ a|urlize }}", "the filter `urlize`"),
        ("{% lorem %}", "the tag `lorem`"),
    ] {
        let Err(BuildError::Start(StartError::Triggers(refusal))) = runtime(payload).await else {
            panic!("{payload} was taken")
        };
        let fault = &refusal.diagnostics[0];
        assert_eq!(fault.code, "template_left_out");
        assert!(fault.message.starts_with(name), "{fault:?}");
    }
    runtime("{{ a|escape|title }}").await.unwrap();
}

#[test]
fn the_small_component_is_smaller() {
    assert!(components().unwrap().swap_remove(0).bytes.len() < EMBEDDED.len());
}

#[test]
fn sizes_over_the_wire_are_those_of_the_best_levels() {
    let text = include_bytes!("../../../../wit/triggers.wit");
    let sizes = compressed(text).unwrap();
    assert!(
        sizes.brotli < sizes.gzip && sizes.gzip < text.len() / 2,
        "{sizes:?}"
    );
}
