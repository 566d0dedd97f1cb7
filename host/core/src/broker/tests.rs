use std::{sync::Arc, time::Duration};

use action_triggers_vocabulary::PublishError;
use serde_json::{Value, json};

use super::*;
use crate::{
    cluster::Cluster,
    outcome::{KnownValue, Loaded, LoadedQueue, LoadedTrigger, QueueDestination},
    record::Record,
    settings::Settings,
    verdict::Reason,
};

fn cluster(servers: &str) -> Cluster {
    Cluster::new(servers, "http://localhost:8082".parse().unwrap())
}

fn broker(name: &str, conn_details: Value, params: Value) -> Broker {
    let map = |value| match value {
        Value::Object(map) => map,
        _ => serde_json::Map::new(),
    };
    Broker {
        name: name.into(),
        broker_type: None,
        conn_details: map(conn_details),
        params: map(params),
        topics: Vec::new(),
    }
}

fn registry_of(brokers: Vec<Broker>, cluster: Cluster, policy: Policy) -> Registry {
    let settings = Settings::builder()
        .value("topic", "from-settings")
        .allow("topic")
        .build();
    Registry::new(brokers, vec![Arc::new(cluster)], Arc::new(settings), policy).unwrap()
}

fn registry() -> Registry {
    let brokers = vec![
        broker(
            "full",
            json!({"bootstrap_servers": "kafka:9092"}),
            json!({"topic": "sales"}),
        ),
        broker("empty", Value::Null, Value::Null),
        broker("dynamic", Value::Null, json!({"topic": "{{ topic }}"})),
        Broker {
            broker_type: Some("rabbitmq".into()),
            ..broker("rabbit", Value::Null, Value::Null)
        },
    ];
    registry_of(brokers, cluster("kafka:9092"), Policy::default())
}

fn message(value: Payload) -> Offer {
    Offer {
        ordering_key: Some("shop.sale/1".into()),
        ..Offer::new(value)
    }
}

fn own(conn_details: &str, parameters: &str) -> QueueDestination {
    QueueDestination {
        conn_details: conn_details.into(),
        parameters: parameters.into(),
    }
}

/// A queue to the broker `full`, whose destination is fixed.
fn queue() -> LoadedQueue {
    LoadedQueue {
        broker: "full".into(),
        path: "$[0].msg_broker_queues[0]".into(),
        destination: own("{}", "{}"),
        is_fixed: true,
        renders_topic: false,
        timeout_ms: None,
        settings: Vec::new(),
        records: None,
    }
}

/// The routes of one trigger with one queue.
fn routes(registry: Registry, queue: LoadedQueue) -> Routes {
    let trigger = LoadedTrigger {
        name: "sale".into(),
        is_named: true,
        active: true,
        signals: Vec::new(),
        content_types: Vec::new(),
        queues: vec![queue],
        value: KnownValue::Either(0),
    };
    let loaded = Loaded::new(vec![trigger], Vec::new(), String::new());
    Routes::new(Arc::new(registry), &loaded)
}

fn json_message() -> Offer {
    message(Payload::Json("{}".into()))
}

