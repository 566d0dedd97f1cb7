//! Bounds that no event of a trigger keeps.

use action_triggers_host::{Event, Problem, Signal};
use serde_json::{Value, json};

use super::{API, PAYLOAD};
use crate::{configured::examined, remedies::edited};

const KEY: &str = "/triggers/0/msg_broker_queues/0/record/key";
const QUEUES: &str = "/triggers/0/msg_broker_queues";
const FORMAT: &str = "/clusters/k:1/format";
const TOO_MUCH: &str = "template_output_too_large";

/// Holds the codes of what `check` finds in the valid configuration with these edits.
async fn assert_errors(edits: &[(&str, Value)], expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.json");
    std::fs::write(&file, edited(edits).to_string()).unwrap();
    let (_, problems) = examined(&file).await;
    let errors = problems.iter().filter(|one| one.is_error());
    let codes: Vec<_> = errors.map(Problem::code).collect();
    assert_eq!(codes.join(" "), expected, "{edits:?}");
}

#[tokio::test]
async fn a_bound_that_every_record_of_a_queue_breaks_is_told() {
    let bound = "/clusters/k:1/max_record_bytes";
    let branches = "{\"of\": \"{% if id %}sold:{% else %}nobody{% endif %}{{ id }}\"}";
    let members = "{\"of\": 1, {% if id %}\"cc\": 2{% else %}\"d\": \"long\"{% endif %} }";
    let wide = "{{ id|ljust:200 }}";
    let tree = json!({"a": "{{ id }}", "{{ id }}": 1, "b": ["text", true]});
    for (edits, least) in [
        (vec![(PAYLOAD, tree)], 25),
        (vec![(PAYLOAD, json!(["of {{ id }}."]))], 8),
        (vec![(PAYLOAD, json!("sold: {{ id }}."))], 7),
        (vec![(PAYLOAD, json!("{ \"of\" : \"{{ id }}.\" }"))], 10),
        (vec![(PAYLOAD, json!("[ 1 , 2 ]"))], 5),
        (
            vec![(PAYLOAD, json!(format!("{{\"a\": \"{wide}\"}}")))],
            208,
        ),
        (vec![(PAYLOAD, json!(members))], 15),
        (vec![(PAYLOAD, json!("{ \"a\" : {{ id }} nul }"))], 14),
        (vec![(PAYLOAD, json!([wide]))], 204),
        (vec![(PAYLOAD, json!(branches))], 14),
        (vec![(PAYLOAD, json!("x")), (KEY, json!(wide))], 201),
    ] {
        let bounded = |bytes: u32| [edits.clone(), vec![(bound, json!(bytes))]].concat();
        assert_errors(&bounded(least - 1), "too_large").await;
        assert_errors(&bounded(least), "").await;
    }
    // White space of a value that may be a number does not count.
    assert_errors(&[(PAYLOAD, json!(wide)), (bound, json!(5))], "").await;
}

#[tokio::test]
async fn payloads_and_fields_of_records_share_what_a_trigger_may_write() {
    let record = json!({
        "key": "of {{ id }}",
        "headers": {"a": "{{ id }} of it and more"},
        "partition": "{{ id }}00",
    });
    let queue = json!({"name": "kafka_1", "record": record});
    let payload = json!({"text": "of {{ id }} there"});
    for (count, bound, code) in [
        (1, 28, TOO_MUCH),
        (1, 29, ""),
        (2, 48, TOO_MUCH),
        (2, 49, ""),
    ] {
        let edits = [
            (QUEUES, json!(vec![queue.clone(); count])),
            (PAYLOAD, payload.clone()),
            (API, json!("v3")),
            ("/limits/output_bytes", json!(bound)),
        ];
        assert_errors(&edits, code).await;
    }
    // Of a lone expression the value is asked for.
    let lone = json!([{"name": "kafka_1", "record": {"key": "{{ id|ljust:20 }}"}}]);
    let edits = [
        (QUEUES, lone),
        (PAYLOAD, json!("{{ id }}")),
        ("/limits/output_bytes", json!(20)),
    ];
    assert_errors(&edits, "").await;
}

