//! Remedies for a cluster that takes nothing while others do.

use std::{fs, path::Path};

use action_triggers_dev_proxy::{DevProxy, Fault, Options};
use action_triggers_host::{Config, Events, Runtime};
use serde_json::{Value, json};

use super::cases::{TRIGGER, edited, event};
use crate::configured::quick;

/// Starts a runtime of two clusters; records of sales go to the one at this address.
async fn of_two_clusters(folder: &Path, url: &str, outbox: Value) -> Runtime {
    let other = json!({"config_signals": ["post_delete"], "content_types": ["shop.sale"],
        "msg_broker_queues": [{"name": "kafka_2"}]});
    let broker = json!({"broker_type": "kafka", "conn_details": {"bootstrap_servers": "l:1"},
        "params": {"topic": "sales"}});
    let config = edited(&[
        ("/clusters/k:1", json!({"rest_url": url, "linger_ms": 0})),
        ("/clusters/l:1", json!({"rest_url": "http://127.0.0.1:9"})),
        ("/ACTION_TRIGGERS/brokers/kafka_2", broker),
        ("/triggers/-", other),
        (
            &format!("{TRIGGER}/msg_broker_queues/0/record"),
            json!({"key": "{{ id }}"}),
        ),
        ("/outbox", outbox),
    ]);
    let file = folder.join("config.json");
    fs::write(&file, config.to_string()).unwrap();
    let builder = Config::read(&file, None).unwrap().builder();
    quick(builder).build().await.unwrap()
}

/// Hands a sale over; the code with which its record was refused.
async fn refusal(runtime: &Runtime, id: &str) -> Option<String> {
    let lines = event(&json!({"id": id}));
    let mut outcomes = runtime.process(Events::ndjson(lines)).await;
    let mut queues = outcomes.remove(0).outcome.unwrap();
    queues.remove(0).outcome.err().map(|failure| failure.code)
}

/// Sales until one is refused: their number.
async fn until_refused(runtime: &Runtime) -> usize {
    for count in 0..1000 {
        if let Some(code) = refusal(runtime, &count.to_string()).await {
            assert_eq!(code, "cluster_stalled");
            return count;
        }
    }
    panic!("a thousand records are taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stalled_cluster_takes_the_event_again_once_it_works_or_has_more_room() {
    let address = ([127, 0, 0, 1], 0).into();
    let options = Options {
        address,
        ..Options::default()
    };
    let proxy = DevProxy::start(options).await.unwrap();
    let url = proxy.url();
    proxy.inject(Fault::Status(503), 10_000);
    let folder = tempfile::tempdir().unwrap();
    let hasty = |key: &str, value: u64| {
        let mut outbox = json!({"messages": 4, "bytes": 4000, "stalled_after_secs": 0.05});
        outbox[key] = json!(value);
        outbox
    };

    // More records, or more bytes where those bound it.
    let few = of_two_clusters(folder.path(), &url, hasty("messages", 4)).await;
    let taken = until_refused(&few).await;
    let many = of_two_clusters(folder.path(), &url, hasty("messages", 400)).await;
    let taken_of_many = until_refused(&many).await;
    assert!(taken_of_many > taken, "{taken_of_many} and {taken}");
    let mut larger = hasty("messages", 400);
    larger["bytes"] = json!(4 << 20);
    let larger = of_two_clusters(folder.path(), &url, larger).await;
    assert!(until_refused(&larger).await > taken_of_many);

    // The event that was refused, once the cluster works.
    let mut reports = few.reports();
    proxy.clear_faults();
    for _ in 0..taken {
        reports.recv().await.unwrap().result.unwrap();
    }
    assert_eq!(refusal(&few, &taken.to_string()).await, None);
    reports.recv().await.unwrap().result.unwrap();

    // More time: the event waits for the cluster.
    proxy.inject(Fault::Status(503), 10_000);
    let patient = of_two_clusters(folder.path(), &url, hasty("stalled_after_secs", 600)).await;
    let mut retries = patient.retries();
    for count in 0..taken {
        assert_eq!(refusal(&patient, &format!("again {count}")).await, None);
    }
    let works = async {
        retries.recv().await.unwrap();
        proxy.clear_faults();
    };
    let (refused, ()) = tokio::join!(refusal(&patient, "waits"), works);
    assert_eq!(refused, None);
}
