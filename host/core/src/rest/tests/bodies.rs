//! What is written for the proxies, and what is refused instead.

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::json;

use super::{
    super::{Dialect, body_size, check::check, v2, v3},
    cluster, record,
};
use crate::{
    cluster::{Api, Cluster, Flavor, Format},
    record::{ID_HEADER, Record},
};

const DIALECTS: [(Api, Flavor); 5] = [
    (Api::V2, Flavor::Confluent),
    (Api::V3, Flavor::Confluent),
    (Api::V2, Flavor::Karapace),
    (Api::V2, Flavor::Strimzi),
    (Api::V2, Flavor::Redpanda),
];

fn full() -> Record {
    Record {
        key: Some(Bytes::from_static(b"key")),
        headers: vec![
            ("h".to_owned(), Bytes::from_static(b"hv")),
            ("é\"".to_owned(), Bytes::from_static(b"\x00")),
        ],
        partition: Some(2),
        timestamp_ms: Some(1_700_000_000_123),
        value: Some(Bytes::from_static(b"\x00\xff\xfe")),
        value_is_json: false,
    }
}

fn json_record(value: &str) -> Record {
    Record {
        value_is_json: true,
        ..record(value)
    }
}

fn text(body: Vec<u8>) -> String {
    String::from_utf8(body).unwrap()
}

/// The code with which a record is refused, or `ok`.
fn checked(record: &Record, cluster: &Cluster) -> &'static str {
    check(cluster, "sales", record).map_or_else(|reason| reason.code, |()| "ok")
}