#[tokio::test]
async fn limits_that_no_event_of_a_trigger_keeps_are_told() {
    let two = json!([{"name": "kafka_1"}, {"name": "kafka_1", "record": {"key": "2"}}]);
    for (edits, code) in [
        (vec![("/limits/event_bytes", json!(62))], "event_too_large"),
        (vec![("/limits/event_bytes", json!(64))], ""),
        (
            vec![
                (QUEUES, two.clone()),
                ("/limits/records_per_call", json!(1)),
            ],
            "too_many",
        ),
        (
            vec![(QUEUES, two), ("/limits/records_per_call", json!(2))],
            "",
        ),
        (
            vec![(PAYLOAD, json!(null)), ("/limits/output_bytes", json!(1))],
            TOO_MUCH,
        ),
        (
            vec![(PAYLOAD, json!(null)), ("/limits/output_bytes", json!(2))],
            "",
        ),
    ] {
        assert_errors(&edits, code).await;
    }
}

#[tokio::test]
async fn an_output_that_every_event_exceeds_is_told() {
    let bound = "/limits/output_bytes";
    let list = json!(["{{ id }}", "text"]);
    let tree = json!({"a": "{{ id }}", "{{ id }}": 1, "b": ["text", true]});
    for (edits, code) in [
        (vec![(PAYLOAD, tree), (bound, json!(24))], TOO_MUCH),
        (vec![(PAYLOAD, list.clone()), (bound, json!(10))], TOO_MUCH),
        (vec![(PAYLOAD, list), (bound, json!(11))], ""),
        (vec![(PAYLOAD, json!("{{ id|center:3000000 }}"))], TOO_MUCH),
        // It is written as JSON, which it is not, and then as text.
        (
            vec![(PAYLOAD, json!("{ nope }")), (bound, json!(15))],
            TOO_MUCH,
        ),
        (vec![(PAYLOAD, json!("{ nope }")), (bound, json!(16))], ""),
        (vec![(PAYLOAD, json!("{{ id|center:300 }}"))], ""),
    ] {
        assert_errors(&edits, code).await;
    }
}

