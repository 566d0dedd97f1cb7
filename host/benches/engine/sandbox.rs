//! The sandbox against the same core compiled natively, and what does not
//! depend on events: instances, loading, matching.

use std::time::Duration;

use action_triggers_guest::{
    engine::{Decision, Engine as Core},
    event::Input,
    host::{Host, PublishError, Receipt, SettingError},
    limits::Limits as CoreLimits,
    message::Message,
};
use action_triggers_host::{Broker, Cluster, Events, Limits, Runtime};
use serde_json::{Value, json};

use crate::{measure, other_trigger, sale_event, sale_trigger};

/// Events in one chunk of lines: enough to make the hop to a worker vanish.
const CHUNK: usize = 2_000;

pub(crate) fn report(tokio: &tokio::runtime::Runtime) {
    for batch in [1, 100] {
        warm_event(tokio, batch);
    }
    start(tokio);
    matching(tokio);
}

/// Lines read, decided and rendered, in the sandbox and natively.
fn warm_event(tokio: &tokio::runtime::Runtime, batch: usize) {
    let triggers = json!([sale_trigger()]);
    let sandboxed = build(tokio, &triggers, batch);
    let (native, _) = Core::load(triggers.to_string(), Vec::new(), CoreLimits::default()).unwrap();
    let lines: Vec<String> = (0..CHUNK).map(sale_event).collect();
    let chunk = lines.join("\n").into_bytes();
    let times = measure::pair(
        5,
        || render(tokio, &sandboxed, &chunk),
        || render_natively(&native, &lines, batch),
    );
    println!(
        "warm event, batches of {batch:>3}: {:>6.2} us sandboxed  {:>6.2} us native   {:.2}x",
        micros(times.measured),
        micros(times.baseline),
        times.ratio()
    );
}

/// From nothing to an instance with its triggers, the component's code in the cache,
/// against the same core that loads them natively.
fn start(tokio: &tokio::runtime::Runtime) {
    for count in [0, 1, 100, 1_000] {
        let triggers = json!((0..count).map(other_trigger).collect::<Vec<_>>());
        let text = triggers.to_string();
        let times = measure::pair(
            1,
            || drop(build(tokio, &triggers, 100)),
            || drop(Core::load(&text, Vec::new(), CoreLimits::default()).unwrap()),
        );
        println!(
            "start with {count:>5} triggers: {:>6.2} ms sandboxed  {:>6.2} ms native",
            millis(times.measured),
            millis(times.baseline)
        );
    }
}

/// One trigger against ten thousand of which one fires.
fn matching(tokio: &tokio::runtime::Runtime) {
    let one = build(tokio, &json!([sale_trigger()]), 100);
    let mut many: Vec<Value> = (0..9_999).map(other_trigger).collect();
    many.push(sale_trigger());
    let many = build(tokio, &json!(many), 100);
    let chunk = (0..CHUNK)
        .map(sale_event)
        .collect::<Vec<_>>()
        .join("\n")
        .into_bytes();
    let times = measure::pair(
        5,
        || render(tokio, &many, &chunk),
        || render(tokio, &one, &chunk),
    );
    println!(
        "matching, one fires: {:>6.2} us of 10,000 triggers  {:>6.2} us of 1   {:.2}x",
        micros(times.measured),
        micros(times.baseline),
        times.ratio()
    );
}

fn build(tokio: &tokio::runtime::Runtime, triggers: &Value, events_per_call: usize) -> Runtime {
    let broker = Broker::kafka("kafka_1")
        .bootstrap_servers("localhost:9092")
        .topic("sales");
    let cluster = Cluster::new("localhost:9092", "http://127.0.0.1:1".parse().unwrap());
    let mut limits = Limits::default();
    limits.events_per_call = events_per_call;
    let builder = Runtime::builder()
        .triggers(triggers.to_string())
        .brokers([broker])
        .clusters([cluster])
        .limits(limits)
        .code_cache(concat!(env!("CARGO_TARGET_TMPDIR"), "/code"))
        .workers(1);
    tokio.block_on(builder.build()).unwrap()
}

fn render(tokio: &tokio::runtime::Runtime, runtime: &Runtime, chunk: &[u8]) {
    let rendered = tokio.block_on(runtime.render(Events::ndjson(chunk.to_vec())));
    let fired = rendered
        .iter()
        .filter(|event| event.outcome.as_ref().is_ok_and(|all| all.len() == 1));
    assert_eq!(fired.count(), CHUNK);
}

fn render_natively(core: &Core, lines: &[String], batch: usize) {
    let mut rendered = 0;
    for lines in lines.chunks(batch) {
        let input = |line: &String| Input {
            text: line.clone(),
            id: "e".into(),
        };
        let outcomes = core.render(lines.iter().map(input).collect(), &mut NoHost);
        rendered += outcomes
            .iter()
            .filter(|one| matches!(&one.decision, Decision::Done(all) if all.len() == 1))
            .count();
    }
    assert_eq!(rendered, CHUNK);
}

/// Rendering asks for settings only, and this trigger names none.
struct NoHost;

impl Host for NoHost {
    fn setting(&mut self, _path: &str) -> Result<String, SettingError> {
        Err(SettingError::NotAllowed)
    }

    fn publish(&mut self, _message: &Message<'_>) -> Result<Receipt, PublishError> {
        Err(PublishError::NotPublishing)
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Microseconds of one event of a chunk.
fn micros(chunk: Duration) -> f64 {
    chunk.as_secs_f64() * 1e6 / CHUNK as f64
}
