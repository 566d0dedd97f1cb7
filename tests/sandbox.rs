//! The boundary with a guest that breaks its word: each way is a typed outcome
//! of the guilty event, and everything else goes on.

mod honest;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use action_triggers_host::{
    Batch, Broker, BuildError, Builder, Cluster, Component, EMBEDDED, Event, EventFailure,
    EventOutcome, Extent, Filter, Limits, OutboxLimits, PublishFuture, Publisher, Runtime,
    Settings, Signal, Verdict,
};
use serde_json::json;
use wit_component::{
    ComponentEncoder, DecodedWasm, StringEncoding, decode, embed_component_metadata,
};

/// Keeps what it should write.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<String>>>);

impl Publisher for Kept {
    fn publish<'a>(&'a self, batch: &'a Batch) -> PublishFuture<'a> {
        let mut kept = self.0.lock().unwrap();
        for record in &batch.records {
            let value = record.value.as_deref().unwrap_or_default();
            kept.push(String::from_utf8_lossy(value).into_owned());
        }
        let delivered = Verdict::Delivered {
            partition: Some(0),
            offset: None,
        };
        let verdicts = vec![delivered; batch.records.len()];
        Box::pin(async move { verdicts })
    }
}

/// A component that does this when an event's id begins with `x`.
fn hostile(evil: &str) -> Component {
    hostile_of(&include_str!("sandbox/guest.wat").replace("EVIL", evil))
}

fn hostile_of(text: &str) -> Component {
    let mut module = wat::parse_str(text).unwrap();
    let Ok(DecodedWasm::Component(resolve, world)) = decode(EMBEDDED) else {
        panic!("not a component")
    };
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    let mut encoder = ComponentEncoder::default().module(&module).unwrap();
    Component::Bytes(encoder.encode().unwrap())
}

fn builder(kept: &Kept) -> Builder {
    builder_with(
        kept,
        Broker::kafka("b").bootstrap_servers("k").topic("topic"),
    )
}

/// The same with another broker `b`.
fn builder_with(kept: &Kept, broker: Broker) -> Builder {
    let other = Broker::kafka("kafka").bootstrap_servers("k").topic("sales");
    let cluster = Cluster::new("k", "http://127.0.0.1:9".parse().unwrap());
    Runtime::builder()
        .publisher(Arc::new(kept.clone()))
        .brokers([broker, other])
        .clusters([cluster])
        .code_cache(concat!(env!("CARGO_TARGET_TMPDIR"), "/code"))
        .workers(1)
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.call_deadline = Duration::from_millis(300);
    limits.memory_bytes = 4 << 20;
    limits
}

fn event(id: impl Into<String>) -> Event {
    let instance = r#"{"id": 7, "quantity": 3}"#;
    Event::new(id, Signal::PostSave, "shop.sale", instance)
}

fn code(outcome: &EventOutcome) -> &str {
    outcome
        .outcome
        .as_ref()
        .err()
        .map_or("ok", EventFailure::code)
}

/// Runs good, guilty and good events, twice, and says what the guilty one got.
async fn guilt(evil: &str, limits: Limits) -> String {
    let runtime = builder(&Kept::default())
        .component(hostile(evil))
        .limits(limits)
        .build()
        .await
        .unwrap();
    let mut guilt = String::new();
    for _ in 0..2 {
        let outcomes = runtime.process(["a", "x", "b"].map(event)).await;
        let ids: Vec<_> = outcomes
            .iter()
            .map(|outcome| outcome.event.as_str())
            .collect();
        assert_eq!(ids, ["a", "x", "b"]);
        assert_eq!(
            (code(&outcomes[0]), code(&outcomes[2])),
            ("ok", "ok"),
            "{outcomes:?}"
        );
        guilt = code(&outcomes[1]).into();
    }
    guilt
}