#[test]
fn v2_binary_body_carries_bytes_as_padded_base64() {
    let body = v2::body(&[&record("plain"), &full()], Format::Binary);
    insta::assert_snapshot!(text(body), @r#"{"records":[{"value":"cGxhaW4="},{"key":"a2V5","value":"AP/+","partition":2,"timestamp":1700000000123,"headers":[{"key":"h","value":"aHY="},{"key":"é\"","value":"AA=="}]}]}"#);
}

#[test]
fn v2_body_has_no_member_that_the_record_has_not() {
    let empty = Record::default();
    assert_eq!(
        text(v2::body(&[&empty], Format::Binary)),
        r#"{"records":[{"value":null}]}"#
    );
}

#[test]
fn v2_json_body_carries_json_as_it_is_and_text_as_a_string() {
    let keyed = Record {
        key: Some(Bytes::from_static(b"k\"1")),
        ..json_record("{\"big\": 12345678901234567890123, \"d\":1.10}")
    };
    let body = v2::body(&[&keyed, &record("say \"hi\"")], Format::Json);
    insta::assert_snapshot!(text(body), @r#"{"records":[{"key":"k\"1","value":{"big": 12345678901234567890123, "d":1.10}},{"value":"say \"hi\""}]}"#);
}

#[test]
fn v3_body_is_one_object_after_another_each_with_a_type() {
    let body = v3::body(&[&record("plain"), &full(), &Record::default()]);
    insta::assert_snapshot!(text(body), @r#"{"value":{"type":"BINARY","data":"cGxhaW4="}}{"partition_id":2,"headers":[{"name":"h","value":"aHY="},{"name":"é\"","value":"AA=="}],"key":{"type":"BINARY","data":"a2V5"},"value":{"type":"BINARY","data":"AP/+"},"timestamp":"2023-11-14T22:13:20.123Z"}{"value":{"type":"BINARY","data":null}}"#);
}

#[test]
fn v3_timestamps_are_iso_instants() {
    for (ms, instant) in [
        (0, "1970-01-01T00:00:00.000Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (1_577_934_245_678, "2020-01-02T03:04:05.678Z"),
        (1_735_689_599_999, "2024-12-31T23:59:59.999Z"),
        (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ] {
        let record = Record {
            timestamp_ms: Some(ms),
            ..record("x")
        };
        let body: serde_json::Value = serde_json::from_slice(&v3::body(&[&record])).unwrap();
        assert_eq!(body["timestamp"], json!(instant), "{ms}");
    }
}

#[test]
fn content_types_are_exact() {
    let types: Vec<_> = DIALECTS
        .iter()
        .map(|(api, flavor)| {
            let dialect = Dialect::of(&cluster("http://p", *api, *flavor)).unwrap();
            (
                dialect.content_type(Format::Binary),
                dialect.content_type(Format::Json),
                dialect.accept(),
            )
        })
        .collect();
    let v2 = (
        "application/vnd.kafka.binary.v2+json",
        "application/vnd.kafka.json.v2+json",
        "application/vnd.kafka.v2+json",
    );
    let v3 = ("application/json", "application/json", "application/json");
    assert_eq!(types, [v2, v3, v2, v2, v2]);
}

/// One row per rule: the record, and what Confluent v2, Confluent v3, Karapace,
/// Strimzi and Redpanda make of it.
#[test]
fn records_that_a_proxy_cannot_carry_are_refused() {
    let headers = "headers_unsupported";
    let timestamp = "timestamp_unsupported";
    let tombstone = "tombstone_unsupported";
    let with = |change: fn(&mut Record)| {
        let mut record = record("x");
        change(&mut record);
        record
    };
    let rows = [
        (with(|_| ()), ["ok"; 5]),
        (
            with(|r| r.headers = vec![("h".into(), "v".into())]),
            [headers, "ok", headers, "ok", headers],
        ),
        (
            with(|r| r.headers = vec![("h".into(), Bytes::new())]),
            [headers, "ok", headers, headers, headers],
        ),
        (
            with(|r| r.timestamp_ms = Some(0)),
            [timestamp, "ok", timestamp, "ok", timestamp],
        ),
        (
            with(|r| r.timestamp_ms = Some(-1)),
            [
                timestamp,
                "invalid_timestamp",
                timestamp,
                "invalid_timestamp",
                timestamp,
            ],
        ),
        (
            with(|r| r.timestamp_ms = Some(253_402_300_800_000)),
            [
                timestamp,
                "invalid_timestamp",
                timestamp,
                "invalid_timestamp",
                timestamp,
            ],
        ),
        (
            with(|r| r.value = None),
            ["ok", "ok", tombstone, tombstone, tombstone],
        ),
        (with(|r| r.partition = Some(2_147_483_647)), ["ok"; 5]),
        (
            with(|r| r.partition = Some(2_147_483_648)),
            ["invalid_record"; 5],
        ),
        (
            with(|r| r.value = Some(vec![b'x'; 1_000_000].into())),
            ["ok"; 5],
        ),
        (
            with(|r| r.value = Some(vec![b'x'; 1_000_001].into())),
            ["too_large"; 5],
        ),
    ];
    for (record, expected) in rows {
        let found =
            DIALECTS.map(|(api, flavor)| checked(&record, &cluster("http://p", api, flavor)));
        assert_eq!(
            found, expected,
            "{:?} {:?}",
            record.headers, record.timestamp_ms
        );
    }
}

/// The same in the JSON format; v3 sends bytes all the same.
#[test]
fn json_values_that_a_proxy_would_change_are_refused() {
    let no = "json_unsupported";
    let rows = [
        (json_record("{\"a\":0}"), ["ok"; 5]),
        (json_record("null"), [no, "ok", no, "ok", "ok"]),
        (json_record("0"), ["ok", "ok", no, no, "ok"]),
        (json_record("-0.0"), ["ok", "ok", no, no, "ok"]),
        (json_record("7.5"), ["ok", "ok", "ok", no, "ok"]),
        (json_record("true"), ["ok", "ok", "ok", no, "ok"]),
        (json_record("false"), ["ok", "ok", no, no, "ok"]),
        (json_record("\"\""), ["ok", "ok", no, "ok", "ok"]),
        (json_record(" { } "), ["ok", "ok", no, "ok", "ok"]),
        (json_record("[]"), ["ok", "ok", no, "ok", "ok"]),
        (json_record("{\"a\":"), [no, "ok", no, no, no]),
        (json_record("{} {}"), [no, "ok", no, no, no]),
        (record("plain"), ["ok"; 5]),
        (
            Record {
                key: Some(Bytes::from_static(b"\xff")),
                ..record("x")
            },
            [no, "ok", no, no, no],
        ),
        (
            Record {
                value: Some(Bytes::from_static(b"\xff")),
                ..Record::default()
            },
            [no, "ok", no, no, no],
        ),
    ];
    for (record, expected) in rows {
        let found = DIALECTS.map(|(api, flavor)| {
            let mut cluster = cluster("http://p", api, flavor);
            cluster.format = Format::Json;
            checked(&record, &cluster)
        });
        assert_eq!(found, expected, "{:?}", record.value);
    }
}

#[test]
fn the_name_that_the_host_adds_does_not_make_a_record_too_large() {
    let cluster = cluster("http://p", Api::V3, Flavor::Confluent);
    let mut record = record(&"x".repeat(1_000_000));
    record.headers = vec![(ID_HEADER.to_owned(), Bytes::from_static(b"[]"))];
    assert_eq!(checked(&record, &cluster), "ok");
    record.headers.push(("h".to_owned(), Bytes::new()));
    assert_eq!(checked(&record, &cluster), "too_large");
}

#[test]
fn a_topic_has_its_own_bound_on_records() {
    let mut cluster = cluster("http://p", Api::V2, Flavor::Confluent);
    cluster.topic_max_record_bytes.insert("sales".to_owned(), 2);
    assert_eq!(checked(&record("ab"), &cluster), "ok");
    assert_eq!(checked(&record("abc"), &cluster), "too_large");
}

fn any_record() -> impl Strategy<Value = Record> {
    let bytes = || proptest::collection::vec(any::<u8>(), 0..20).prop_map(Bytes::from);
    (
        proptest::option::of(bytes()),
        proptest::collection::vec((".*", bytes()), 0..3),
        proptest::option::of(0..=i32::MAX.unsigned_abs()),
        proptest::option::of(0..=253_402_300_799_999_i64),
        proptest::option::of(bytes()),
    )
        .prop_map(|(key, headers, partition, timestamp_ms, value)| Record {
            key,
            headers,
            partition,
            timestamp_ms,
            value,
            value_is_json: false,
        })
}

proptest! {
    #[test]
    fn bodies_are_json_with_one_entry_per_record(records in proptest::collection::vec(any_record(), 1..5)) {
        let records: Vec<_> = records.iter().collect();
        let body: serde_json::Value = serde_json::from_slice(&v2::body(&records, Format::Binary)).unwrap();
        prop_assert_eq!(body["records"].as_array().unwrap().len(), records.len());

        let body = v3::body(&records);
        let objects: Result<Vec<serde_json::Value>, _> =
            serde_json::Deserializer::from_slice(&body).into_iter().collect();
        prop_assert_eq!(objects.unwrap().len(), records.len());
    }

    #[test]
    fn no_body_is_larger_than_its_records_say(record in any_record(), text in ".*") {
        let with = |api, format| Cluster { format, ..cluster("http://p", api, Flavor::Confluent) };
        let sized = |record: &Record, api, format| body_size(record, &with(api, format));
        prop_assert!(v2::body(&[&record], Format::Binary).len() <= sized(&record, Api::V2, Format::Binary));
        prop_assert!(v3::body(&[&record]).len() <= sized(&record, Api::V3, Format::Json));
        let texts = Record { key: Some(text.clone().into()), value: Some(text.into()), ..record };
        prop_assert!(v2::body(&[&texts], Format::Json).len() <= sized(&texts, Api::V2, Format::Json));
    }
}