/// Whether an event with little in it is published with these edits.
async fn is_published(edits: &[(&str, Value)]) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.json");
    std::fs::write(&file, edited(edits).to_string()).unwrap();
    let (runtime, _) = examined(&file).await;
    let event = Event::new("e", Signal::PostSave, "shop.sale", r#"{"id": 7}"#);
    let outcomes = runtime.unwrap().process(vec![event]).await;
    let queues = outcomes.into_iter().flat_map(|one| one.outcome.unwrap());
    queues.map(|queue| queue.outcome).all(|one| one.is_ok())
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_that_every_event_takes_are_told_to_the_last_one() {
    let when = "/triggers/0/when";
    let native = ("/triggers/0/payload_types", json!("native"));
    let branches = "{% if id %}a{% else %}of {{ id }}{% endif %}";
    for (edits, least) in [
        (vec![(PAYLOAD, json!(["of {{ id }}."]))], 4),
        (vec![(PAYLOAD, json!("of {{ id }}."))], 4),
        (vec![(PAYLOAD, json!("{ nope {{ id }} }"))], 8),
        (vec![(PAYLOAD, json!(["{{ id|upper|lower }}"]))], 14),
        (vec![(PAYLOAD, json!(["{{ id|ljust:3|safe }}"]))], 9),
        (vec![(PAYLOAD, json!(["{{ 'x'|upper }}"]))], 8),
        (vec![(PAYLOAD, json!({"{{ id }}": "{{ id }}"}))], 4),
        (vec![(PAYLOAD, json!(branches))], 4),
        (vec![(PAYLOAD, json!("x".repeat(640)))], 11),
        (vec![(PAYLOAD, json!("{{ id }}")), native], 1),
        (vec![(PAYLOAD, json!("x")), (KEY, json!("{{ id }}"))], 2),
        (vec![(PAYLOAD, json!("x")), (KEY, json!("of {{ id }}"))], 4),
        (vec![(PAYLOAD, json!("x")), (when, json!("id"))], 2),
        (
            vec![(PAYLOAD, json!("x")), (when, json!("not id or id"))],
            4,
        ),
        (vec![(PAYLOAD, json!("x")), (when, json!("id|upper"))], 7),
    ] {
        let bounded = |steps: u32| {
            let bound = ("/limits/trigger_fuel", json!(steps));
            [edits.clone(), vec![bound]].concat()
        };
        let short = if least > 1 { least - 1 } else { continue };
        assert_errors(&bounded(short), "template_out_of_fuel").await;
        assert_errors(&bounded(least), "").await;
        assert!(!is_published(&bounded(short)).await, "{edits:?}");
    }
    // What the machine takes is known but for its rounds.
    let rounds = (PAYLOAD, json!("{% for a in b %}{{ a }}{% endfor %}"));
    assert_errors(
        &[rounds, ("/limits/trigger_fuel", json!(12))],
        "template_out_of_fuel",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_step_is_told_that_an_event_does_not_take() {
    for payload in [
        "of {{ id }}.",
        "{{ id }}{% if id %}a{% else %}bc{% endif %}",
    ] {
        let of = |fuel: u32| {
            [
                (PAYLOAD, json!([payload])),
                ("/limits/trigger_fuel", json!(fuel)),
            ]
        };
        let mut fuel = 1;
        while !is_published(&of(fuel)).await {
            assert_errors(&of(fuel), "template_out_of_fuel").await;
            fuel += 1;
        }
        assert_errors(&of(fuel), "").await;
    }
}

#[tokio::test]
async fn the_bound_of_a_topic_counts_where_records_go_to_no_other() {
    let (any, one) = (json!(["orders.*", "sales"]), json!(["orders.eu"]));
    let rendered = "orders.{{ region }}";
    for (allowed, topic, (bytes, of_topic), code) in [
        (&any, "orders.eu", (100, 8), "too_large"),
        (&any, "orders.eu", (100, 9), ""),
        (&any, "orders.us", (100, 8), ""),
        (&any, "orders.us", (8, 100), "too_large"),
        (&any, "{{ 'orders.EU'|lower }}", (100, 8), "too_large"),
        (&any, rendered, (100, 8), ""),
        (&any, rendered, (8, 100), ""),
        (&any, rendered, (8, 8), "too_large"),
        (&one, rendered, (100, 8), "too_large"),
        (&one, rendered, (8, 9), ""),
    ] {
        let edits = [
            ("/ACTION_TRIGGERS/brokers/kafka_1/params", Value::Null),
            ("/ACTION_TRIGGERS/brokers/kafka_1/topics", allowed.clone()),
            ("/triggers/0/msg_broker_queues/0/record/topic", json!(topic)),
            ("/clusters/k:1/max_record_bytes", json!(bytes)),
            (
                "/clusters/k:1/topic_max_record_bytes",
                json!({"orders.eu": of_topic}),
            ),
        ];
        assert_errors(&edits, code).await;
    }
}

#[tokio::test]
async fn bytes_that_leave_no_room_in_a_call_are_told() {
    let bound = "/limits/record_bytes_per_call";
    let queue = json!({"name": "kafka_1"});
    let with_key = json!({"name": "kafka_1", "record": {"key": "of {{ id }}"}});
    let refused = json!({"name": "kafka_1", "record": {"key": "{{ id|ljust:'x' }}"}});
    let tombstone = json!({"name": "kafka_1", "record": {"key": "1", "tombstone": "id"}});
    for (queues, bytes, code) in [
        (vec![&queue, &queue], 9, "too_many"),
        (vec![&queue, &queue], 10, ""),
        (vec![&with_key, &queue], 12, "too_many"),
        (vec![&with_key, &queue], 13, ""),
        (vec![&queue, &queue, &queue], 18, "too_many"),
        (vec![&queue, &queue, &queue], 19, ""),
        (vec![&tombstone, &queue], 2, ""),
        (vec![&queue], 1, ""),
        // What is refused itself takes no room.
        (vec![&refused, &queue], 9, "template_failed"),
    ] {
        let edits = [(QUEUES, json!(queues)), (bound, json!(bytes))];
        assert_errors(&edits, code).await;
    }
}

#[tokio::test]
async fn a_number_that_a_proxy_refuses_in_json_is_told_of_with_its_queue() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.json");
    let payload = json!({"large": "N", "id": "{{ id }}"});
    for (format, number, expected) in [
        (
            "json",
            "1e400",
            vec!["json_unsupported", "number_too_large"],
        ),
        ("json", "1e300", vec![]),
        ("binary", "1e400", vec!["number_too_large"]),
    ] {
        let edits = [(PAYLOAD, payload.clone()), (FORMAT, json!(format))];
        let text = edited(&edits).to_string().replace("\"N\"", number);
        std::fs::write(&file, text).unwrap();
        let (_, problems) = examined(&file).await;
        let mut codes: Vec<_> = problems.iter().map(Problem::code).collect();
        codes.sort_unstable();
        assert_eq!(codes, expected, "{format} {number}");
    }
}