#[test]
fn the_component_imports_exactly_the_two_interfaces() {
    let Ok(DecodedWasm::Component(resolve, world)) = decode(EMBEDDED) else {
        panic!("not a component")
    };
    let world = &resolve.worlds[world];
    let mut imports: Vec<_> = world
        .imports
        .keys()
        .map(|key| resolve.name_world_key(key))
        .collect();
    imports.sort();
    let expected = [
        "action-triggers:engine/kafka@0.2.0",
        "action-triggers:engine/settings@0.2.0",
    ];
    assert_eq!(imports, expected);
    let exports: Vec<_> = world
        .exports
        .keys()
        .map(|key| resolve.name_world_key(key))
        .collect();
    assert_eq!(exports, ["action-triggers:engine/triggers@0.2.0"]);
}

#[tokio::test]
async fn a_guest_that_never_returns_runs_out_of_time() {
    assert_eq!(
        guilt("(loop $l (br $l))", limits()).await,
        "deadline_exceeded"
    );
}

#[tokio::test]
async fn a_guest_that_takes_ever_more_memory_gets_no_more() {
    let evil = "(loop $l (drop (memory.grow (i32.const 1))) (br $l))";
    assert_eq!(guilt(evil, limits()).await, "memory_exceeded");
}

#[tokio::test]
async fn a_guest_that_calls_itself_for_ever_runs_out_of_stack() {
    assert_eq!(
        guilt("(call $evil)", Limits::default()).await,
        "stack_overflow"
    );
}

#[tokio::test]
async fn a_guest_that_traps_fails_its_event() {
    assert_eq!(guilt("(unreachable)", limits()).await, "guest_trapped");
    assert_own_component_works().await;
}

#[tokio::test]
async fn an_event_whose_call_trapped_is_kept_whole() {
    let kept = Kept::default();
    let builder = builder(&kept).component(hostile("(unreachable)"));
    let runtime = builder.limits(limits()).build().await.unwrap();
    let outcomes = runtime.process(["a", "x", "b"].map(event)).await;
    let is_kept: Vec<_> = outcomes.iter().map(|one| one.is_kept).collect();
    assert_eq!(is_kept, [false, true, false]);
    let dead = runtime.dead_events(&Filter::default(), 0).await.unwrap();
    let [dead] = &dead[..] else {
        panic!("{dead:?}");
    };
    let failed = &dead.stored.event;
    assert_eq!((&*failed.id, failed.id_is_given), ("x", true));
    assert_eq!(failed.text, event("x").to_json().unwrap());
    assert_eq!(failed.missing.failure().unwrap().code, "guest_trapped");
    assert!(failed.missing.queues().is_empty());
    let filter = Filter::default();
    let replayed = runtime.replay(&filter, Extent::Failed).await.unwrap();
    assert_eq!((replayed.events, replayed.failed), (1, 1), "it traps again");
}

#[tokio::test]
async fn a_guest_that_reaches_outside_its_memory_fails_its_event() {
    let evil = "(drop (i32.load (i32.const -8)))";
    assert_eq!(guilt(evil, limits()).await, "guest_trapped");
}

#[tokio::test]
async fn too_many_and_too_few_outcomes_are_a_false_answer() {
    for extra in [1, -1, 100] {
        let evil = format!("(global.set $extra (i32.const {extra}))");
        assert_eq!(guilt(&evil, limits()).await, "guest_misbehaved", "{extra}");
    }
}

/// What is left of the remedy for a foreign component: the one of this host does it all.
async fn assert_own_component_works() {
    let kept = Kept::default();
    let triggers = honest::triggers("{{ quantity }}");
    let builder = builder(&kept).triggers(triggers).limits(limits());
    let runtime = builder.component(Component::Embedded).build().await;
    let runtime = runtime.unwrap();
    let rendered = runtime.render(event("x")).await.remove(0).outcome.unwrap();
    assert_eq!(rendered.len(), 2);
    assert_eq!(code(&runtime.process(event("x")).await[0]), "ok");
    runtime.flush().await;
    assert_eq!(*kept.0.lock().unwrap(), ["3", "3 sold"]);
}

