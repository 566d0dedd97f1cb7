//! Reloads: another generation takes the place of the one of now, while calls and
//! delivery go on.

use std::{
    sync::{Arc, Barrier, Weak},
    time::Duration,
};

use action_triggers_dev_proxy::{DevProxy, Options};
use action_triggers_host::{BuildError, Component, EMBEDDED, Limits, Settings, StartError};
use futures_util::{StreamExt as _, stream};
use tokio::time::timeout;

use super::*;

/// More than one piece of work for the workers.
const MANY: usize = 250;
/// Nothing here takes so long.
const LONG: Duration = Duration::from_mins(1);

/// A set whose queue names a setting, so that each event asks for it.
fn asking(payload: &str) -> String {
    let mut set: serde_json::Value = serde_json::from_str(&triggers(payload)).unwrap();
    set[0]["msg_broker_queues"][0]["parameters"] = json!({"note": "{{ m.note }}"});
    set.to_string()
}

/// Settings whose one value this closure gives.
fn noting(note: impl Fn() + Send + Sync + 'static) -> Settings {
    let give = move || {
        note();
        Ok("x".into())
    };
    Settings::builder()
        .closure("m.note", give)
        .allow("m.note")
        .build()
}

fn many(call: &str) -> Vec<Event> {
    (0..MANY)
        .map(|number| sale(format!("{call}-{number}")))
        .collect()
}

/// The builder with a set of one trigger that publishes this text.
fn publishing(kept: &Kept, payload: &str) -> Builder {
    builder(kept.publisher()).triggers(triggers(payload))
}

async fn published(runtime: &Runtime, kept: &Kept, event: &str) -> Vec<String> {
    runtime.process(sale(event)).await;
    runtime.flush().await;
    kept.take()
}