#[test]
fn the_brokers_fields_win_over_the_queues() {
    let address = |broker, conn, params| {
        registry()
            .address(broker, &own(conn, params), None)
            .map(|found| found.topic)
    };
    let servers = r#"{"bootstrap_servers":"kafka:9092"}"#;
    let other = r#"{"bootstrap_servers":"evil:9092"}"#;
    assert_eq!(
        address("full", other, r#"{"topic":"mine"}"#),
        Ok("sales".into())
    );
    assert_eq!(
        address("empty", servers, r#"{"topic":"mine"}"#),
        Ok("mine".into())
    );
    assert_eq!(
        address("dynamic", servers, "null"),
        Ok("from-settings".into())
    );
}

#[test]
fn every_fault_of_a_destination_is_named() {
    let faults = [
        ("nobody", "{}", "{}"),
        ("empty", "{}", "{}"),
        ("empty", "[]", "{"),
        ("empty", r#"{"bootstrap_servers":""}"#, r#"{"topic":["a"]}"#),
        (
            "empty",
            r#"{"bootstrap_servers":"evil:9092"}"#,
            r#"{"topic":"a b"}"#,
        ),
        (
            "empty",
            r#"{"bootstrap_servers":"kafka:9092"}"#,
            r#"{"topic":"{{ topic }}"}"#,
        ),
        ("rabbit", "{}", "{}"),
    ]
    .map(|(broker, conn, params)| {
        let refusal = registry()
            .address(broker, &own(conn, params), None)
            .unwrap_err();
        format!("{}: {refusal}", refusal.code())
    });
    insta::assert_snapshot!(faults.join("\n"));
}

#[test]
fn a_fixed_destination_is_merged_once() {
    let routes = routes(registry(), queue());
    let [first, second] = [0, 1].map(|_| routes.accept(json_message()).unwrap().destination);
    assert!(Arc::ptr_eq(&first, &second));
}

#[test]
fn a_destination_comes_with_a_record_exactly_where_it_is_not_fixed() {
    let resolved = Offer {
        destination: Some(own("{}", "{}")),
        ..json_message()
    };
    let open = LoadedQueue {
        is_fixed: false,
        ..queue()
    };
    for (queue, offer, is_taken) in [
        (queue(), json_message(), true),
        (queue(), resolved.clone(), false),
        (open.clone(), resolved, true),
        (open, json_message(), false),
    ] {
        let taken = routes(registry(), queue).accept(offer);
        assert_eq!(taken.is_ok(), is_taken, "{taken:?}");
    }
}

#[test]
fn a_topic_that_an_event_decides_is_taken_where_the_broker_allows_it() {
    let brokers = || {
        let open = Broker {
            topics: vec!["orders.*".into()],
            ..broker("open", json!({"bootstrap_servers": "k"}), Value::Null)
        };
        vec![
            open,
            broker("closed", json!({"bootstrap_servers": "k"}), Value::Null),
        ]
    };
    let sent = |broker: &str, topic: &str| {
        let queue = LoadedQueue {
            broker: broker.into(),
            renders_topic: true,
            ..queue()
        };
        let offer = Offer {
            topic: Some(topic.into()),
            ..json_message()
        };
        let registry = registry_of(brokers(), cluster("k"), Policy::default());
        let taken = routes(registry, queue).accept(offer);
        taken.map(|message| message.destination.topic.clone()).ok()
    };
    assert_eq!(sent("open", "orders.eu").as_deref(), Some("orders.eu"));
    assert_eq!(sent("open", "audit"), None);
    assert_eq!(sent("open", "orders. "), None);
    assert_eq!(sent("closed", "orders.eu"), None);
}

#[test]
fn an_unknown_trigger_or_queue_has_no_records() {
    let routes = routes(registry(), queue());
    for (trigger, queue) in [(1, 0), (0, 1), (u32::MAX, u32::MAX)] {
        let offer = Offer {
            trigger,
            queue,
            ..json_message()
        };
        assert_eq!(routes.accept(offer).unwrap_err().code(), "invalid_record");
    }
}

#[test]
fn a_broker_with_placeholders_is_resolved_anew() {
    let calls = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = calls.clone();
    let settings = Settings::builder()
        .closure("topic", move || {
            let call = counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            Ok(format!("topic-{call}").into())
        })
        .allow("topic")
        .build();
    let brokers = vec![broker(
        "dynamic",
        json!({"bootstrap_servers": "kafka:9092"}),
        json!({"topic": "{{ topic }}"}),
    )];
    let clusters = vec![Arc::new(cluster("kafka:9092"))];
    let registry = Registry::new(brokers, clusters, Arc::new(settings), Policy::default()).unwrap();
    assert_eq!(
        registry
            .address("dynamic", &own("", ""), None)
            .unwrap()
            .topic,
        "topic-0"
    );
    assert_eq!(
        registry
            .address("dynamic", &own("", ""), None)
            .unwrap()
            .topic,
        "topic-1"
    );
}

#[test]
fn the_smaller_timeout_counts() {
    let policy = Policy {
        max_broker_timeout: Some(Duration::from_secs(5)),
        ..Policy::default()
    };
    let brokers = || {
        vec![broker(
            "full",
            json!({"bootstrap_servers": "k"}),
            json!({"topic": "sales"}),
        )]
    };
    let timeout = |policy: &Policy, timeout_ms| {
        let queue = LoadedQueue {
            timeout_ms,
            ..queue()
        };
        let registry = registry_of(brokers(), cluster("k"), policy.clone());
        let message = routes(registry, queue).accept(json_message());
        message.map(|message| message.timeout)
    };
    let free = Policy::default();
    assert_eq!(timeout(&policy, None), Ok(Some(Duration::from_secs(5))));
    assert_eq!(
        timeout(&policy, Some(2_000)),
        Ok(Some(Duration::from_secs(2)))
    );
    assert_eq!(
        timeout(&policy, Some(9_000)),
        Ok(Some(Duration::from_secs(5)))
    );
    assert_eq!(timeout(&free, None), Ok(None));
    assert_eq!(
        timeout(&free, Some(0)).unwrap_err().code(),
        "invalid_destination"
    );
}

#[test]
fn a_record_is_taken_by_the_rule_of_who_writes_it_and_refused_with_its_code() {
    let rule = |cluster: &Cluster, topic: &str, record: &Record| {
        assert_eq!(
            (&*cluster.bootstrap_servers, topic),
            ("kafka:9092", "sales")
        );
        match record.size() {
            ..=4 => Ok(()),
            size => Err(Reason::new(
                "too_large",
                format!("{size} bytes are too many"),
            )),
        }
    };
    let routes = routes(registry().with_rule(Arc::new(rule)), queue());
    let sized = |value: usize| Offer {
        key: Some("k".into()),
        headers: vec![("h".into(), "v".into())],
        ..message(Payload::Text("x".repeat(value)))
    };
    assert!(routes.accept(sized(1)).is_ok());
    let refusal = routes.accept(sized(2)).unwrap_err();
    assert_eq!(refusal.code(), "too_large");
    assert_eq!(refusal.to_string(), "5 bytes are too many");
}

#[test]
fn text_is_published_as_it_is_or_as_a_json_string() {
    let encoded = |text_encoding, text: &str| {
        let brokers = vec![broker(
            "full",
            json!({"bootstrap_servers": "k"}),
            json!({"topic": "sales"}),
        )];
        let policy = Policy {
            text_encoding,
            ..Policy::default()
        };
        let registry = registry_of(brokers, cluster("k"), policy);
        let record = routes(registry, queue())
            .accept(message(Payload::Text(text.into())))?
            .record;
        Ok::<_, PublishError>((record.value.unwrap(), record.value_is_json))
    };
    assert_eq!(
        encoded(TextEncoding::Raw, "a\"b"),
        Ok(("a\"b".into(), false))
    );
    assert_eq!(
        encoded(TextEncoding::Json, "a\"b"),
        Ok((r#""a\"b""#.into(), true))
    );
}

#[test]
fn malformed_records_are_refused() {
    let long = "x".repeat(4097);
    let header = |name: &str| (name.to_owned(), String::new());
    let refused = [
        Offer {
            ordering_key: Some(long),
            ..json_message()
        },
        Offer {
            headers: vec![header("")],
            ..json_message()
        },
        Offer {
            headers: vec![header("h"); 101],
            ..json_message()
        },
    ];
    for message in refused {
        let shown = format!("{message:?}");
        assert_eq!(
            routes(registry(), queue())
                .accept(message)
                .unwrap_err()
                .code(),
            "invalid_record",
            "{shown}"
        );
    }
}

#[test]
fn every_fault_of_brokers_and_clusters_is_found() {
    let twice = |name: &str| broker(name, Value::Null, Value::Null);
    let clusters = vec![Arc::new(cluster("k")), Arc::new(cluster("k"))];
    let policy = Policy {
        max_broker_timeout: Some(Duration::ZERO),
        ..Policy::default()
    };
    let errors = Registry::new(
        vec![twice("b"), twice("b")],
        clusters,
        Arc::default(),
        policy,
    )
    .unwrap_err();
    let codes: Vec<_> = errors.iter().map(RegistryError::code).collect();
    assert_eq!(
        codes,
        ["duplicate_broker", "duplicate_cluster", "zero_timeout"]
    );
}

#[test]
fn debug_shows_no_connection_details() {
    let secret = broker("b", json!({"sasl_password": "hunter2"}), Value::Null);
    let shown = format!("{secret:?}");
    assert!(
        shown.contains("sasl_password") && !shown.contains("hunter2"),
        "{shown}"
    );
}
