//! `demo`: one record's whole way, in one process.

use std::{error::Error, fmt::Write as _, net::Ipv4Addr, time::Duration};

use action_triggers_dev_proxy::{DevProxy, Options};
use action_triggers_host::{
    Broker, Cluster, Delivered, Events, Reports, Runtime, Settings, read_back,
};

use super::{code_cache, error::CliError, outcome::Outcome, output::Output};

const SERVERS: &str = "localhost:9092";
const TOPIC: &str = "my_topic";
const TOPIC_SETTING: &str = "myapp.settings.TOPIC";
const TRIGGERS: &str = r#"[{
  "config_signals": [{"signal": "post_save"}],
  "content_types": [{"app_label": "myapp", "model_name": "Sale"}],
  "msg_broker_queues": [{"name": "my_kafka_broker", "parameters": {"topic": "{{ myapp.settings.TOPIC }}"}}],
  "active": true,
  "payload": {
    "customer_name": "{{ customer.name }}",
    "product_name": "{{ product.name }}",
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
    let url = proxy.url().parse().map_err(wrong)?;
    let cluster = Cluster::new(SERVERS, url);
    let runtime = start(cluster.clone()).await?;
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
    let (topic, partition, offset) = deliver(&runtime, reports).await?;
    tell(
        "4. The trigger fires, and the proxy takes its record over HTTP:",
        &format!("topic `{topic}`, partition {partition}, offset {offset}"),
    );
    runtime.shutdown(Duration::from_secs(5)).await?;
    let arrived = read_back(&cluster, &topic, partition, offset).await;
    let arrived = arrived.map_err(wrong)?.unwrap_or_default();
    tell(
        "5. Read back from there, over HTTP too:",
        &String::from_utf8_lossy(&arrived),
    );
    Output::new().write(story.as_bytes())?;
    Ok(Outcome::Well)
}

async fn start(cluster: Cluster) -> Result<Runtime, CliError> {
    let broker = Broker::kafka("my_kafka_broker").bootstrap_servers(SERVERS);
    let settings = Settings::builder()
        .value(TOPIC_SETTING, TOPIC)
        .allow(TOPIC_SETTING)
        .build();
    let builder = Runtime::builder()
        .triggers(TRIGGERS)
        .settings(settings)
        .brokers([broker])
        .clusters([cluster])
        .workers(1);
    Ok(code_cache::keep(builder).build().await?)
}

/// Lets the event happen and waits for the proxy's word: topic, partition and
/// offset.
async fn deliver(runtime: &Runtime, mut reports: Reports) -> Result<(String, u32, u64), CliError> {
    // Lines of events are read, and this one is broken in two to be shown.
    let line = EVENT.replace('\n', " ");
    for outcome in runtime.process(Events::ndjson(line)).await {
        let queues = outcome.outcome.map_err(wrong)?;
        for queue in queues {
            queue.outcome.map_err(|failure| wrong(failure.message))?;
        }
    }
    let report = reports.recv().await;
    let report = report.ok_or_else(|| wrong("the trigger did not fire"))?;
    match report.result.map_err(wrong)? {
        Delivered {
            partition: Some(partition),
            offset: Some(offset),
            ..
        } => Ok((report.topic, partition, offset)),
        _ => Err(wrong("the proxy does not say where the record lies")),
    }
}

fn wrong(problem: impl Into<Box<dyn Error + Send + Sync>>) -> CliError {
    CliError::Demo(problem.into())
}

fn indented(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| format!("   {line}")).collect();
    lines.join("\n")
}