/// Waits until nothing holds it any more; the job that did may still be on its way out.
async fn gone(token: &Weak<()>) {
    let freed = async {
        while token.upgrade().is_some() {
            tokio::task::yield_now().await;
        }
    };
    timeout(LONG, freed).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_under_way_is_decided_by_the_generation_that_it_began_with() {
    let kept = Kept::default();
    let (begun, goes_on) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let gates = (begun.clone(), goes_on.clone());
    let first = std::sync::Once::new();
    // The first event of all waits here, with its worker, until the reload is done.
    let gate = move || {
        first.call_once(|| {
            gates.0.wait();
            gates.1.wait();
        });
    };
    let builder = publishing(&kept, "").triggers(asking("old {{ event.id }}"));
    let runtime = builder.settings(noting(gate)).build().await.unwrap();
    let runtime = Arc::new(runtime);
    let old = tokio::spawn({
        let runtime = Arc::clone(&runtime);
        async move { runtime.process(many("old")).await }
    });
    tokio::task::spawn_blocking(move || begun.wait())
        .await
        .unwrap();
    let reload = runtime.reload(publishing(&kept, "new {{ event.id }}"));
    timeout(LONG, reload).await.unwrap().unwrap();
    let new = tokio::spawn({
        let runtime = Arc::clone(&runtime);
        async move { runtime.process(many("new")).await }
    });
    tokio::task::spawn_blocking(move || goes_on.wait())
        .await
        .unwrap();
    for outcomes in [old.await.unwrap(), new.await.unwrap()] {
        let done = outcomes
            .iter()
            .filter(|one| one.outcome.as_ref().is_ok_and(|all| all.len() == 1));
        assert_eq!(done.count(), MANY);
    }
    runtime.flush().await;
    let mut expected: Vec<_> = ["old", "new"]
        .into_iter()
        .flat_map(|call| (0..MANY).map(move |number| format!("{call} {call}-{number}")))
        .collect();
    let mut values = kept.take();
    values.sort();
    expected.sort();
    assert_eq!(values, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_reloads_under_many_calls_lose_nothing_and_mix_nothing() {
    let kept = Kept::default();
    let builder = publishing(&kept, "0 {{ event.id }}").workers(2);
    let runtime = builder.build().await.unwrap();
    let calls = (0..20).map(|call| runtime.process(many(&format!("c{call}"))));
    // A few at a time, so that they begin under one generation and another.
    let calls = stream::iter(calls).buffer_unordered(3).collect::<Vec<_>>();
    let reloads = async {
        for number in 1..=10 {
            let next = publishing(&kept, &format!("{number} {{{{ event.id }}}}"));
            runtime.reload(next).await.unwrap();
        }
    };
    let (outcomes, ()) = tokio::join!(calls, reloads);
    assert_eq!(outcomes.iter().map(Vec::len).sum::<usize>(), 20 * MANY);
    runtime.flush().await;
    let values = kept.take();
    assert_eq!(values.len(), 20 * MANY);
    let mut generations = std::collections::BTreeMap::new();
    for value in &values {
        let (generation, event) = value.split_once(' ').unwrap();
        let call = event.split_once('-').unwrap().0;
        let known = generations.entry(call).or_insert(generation);
        assert_eq!(*known, generation, "{call} is decided by two generations");
    }
    assert_eq!(generations.len(), 20);
}

#[tokio::test]
async fn a_bad_reload_says_why_and_everything_goes_on_as_before() {
    let kept = Kept::default();
    let runtime = publishing(&kept, "old").build().await.unwrap();
    let before = runtime.loaded();
    let bad_set = runtime
        .reload(publishing(&kept, "{{ quantity|uper }}"))
        .await;
    let error = bad_set.unwrap_err();
    assert!(
        matches!(&error, BuildError::Start(StartError::Triggers(_))),
        "{error:?}"
    );
    assert!(error.to_string().contains("uper"), "{error}");

    let twice = Broker::kafka("kafka_1");
    let error = runtime
        .reload(publishing(&kept, "new").brokers([twice]))
        .await;
    assert_eq!(error.unwrap_err().code(), "duplicate_broker");

    let mut limits = Limits::default();
    limits.stack_bytes += 1;
    let error = runtime
        .reload(publishing(&kept, "new").limits(limits))
        .await;
    let error = error.unwrap_err();
    assert_eq!(error.code(), "needs_start");
    assert!(error.to_string().contains("`stack_bytes`"), "{error}");

    assert_eq!(runtime.loaded(), before);
    assert_eq!(published(&runtime, &kept, "now").await, ["old"]);
}

#[tokio::test]
async fn another_component_and_other_bounds_are_reloaded_too() {
    let kept = Kept::default();
    let runtime = publishing(&kept, "old").build().await.unwrap();
    let mut limits = Limits::default();
    limits.memory_bytes = 32 << 20;
    limits.stack_bytes = 512 << 10;
    limits.event_bytes = 100;
    let next = publishing(&kept, "new")
        .component(Component::Bytes(EMBEDDED.to_vec()))
        .limits(limits);
    runtime.reload(next).await.unwrap();
    let long = Event::new(
        "l",
        Signal::PostSave,
        "shop.sale",
        format!(r#"{{"a":"{:100}"}}"#, ""),
    );
    let outcomes = runtime.process(long).await;
    let failure = outcomes[0].outcome.as_ref().unwrap_err();
    assert_eq!(failure.code(), "event_too_large");
    let short = Event::new("s", Signal::PostSave, "shop.sale", "{}");
    runtime.process(short).await;
    runtime.flush().await;
    assert_eq!(kept.take(), ["new"]);
}

#[tokio::test]
async fn what_an_old_generation_held_is_freed() {
    let kept = Kept::default();
    let mut old: Option<Weak<()>> = None;
    let runtime = publishing(&kept, "first").build().await.unwrap();
    for number in 0..5 {
        // Settings are a part of a generation, and its instances hold them too.
        let token = Arc::new(());
        let watched = Arc::downgrade(&token);
        let settings = noting(move || assert!(Arc::strong_count(&token) > 0));
        let next = publishing(&kept, "").triggers(asking(&format!("{number}")));
        runtime.reload(next.settings(settings)).await.unwrap();
        if let Some(old) = &old {
            gone(old).await;
        }
        let payload = number.to_string();
        assert_eq!(published(&runtime, &kept, &payload).await, [payload]);
        assert!(watched.upgrade().is_some());
        old = Some(watched);
    }
}

async fn proxy() -> DevProxy {
    let options = Options {
        address: ([127, 0, 0, 1], 0).into(),
        ..Options::default()
    };
    DevProxy::start(options).await.unwrap()
}

/// A builder whose records go to this proxy through the REST client.
fn through(proxy: &DevProxy, topic: &str) -> Builder {
    let broker = Broker::kafka("kafka_1")
        .bootstrap_servers("kafka:9092")
        .topic(topic);
    let cluster = Cluster::new("kafka:9092", proxy.url().parse().unwrap());
    Runtime::builder()
        .triggers(triggers("{{ event.id }}"))
        .brokers([broker])
        .clusters([cluster])
        .code_cache(concat!(env!("CARGO_TARGET_TMPDIR"), "/code"))
        .workers(1)
}

#[tokio::test]
async fn a_cluster_that_changed_is_reached_anew_and_records_on_their_way_arrive() {
    let (first, second) = (proxy().await, proxy().await);
    let runtime = through(&first, "sales").build().await.unwrap();
    let mut reports = runtime.reports();
    runtime.process(sale("before")).await;
    runtime.flush().await;
    // The first proxy answers no more, and this record is sent again and again.
    first.inject(action_triggers_dev_proxy::Fault::Status(503), usize::MAX);
    let mut retries = runtime.retries();
    runtime.process(sale("on-its-way")).await;
    timeout(LONG, retries.recv()).await.unwrap().unwrap();
    runtime.reload(through(&second, "sales")).await.unwrap();
    runtime.process(sale("after")).await;
    let flushed = timeout(LONG, runtime.flush()).await.unwrap();
    assert_eq!((flushed.delivered, flushed.dead), (2, 0));
    for event in ["before", "on-its-way", "after"] {
        let report = reports.recv().await.unwrap();
        assert!(report.result.is_ok(), "{event}: {report:?}");
    }
    assert_eq!(second.records("sales").len(), 2);
}
