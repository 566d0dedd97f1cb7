//! What an event costs in allocations: it is copied into the component once, and not again.

use action_triggers_guest::{engine::Engine, event::Input, limits::Limits};
use allocation_counter::{AllocationInfo, measure};

use crate::support::{TestHost, trigger};

/// What one call of `process` for one event allocates.
fn process(set: &str, event: String) -> AllocationInfo {
    let (engine, loaded) = Engine::load(set, Vec::new(), Limits::default()).unwrap();
    let mut host = TestHost {
        loaded: Some(loaded),
        ..TestHost::default()
    };
    // What is made once, on first use, is not the event's.
    engine.process(vec![input(event.clone())], &mut host);
    let events = vec![input(event)];
    measure(|| drop(engine.process(events, &mut host)))
}

fn input(text: String) -> Input {
    let id = "id".into();
    Input { text, id }
}

fn event(bytes: usize) -> String {
    let filler = "x".repeat(bytes);
    format!(
        r#"{{"signal": "post_save", "content_type": "shop.sale", "instance": {{"id": 7, "quantity": 3, "deep": {{"text": ["{filler}"]}}}}}}"#
    )
}

#[test]
fn an_event_is_not_copied_when_it_is_read() {
    let set = trigger(r#""payload": {"n": "{{ quantity }}", "id": "{{ instance.pk }}"}"#);
    let (small, large) = (process(&set, event(10)), process(&set, event(1 << 20)));
    assert_eq!(small.count_total, large.count_total);
    assert_eq!(small.bytes_total, large.bytes_total);
    assert!(small.count_total < 40, "{small:?}");
}

#[test]
fn an_instance_that_is_published_whole_is_copied_once() {
    let set = trigger(r#""payload": null"#);
    let length: usize = 1 << 20;
    let made = process(&set, event(length));
    // The payload, and the copy that the test's host keeps.
    let length = u64::try_from(length).unwrap();
    assert!(made.bytes_total < 5 * length / 2, "{made:?}");
}

#[test]
fn events_that_no_trigger_concerns_cost_their_header() {
    let set = trigger(r#""payload": null"#);
    let other = event(1 << 20).replace("shop.sale", "shop.refund");
    let made = process(&set, other);
    assert!(
        made.count_total < 10 && made.bytes_total < 1_000,
        "{made:?}"
    );
}
