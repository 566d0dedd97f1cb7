//! A third party's program, a crate of its own: it embeds the library in 20 lines.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers may fail as its body may"
)]

use std::error::Error;

use action_triggers_dev_proxy::{DevProxy, Options};
use action_triggers_host::{Broker, Cluster, Event, Flushed, Runtime, Signal};

const TRIGGERS: &str = r#"[{
    "config_signals": ["post_save"],
    "content_types": ["shop.sale"],
    "msg_broker_queues": [{"name": "kafka_1"}],
    "payload": {"text": "{{ customer }} bought {{ quantity }}"}
}]"#;

async fn publish_a_sale(rest_url: &str) -> Result<Flushed, Box<dyn Error>> {
    let broker = Broker::kafka("kafka_1")
        .bootstrap_servers("localhost:9092")
        .topic("sales");
    let cluster = Cluster::new("localhost:9092", rest_url.parse()?);
    let runtime = Runtime::builder()
        .triggers(TRIGGERS)
        .brokers([broker])
        .clusters([cluster])
        .build()
        .await?;
    let sale = r#"{"id": 7, "customer": "Alice", "quantity": 3}"#;
    let event = Event::new("e1", Signal::PostSave, "shop.sale", sale);
    for outcome in runtime.process(event).await {
        for publication in outcome.outcome? {
            let topic = publication.outcome?;
            println!("{} publishes to `{topic}`", publication.trigger);
        }
    }
    Ok(runtime.flush().await)
}

#[tokio::test]
async fn a_third_party_publishes_in_20_lines() {
    let options = Options {
        address: ([127, 0, 0, 1], 0).into(),
        ..Options::default()
    };
    let proxy = DevProxy::start(options).await.unwrap();
    let flushed = publish_a_sale(&proxy.url()).await.unwrap();
    assert_eq!((flushed.delivered, flushed.dead), (1, 0));
}
