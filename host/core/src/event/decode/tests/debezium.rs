//! Change events of Debezium.

use super::*;

pub(super) const PLAIN: &str = include_str!("../samples/debezium.ndjson");
pub(super) const WITH_SCHEMA: &str = include_str!("../samples/debezium_with_schema.ndjson");

fn decoder(source: DebeziumSource) -> Decoder {
    Decoder::new(Sources {
        debezium: source,
        ..Sources::default()
    })
}

fn shop() -> DebeziumSource {
    DebeziumSource {
        tables: orders().with("public.sales", "shop.sale"),
        ..DebeziumSource::default()
    }
}

/// The event of a row of `shop.sale` that comes without a schema.
fn row(after: &str) -> String {
    format!(
        r#"{{"before":null,"after":{after},"source":{{"schema":"shop","table":"sale"}},"op":"c"}}"#
    )
}

const SET: &str = r#"{"triggers": [], "models": {"shop.Sale": {
    "price": "decimal", "born": "date", "at": "datetime", "noon": "time", "code": "text", "a.b": "date"
}}}"#;

#[test]
fn changes_of_rows_are_saves_and_deletes_and_the_rest_is_skipped() {
    insta::assert_snapshot!(told(&decoder(shop()), "debezium", PLAIN));
}

#[test]
fn a_snapshot_is_saves_where_it_is_asked_for() {
    let source = DebeziumSource {
        snapshots: true,
        ..shop()
    };
    let read = PLAIN
        .lines()
        .find(|line| line.contains(r#""op":"r""#))
        .unwrap();
    assert_eq!(
        told(&decoder(source), "debezium", read),
        r#"{"signal":"post_save","content_type":"shop.Order","instance":{"id":8},"time":"2024-05-01T10:00:02.456Z"}"#
    );
}

#[test]
fn values_that_a_schema_says_the_encoding_of_are_what_django_has() {
    insta::assert_snapshot!(told(&decoder(shop()), "debezium", WITH_SCHEMA));
}

#[test]
fn datetimes_without_a_zone_are_in_utc_where_the_configuration_says_so() {
    let source = DebeziumSource {
        datetimes_are_utc: true,
        ..shop()
    };
    let text = told(&decoder(source), "debezium", WITH_SCHEMA);
    assert!(
        text.contains(r#""at_us": "2024-05-01T10:00:00.123456Z""#),
        "{text}"
    );
    assert!(
        text.contains(r#""at": "2024-05-01T10:00:00.123456Z""#),
        "{text}"
    );
}

#[test]
fn without_a_schema_the_models_say_what_values_are() {
    let models = Models::of_set(SET);
    let rows = [
        r#"{"price": "10.50", "born": 19844, "at": 1714557600123456, "code": "AQ==", "n": 19844}"#,
        r#"{"price": 10.50, "born": "2024-05-01", "at": "2024-05-01T10:00:00Z", "noon": "10:20:30"}"#,
        r#"{"price": {"scale": 2, "value": "BBo="}, "at": 1714557600000, "born": null, "noon": null}"#,
        r#"{"at": 1714557600123456789, "a": {"b": 1}}"#,
        r#"{"price": "BBo="}"#,
        r#"{"noon": 37230000000}"#,
        r#"{"at": 86400000}"#,
    ];
    let lines = rows.map(row).join("\n");
    let guessing = told(&Decoder::default().models(&models), "debezium", &lines);
    let told_by_key = DebeziumSource {
        time_precision: Some(Precision::Microseconds),
        ..DebeziumSource::default()
    };
    let told_by_key = decoder(told_by_key).models(&models);
    let lines = rows[5..].iter().map(|after| row(after)).collect::<Vec<_>>();
    let exact = told(&told_by_key, "debezium", &lines.join("\n"));
    insta::assert_snapshot!(format!("{guessing}\n\n{exact}"));
}

#[test]
fn what_is_wrong_with_a_change_is_said_with_its_place() {
    let source = r#""source":{"schema":"public","table":"sales"}"#;
    let with_schema = |after: &str, schema: &str| {
        let schema = format!(r#"{{"fields":[{{"field":"after","fields":[{schema}]}}]}}"#);
        format!(r#"{{"schema":{schema},"payload":{{"op":"c",{source},"after":{after}}}}}"#)
    };
    let decimal = r#"{"field":"price","name":"org.apache.kafka.connect.data.Decimal","parameters":{"scale":"2"}}"#;
    let lines = [
        "[]".to_owned(),
        "{".to_owned(),
        r#"{"id":7,"price":1}"#.to_owned(),
        format!(r#"{{"op":"x",{source}}}"#),
        format!(r#"{{"op":"c",{source},"after":null}}"#),
        format!(r#"{{"op":"d",{source},"before":null}}"#),
        r#"{"op":"c","after":{}}"#.to_owned(),
        r#"{"op":"c","after":{},"source":{"schema":"a.b","table":"c"}}"#.to_owned(),
        r#"{"payload":7}"#.to_owned(),
        r#"{"schema":{"fields":7},"payload":{"op":"c","after":{},"source":{"table":"b","db":"a"}}}"#.to_owned(),
        with_schema(r#"{"price":"?"}"#, decimal),
        with_schema(r#"{"price":"BBo="}"#, &decimal.replace(r#""scale":"2""#, "")),
        with_schema(r#"{"a b":{"scale":1}}"#, r#"{"field":"a b","name":"io.debezium.data.VariableScaleDecimal"}"#),
    ];
    insta::assert_snapshot!(told(&Decoder::default(), "debezium", &lines.join("\n")));
}

#[test]
fn an_array_of_changes_names_the_one_that_is_wrong() {
    let body = format!("[{}, {{\"op\": \"c\"}}]", row("{}"));
    let body = Body::new(body.as_bytes()).format("debezium");
    let events = Decoder::default().decode(&body).unwrap();
    assert!(events[0].content.is_ok());
    let error = events[1].content.clone().unwrap_err();
    assert_eq!(error.path().as_str(), "$[1].source");
}
