use std::{sync::Arc, time::Duration};

use action_triggers_vocabulary::PublishError;
use serde_json::{Value, json};

use super::*;
use crate::{
    cluster::{Cluster, Flavor, Format},
    settings::Settings,
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
        event_id: "e1".into(),
        trigger: "sale".into(),
        queue: 0,
        ordering_key: "shop.sale/1".into(),
        broker: "full".into(),
        conn_details: "{}".into(),
        parameters: "{}".into(),
        timeout_ms: None,
        key: None,
        headers: Vec::new(),
        partition: None,
        timestamp_ms: None,
        value,
    }
}

fn json_message() -> Offer {
    message(Payload::Json(b"{}".to_vec()))
}

#[test]
fn the_brokers_fields_win_over_the_queues() {
    let address = |broker, conn, params| {
        registry()
            .address(broker, conn, params)
            .map(|found| found.topic.clone())
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
        let refusal = registry().address(broker, conn, params).unwrap_err();
        format!("{}: {refusal}", refusal.code())
    });
    insta::assert_snapshot!(faults.join("\n"));
}

#[test]
fn a_destination_is_merged_once() {
    let registry = registry();
    let first = registry.address("full", "{}", "{}").unwrap();
    assert!(Arc::ptr_eq(
        &first,
        &registry.address("full", "{}", "{}").unwrap()
    ));
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
        registry.address("dynamic", "", "").unwrap().topic,
        "topic-0"
    );
    assert_eq!(
        registry.address("dynamic", "", "").unwrap().topic,
        "topic-1"
    );
}

#[test]
fn what_is_remembered_is_bounded() {
    let registry = registry();
    let servers = r#"{"bootstrap_servers":"kafka:9092"}"#;
    for number in 0..10_000 {
        let parameters = format!(r#"{{"topic":"t{number}"}}"#);
        let found = registry.address("empty", servers, &parameters).unwrap();
        assert_eq!(found.topic, format!("t{number}"));
    }
    assert!(registry.remembered("empty") <= 4096);
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
    let bounded = registry_of(brokers(), cluster("k"), policy);
    let free = registry_of(brokers(), cluster("k"), Policy::default());
    let timeout = |registry: &Registry, timeout_ms| {
        let message = Offer {
            timeout_ms,
            ..json_message()
        };
        registry.accept(message).map(|message| message.timeout)
    };
    assert_eq!(timeout(&bounded, None), Ok(Some(Duration::from_secs(5))));
    assert_eq!(
        timeout(&bounded, Some(2_000)),
        Ok(Some(Duration::from_secs(2)))
    );
    assert_eq!(
        timeout(&bounded, Some(9_000)),
        Ok(Some(Duration::from_secs(5)))
    );
    assert_eq!(timeout(&free, None), Ok(None));
    assert_eq!(
        timeout(&free, Some(0)).unwrap_err().code(),
        "invalid_destination"
    );
}

#[test]
fn a_record_may_be_as_large_as_the_cluster_takes_and_no_larger() {
    let cluster = Cluster {
        max_record_bytes: 10,
        ..cluster("k")
    };
    let brokers = vec![broker(
        "full",
        json!({"bootstrap_servers": "k"}),
        json!({"topic": "sales"}),
    )];
    let registry = registry_of(brokers, cluster, Policy::default());
    let sized = |value: usize| Offer {
        key: Some(b"kk".to_vec()),
        headers: vec![("h".into(), b"v".to_vec())],
        ..message(Payload::Text(vec![b'x'; value]))
    };
    assert!(registry.accept(sized(6)).is_ok());
    let refusal = registry.accept(sized(7)).unwrap_err();
    assert_eq!(
        refusal,
        PublishError::TooLarge {
            actual: 11,
            maximum: 10
        }
    );
}

#[test]
fn text_is_published_as_it_is_or_as_a_json_string() {
    let encoded = |text_encoding, text: &[u8]| {
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
        let record = registry
            .accept(message(Payload::Text(text.to_vec())))?
            .record;
        Ok::<_, PublishError>((record.value.unwrap(), record.value_is_json))
    };
    assert_eq!(
        encoded(TextEncoding::Raw, b"a\"b"),
        Ok(("a\"b".into(), false))
    );
    assert_eq!(
        encoded(TextEncoding::Json, b"a\"b"),
        Ok((r#""a\"b""#.into(), true))
    );
    assert_eq!(
        encoded(TextEncoding::Json, b"\xff").unwrap_err().code(),
        "invalid_record"
    );
}

#[test]
fn tombstones_go_only_where_they_can_be_written() {
    for (flavor, is_taken) in [
        (Flavor::Confluent, true),
        (Flavor::Karapace, false),
        (Flavor::Strimzi, false),
        (Flavor::Redpanda, false),
    ] {
        let brokers = vec![broker(
            "full",
            json!({"bootstrap_servers": "k"}),
            json!({"topic": "sales"}),
        )];
        let registry = registry_of(
            brokers,
            Cluster {
                flavor,
                ..cluster("k")
            },
            Policy::default(),
        );
        assert_eq!(
            registry.accept(message(Payload::Tombstone)).is_ok(),
            is_taken,
            "{flavor:?}"
        );
    }
}

#[test]
fn a_json_value_that_becomes_part_of_a_body_must_be_json() {
    let brokers = || {
        vec![broker(
            "full",
            json!({"bootstrap_servers": "k"}),
            json!({"topic": "sales"}),
        )]
    };
    let liar = || message(Payload::Json(b"1},{\"value\":2".to_vec()));
    let json = Cluster {
        format: Format::Json,
        ..cluster("k")
    };
    let registry = registry_of(brokers(), json, Policy::default());
    assert_eq!(
        registry.accept(liar()).unwrap_err().code(),
        "invalid_record"
    );
    let registry = registry_of(brokers(), cluster("k"), Policy::default());
    assert!(registry.accept(liar()).is_ok(), "as base64 it harms nobody");
}

#[test]
fn malformed_records_are_refused() {
    let long = "x".repeat(4097);
    let header = |name: &str| (name.to_owned(), Vec::new());
    let refused = [
        Offer {
            event_id: long.clone(),
            ..json_message()
        },
        Offer {
            trigger: long.clone(),
            ..json_message()
        },
        Offer {
            ordering_key: long,
            ..json_message()
        },
        Offer {
            partition: Some(1 << 31),
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
            registry().accept(message).unwrap_err().code(),
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
