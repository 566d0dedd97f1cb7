//! `demo`: one record's whole way, in one process.

use std::{fmt::Write as _, net::Ipv4Addr, time::Duration};

use action_triggers_host::{
    broker::Broker,
    cluster::Cluster,
    delivery::Report,
    dev_proxy::{DevProxy, Options},
    event::Event,
    runtime::Runtime,
    settings::Settings,
};
use serde_json::{Map, json};
use tokio::sync::mpsc;

use super::{Outcome, error::CliError, output::Output};

const SERVERS: &str = "localhost:9092";
const TOPIC: &str = "sales";
const TOPIC_SETTING: &str = "myapp.settings.TOPIC";
const TRIGGERS: &str = r#"[{
  "config_signals": [{"signal": "post_save"}],
  "content_types": [{"app_label": "myapp", "model_name": "Sale"}],
  "msg_broker_queues": [{"name": "kafka_1", "parameters": {"topic": "{{ myapp.settings.TOPIC }}"}}],
  "active": true,
  "payload": {
    "customer": "{{ customer.name }}",
    "message": "{{ customer.name }} bought {{ product.name }}",
    "quantity": "{{ quantity }}"
  }
}]"#;
const EVENT: &str = r#"{"id": "sale-7-saved", "signal": "post_save", "content_type": "myapp.sale",
  "instance": {"id": 7, "customer": {"name": "Alice"}, "product": {"name": "Widget"}, "quantity": 3}}"#;

pub(crate) async fn run() -> Result<Outcome, CliError> {
    let address = (Ipv4Addr::LOCALHOST, 0).into();
    let options = Options {
        address,
        ..Options::default()
    };
    let proxy = DevProxy::start(options).await;
    let proxy = proxy.map_err(|error| CliError::DevProxy { address, error })?;
    let runtime = start(&proxy).await?;
    let reports = runtime.reports();

    let mut story = String::new();
    // Writing to a string cannot fail.
    let mut tell = |step: &str, text: &str| {
        writeln!(story, "{step}\n{}\n", indented(text)).ok();
    };
    tell(
        "1. A Kafka REST proxy listens (embedded, a stand-in):",
        &proxy.url(),
    );
    tell("2. The sandboxed component has loaded a trigger:", TRIGGERS);
    tell("3. A sale is saved:", EVENT);
    let delivered = deliver(&runtime, reports).await?;
    tell(
        "4. The trigger fires, and the proxy takes its record over HTTP:",
        &delivered,
    );
    runtime.shutdown(Duration::from_secs(5)).await;
    let arrived = read_back(&proxy)?;
    tell(&format!("5. Read back from the topic `{TOPIC}`:"), &arrived);
    Output::new().write(story.as_bytes())?;
    Ok(Outcome::Well)
}

async fn start(proxy: &DevProxy) -> Result<Runtime, CliError> {
    let url = proxy
        .url()
        .parse()
        .map_err(|error| CliError::Demo(format!("{error}")))?;
    let conn_details = Map::from_iter([("bootstrap_servers".to_owned(), json!(SERVERS))]);
    let broker = Broker {
        name: "kafka_1".to_owned(),
        broker_type: Some("kafka".to_owned()),
        conn_details,
        params: Map::new(),
    };
    let settings = Settings::builder()
        .value(TOPIC_SETTING, TOPIC)
        .allow(TOPIC_SETTING)
        .build();
    let builder = Runtime::builder()
        .triggers(TRIGGERS)
        .settings(settings)
        .brokers([broker])
        .clusters([Cluster::new(SERVERS, url)])
        .workers(1);
    Ok(builder.build().await?)
}

/// Lets the event happen and waits for the proxy's word.
async fn deliver(
    runtime: &Runtime,
    reports: Option<mpsc::Receiver<Report>>,
) -> Result<String, CliError> {
    let event = Event::from_json(EVENT, || "demo".to_owned());
    let event = event.map_err(|error| CliError::Demo(error.to_string()))?;
    for outcome in runtime.process(vec![event]).await {
        let queues = outcome
            .outcome
            .map_err(|failure| CliError::Demo(failure.message))?;
        for queue in queues {
            queue
                .outcome
                .map_err(|failure| CliError::Demo(failure.message))?;
        }
    }
    let mut reports = reports.ok_or_else(|| CliError::Demo("no reports".to_owned()))?;
    let report = reports.recv().await;
    let report = report.ok_or_else(|| CliError::Demo("the trigger did not fire".to_owned()))?;
    let place = report
        .result
        .map_err(|error| CliError::Demo(error.to_string()))?;
    let known = |number: Option<u64>| number.map_or("?".to_owned(), |number| number.to_string());
    Ok(format!(
        "topic `{}`, partition {}, offset {}",
        report.topic,
        known(place.partition.map(u64::from)),
        known(place.offset)
    ))
}

fn read_back(proxy: &DevProxy) -> Result<String, CliError> {
    let records = proxy.records(TOPIC);
    let value = records.first().and_then(|record| record.value.as_deref());
    let value = value.ok_or_else(|| CliError::Demo("the topic is empty".to_owned()))?;
    Ok(String::from_utf8_lossy(value).into_owned())
}

fn indented(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| format!("   {line}")).collect();
    lines.join("\n")
}