#[tokio::test]
async fn the_component_of_this_host_is_right_where_a_foreign_one_lies() {
    let evil = "(global.set $extra (i32.const 1))";
    assert_eq!(guilt(evil, limits()).await, "guest_misbehaved");
    assert_own_component_works().await;
}

#[tokio::test]
async fn a_foreign_component_is_told_that_only_process_publishes_and_the_own_one_knows() {
    // It traps unless the answer is `not-publishing`.
    let evil = format!(
        "{PUBLISH} (if (i32.ne (i32.load8_u (i32.const 12292)) (i32.const 5)) (then (unreachable)))"
    );
    let builder = builder(&Kept::default()).component(hostile(&evil));
    let runtime = builder.limits(limits()).build().await.unwrap();
    for _ in 0..2 {
        let rendered = runtime.render(event("x")).await;
        assert!(rendered[0].outcome.is_ok(), "{rendered:?}");
        assert_eq!(code(&runtime.process(event("x")).await[0]), "guest_trapped");
    }
    assert_own_component_works().await;
}

#[tokio::test]
async fn an_answer_longer_than_the_memory_is_refused() {
    let evil = "(global.set $extra (i32.const 0x7000000))";
    assert_eq!(guilt(evil, limits()).await, "guest_trapped");
}

#[tokio::test]
async fn a_publication_of_a_trigger_that_does_not_exist_is_a_false_answer() {
    let evil = "(i64.store (i32.const 65548) (i64.const 0x100002000))";
    assert_eq!(guilt(evil, limits()).await, "guest_misbehaved");
}

#[tokio::test]
async fn a_receipt_that_was_never_given_is_a_false_answer() {
    let evil = "(i64.store (i32.const 65548) (i64.const 0x100002040))";
    assert_eq!(guilt(evil, limits()).await, "guest_misbehaved");
}

#[tokio::test]
async fn an_event_without_an_id_is_a_false_answer() {
    let evil = "(i32.store (i32.const 65540) (i32.const 0))";
    assert_eq!(guilt(evil, limits()).await, "guest_misbehaved");
}

#[tokio::test]
async fn an_event_that_is_never_decided_is_a_false_answer() {
    // The first event of the call is `not-processed`, and the others are done.
    let evil = "(i32.store8 (i32.const 65544) (i32.const 3))";
    assert_eq!(guilt(evil, limits()).await, "guest_misbehaved");
}

#[tokio::test]
async fn a_text_that_is_not_utf8_is_refused() {
    let evil = "(i64.store (i32.const 65548) (i64.const 0x100002020))
        (i32.store8 (i32.const 1028) (i32.const 0xff))";
    assert_eq!(guilt(evil, limits()).await, "guest_trapped");
}

/// What arrives when the guilty event publishes.
async fn published(evil: &str, limits: Limits) -> Vec<String> {
    let kept = Kept::default();
    let mut outbox_limits = OutboxLimits::default();
    // Its records have one name, so they would be known as sent twice.
    outbox_limits.dedup = Duration::ZERO;
    let runtime = builder(&kept)
        .component(hostile(evil))
        .limits(limits)
        .outbox_limits(outbox_limits)
        .build()
        .await
        .unwrap();
    let outcomes = runtime.process(["a", "x", "b"].map(event)).await;
    assert_eq!(
        (code(&outcomes[0]), code(&outcomes[2])),
        ("ok", "ok"),
        "{outcomes:?}"
    );
    runtime.flush().await;
    let kept = kept.0.lock().unwrap();
    kept.clone()
}

const PUBLISH: &str = "(call $publish (i32.const 4096) (i32.const 12288))";

#[tokio::test]
async fn a_record_published_as_agreed_arrives() {
    assert_eq!(published(PUBLISH, limits()).await, ["t"]);
}

