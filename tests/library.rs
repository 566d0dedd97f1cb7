//! The library as an embedder meets it.

mod faults;
mod generations;
mod losses;
mod renderings;
mod restarts;

use std::sync::{Arc, Mutex};

use action_triggers_host::{
    Batch, Broker, Builder, Cluster, Event, EventOutcome, PublishFuture, Publisher, Runtime,
    Signal, Verdict,
};
use serde_json::json;

/// Does with each batch what a closure says.
struct Scripted<F>(F);

impl<F> Publisher for Scripted<F>
where
    F: Fn(&Batch) -> PublishFuture<'static> + Send + Sync + 'static,
{
    fn publish<'a>(&'a self, batch: &'a Batch) -> PublishFuture<'a> {
        (self.0)(batch)
    }
}

/// A publisher that answers as the closure says, at once.
fn answering(verdict: impl Fn(&Batch) -> Verdict + Send + Sync + 'static) -> Arc<dyn Publisher> {
    let answer = move |batch: &Batch| -> PublishFuture<'static> {
        let verdicts = vec![verdict(batch); batch.records.len()];
        Box::pin(async move { verdicts })
    };
    Arc::new(Scripted(answer))
}

const DELIVERED: Verdict = Verdict::Delivered {
    partition: None,
    offset: None,
};

/// Keeps the values of what it should write.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<String>>>);

impl Kept {
    fn publisher(&self) -> Arc<dyn Publisher> {
        let kept = self.clone();
        answering(move |batch| {
            let values = batch.records.iter().map(|record| {
                let value = record.value.as_deref().unwrap_or_default();
                String::from_utf8_lossy(value).into_owned()
            });
            kept.0.lock().unwrap().extend(values);
            DELIVERED
        })
    }

    /// What was kept since the last time.
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// A set of one trigger with this payload, for sales.
fn triggers(payload: &str) -> String {
    json!([{
        "name": "sold",
        "config_signals": ["post_save"],
        "content_types": ["shop.sale"],
        "msg_broker_queues": [{"name": "kafka_1"}],
        "payload": payload,
    }])
    .to_string()
}

fn builder(publisher: Arc<dyn Publisher>) -> Builder {
    let broker = Broker::kafka("kafka_1")
        .bootstrap_servers("kafka:9092")
        .topic("sales");
    Runtime::builder()
        .brokers([broker])
        .clusters([Cluster::new(
            "kafka:9092",
            "http://127.0.0.1:9".parse().unwrap(),
        )])
        .publisher(publisher)
        .code_cache(concat!(env!("CARGO_TARGET_TMPDIR"), "/code"))
        .workers(1)
}

fn sale(id: impl Into<String>) -> Event {
    Event::new(
        id,
        Signal::PostSave,
        "shop.sale",
        r#"{"id": 7, "quantity": 3}"#,
    )
}
