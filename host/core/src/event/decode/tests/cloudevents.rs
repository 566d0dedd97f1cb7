//! `CloudEvents`, in their three modes.

use action_triggers_vocabulary::Signal;

use super::*;

pub(super) const STRUCTURED: &str = include_str!("../samples/cloudevents.ndjson");

fn decoder() -> Decoder {
    let mut cloudevents = CloudEventsSource::default();
    let mut placed = EventType::new(Signal::PostSave);
    placed.content_type = Some("shop.order".into());
    placed.created = Some(true);
    let changed = EventType::new(Signal::PostSave);
    let types = [
        ("com.example.order.placed", placed),
        ("com.example.changed", changed),
    ];
    cloudevents.types = types.map(|(name, kind)| (name.to_owned(), kind)).into();
    cloudevents.subjects = [("invoices".to_owned(), "billing.invoice".to_owned())].into();
    Decoder::new(Sources {
        cloudevents,
        debezium: DebeziumSource {
            tables: orders(),
            ..DebeziumSource::default()
        },
        ..Sources::default()
    })
}

#[test]
fn structured_events_are_known_by_source_and_id() {
    insta::assert_snapshot!(told(&decoder(), "cloudevents", STRUCTURED));
}

#[test]
fn one_and_a_batch_are_told_apart_by_their_content_types() {
    let one = STRUCTURED.lines().next().unwrap();
    let count = |text: &str, content_type: &str| {
        let body = Body::new(text.as_bytes()).content_type(content_type);
        decoder()
            .decode(&body)
            .map(|events| events.len())
            .map_err(|error| error.code())
    };
    let batch = format!("[{one},{one}]");
    let (single, many) = (
        "application/cloudevents+json; charset=utf-8",
        "application/cloudevents-batch+json",
    );
    assert_eq!(count(one, single), Ok(1));
    assert_eq!(count(&batch, many), Ok(2));
    assert_eq!(count("[]", many), Ok(0));
    assert_eq!(count(one, many), Err("body_malformed"));
    assert_eq!(
        count(one, "application/cloudevents+avro"),
        Err("unsupported_content_type")
    );
}

const HEADERS: &[(&str, &[u8])] = &[
    ("Ce-Specversion", b"1.0"),
    ("ce-id", b"\"A \\\"1\\\"\""),
    ("CE-SOURCE", b"/shop/caf%C3%a9"),
    ("ce-type", b"shop.order.updated"),
    ("ce-time", b"2024-05-01T10:00:00Z"),
    ("Host", b"localhost"),
];

fn binary(body: &str, content_type: &str, headers: &[(&str, &[u8])]) -> String {
    let body = Body::new(body.as_bytes())
        .content_type(content_type)
        .headers(headers);
    match &decoder().decode(&body).unwrap()[0].content {
        Ok(Content::Event(text)) => text.clone().into_owned(),
        other => format!("{other:?}"),
    }
}

#[test]
fn the_headers_of_a_binary_event_are_decoded() {
    assert_eq!(
        binary("{\"id\": 7, \"n\": 1.10}\n", "application/json", HEADERS),
        r#"{"id":"/shop/café A \"1\"","signal":"post_save","content_type":"shop.order","instance":{"id": 7, "n": 1.10},"created":false,"time":"2024-05-01T10:00:00Z"}"#
    );
    let own = r#"{"signal":"pre_save","content_type":"a.b","instance":{}}"#;
    assert_eq!(
        binary(own, "application/vnd.shop+json", HEADERS),
        r#"{"id":"/shop/café A \"1\"","signal":"pre_save","content_type":"a.b","instance":{},"time":"2024-05-01T10:00:00Z"}"#
    );
}

#[test]
fn what_is_wrong_with_a_cloud_event_is_said_with_its_place() {
    let with = |member: &str| {
        format!(
            r#"{{"specversion":"1.0","id":"1","source":"s","type":"shop.order.created",{member}}}"#
        )
    };
    let lines = [
        "7".to_owned(),
        r#"{"specversion":"1.0","id":"1","source":"s","data":{}}"#.to_owned(),
        r#"{"specversion":"0.3","id":"1","source":"s","type":"t","data":{}}"#.to_owned(),
        r#"{"specversion":"1.0","id":"","source":"s","type":"t","data":{}}"#.to_owned(),
        r#"{"specversion":"1.0","id":"1","source":"s","type":"com.example.happened","data":{}}"#
            .to_owned(),
        with(r#""x":[]"#),
        with(r#""data":null"#),
        with(r#""data":"{}""#),
        with(r#""datacontenttype":"text/xml","data":"<a/>""#),
        with(r#""data_base64":"????""#),
    ];
    let structured = told(&decoder(), "cloudevents", &lines.join("\n"));
    let headers: Vec<(&str, &[u8])> = HEADERS
        .iter()
        .filter(|(name, _)| *name != "ce-type")
        .copied()
        .collect();
    let mut bad = HEADERS.to_vec();
    bad[1].1 = b"%ff";
    let binary = [
        binary("{}", "application/json", &headers),
        binary("{}", "application/json", &bad),
        binary("<a/>", "text/xml", HEADERS),
        binary("", "application/json", HEADERS),
    ];
    insta::assert_snapshot!(format!("{structured}\n\n{}", binary.join("\n")));
}