#[tokio::test]
async fn a_record_for_an_unknown_event_trigger_or_queue_is_not_taken() {
    // Event 9; trigger 5; queue 1; a destination, and a topic, that `load` did not tell of.
    for (offset, value) in [(4096, 9), (4100, 5), (4104, 1), (4120, 1), (4140, 1)] {
        let evil = format!("(i32.store (i32.const {offset}) (i32.const {value})) {PUBLISH}");
        assert_eq!(
            published(&evil, limits()).await,
            Vec::<String>::new(),
            "{offset}"
        );
    }
}

#[tokio::test]
async fn a_topic_that_the_broker_does_not_allow_is_not_taken_whatever_the_guest_says() {
    // `load` tells that the queue renders its topic, and the record names `b`.
    let topic = format!(
        "(i32.store (i32.const 4140) (i32.const 1)) (i32.store (i32.const 4144) (i32.const 1028))
        (i32.store (i32.const 4148) (i32.const 1)) {PUBLISH}"
    );
    let text = include_str!("sandbox/guest.wat").replace("EVIL", &topic);
    let renders = r#"(data (i32.const 2273) "\01") (func $evil"#;
    let text = text.replace("(func $evil", renders);
    for (allowed, taken) in [("b", 1), ("b*", 1), ("a", 0), ("bb", 0), ("a*", 0)] {
        let kept = Kept::default();
        let mut broker = Broker::kafka("b").bootstrap_servers("k");
        broker.topics = vec![allowed.into()];
        let builder = builder_with(&kept, broker).limits(limits());
        let runtime = builder.component(hostile_of(&text)).build().await.unwrap();
        runtime.process(vec![event("x")]).await;
        runtime.flush().await;
        assert_eq!(kept.0.lock().unwrap().len(), taken, "{allowed}");
    }
}

#[tokio::test]
async fn records_of_an_event_that_then_traps_are_discarded() {
    let evil = format!("{PUBLISH} (unreachable)");
    assert_eq!(published(&evil, limits()).await, Vec::<String>::new());
}

#[tokio::test]
async fn what_is_published_in_another_call_than_process_is_never_delivered() {
    let kept = Kept::default();
    let builder = builder(&kept).component(hostile(PUBLISH)).limits(limits());
    let runtime = builder.build().await.unwrap();
    for _ in 0..3 {
        runtime.render(event("x")).await;
        runtime.explain(event("x")).await;
        let outcomes = runtime.process(event("a")).await;
        assert_eq!(code(&outcomes[0]), "ok");
    }
    runtime.flush().await;
    assert!(kept.0.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_guest_that_publishes_without_end_is_bounded() {
    let evil = format!(
        "(local $n i32)
        (loop $l {PUBLISH}
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (br_if $l (i32.lt_u (local.get $n) (i32.const 100000))))"
    );
    let mut limits = limits();
    limits.records_per_call = 50;
    limits.call_deadline = Duration::from_mins(1);
    assert_eq!(published(&evil, limits).await.len(), 50);
}

#[tokio::test]
async fn a_component_that_cannot_be_read_is_named_with_its_path() {
    for path in ["/nowhere/engine.wasm", "/dev/zero"] {
        let builder = builder(&Kept::default()).component(Component::File(path.into()));
        let error = builder.build().await.unwrap_err();
        assert_eq!(error.code(), "component_unreadable", "{error}");
        assert!(error.to_string().contains(path), "{error}");
    }
}

#[tokio::test]
async fn a_component_that_wants_more_than_the_two_imports_is_refused() {
    for (component, says) in [
        (&b"\0asm"[..], "cannot be used"),
        (
            br#"(component (import "wasi:cli/stdin@0.2.0" (instance)))"#,
            "cannot be used",
        ),
    ] {
        let component = Component::Bytes(wat::parse_bytes(component).unwrap().into_owned());
        let error = builder(&Kept::default())
            .component(component)
            .build()
            .await
            .unwrap_err();
        assert!(matches!(error, BuildError::Start(_)), "{error:?}");
        assert_eq!(error.code(), "invalid_component");
        assert!(error.to_string().contains(says), "{error}");
    }
}
