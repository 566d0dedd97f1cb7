//! Bodies and what they are decoded into.

mod cloudevents;
mod debezium;
mod properties;

use super::*;

const SALE: &str = r#"{"signal": "post_save", "content_type": "shop.sale", "instance": {"id": 7, "n": 9007199254740993.10}}"#;

/// A line and the event that begins on it, or its error's code.
type Line = (u64, Result<String, &'static str>);

/// The events of a body, each as its text or its error's code; or the body's code.
fn decoded(body: &Body<'_>) -> Result<Vec<Line>, &'static str> {
    let events = Decoder::default()
        .decode(body)
        .map_err(|error| error.code())?;
    let content = |event: Decoded<'_>| match event.content {
        Ok(Content::Event(text)) => (event.line, Ok(text.into_owned())),
        Ok(Content::Skipped(why)) => panic!("skipped: {why:?}"),
        Err(error) => (event.line, Err(error.code())),
    };
    Ok(events.into_iter().map(content).collect())
}

fn json(text: &str) -> Body<'_> {
    Body::new(text.as_bytes()).content_type("application/json")
}

#[test]
fn one_event_or_an_array_of_them_comes_as_it_was_written() {
    let one = Ok(SALE.to_owned());
    assert_eq!(decoded(&json(SALE)), Ok(vec![(1, one.clone())]));
    let padded = format!("\u{feff}\n {SALE}\n");
    assert_eq!(decoded(&json(&padded)), Ok(vec![(2, one.clone())]));
    let array = format!("[{SALE},\n{SALE}\n\n,{SALE}]");
    let expected = vec![(1, one.clone()), (2, one.clone()), (4, one)];
    assert_eq!(decoded(&json(&array)), Ok(expected));
    assert_eq!(decoded(&json("[]")), Ok(vec![]));
}

#[test]
fn lines_are_events_and_a_bad_one_harms_no_other() {
    let mut bytes = format!("\u{feff}{SALE}\r\n\n").into_bytes();
    bytes.extend_from_slice(b"\xff\n{\n");
    let body = Body::new(&bytes).content_type("application/x-ndjson; charset=UTF-8");
    let lines = decoded(&body).unwrap();
    let texts: Vec<_> = lines
        .iter()
        .map(|(line, text)| {
            (
                *line,
                text.as_deref().map(str::trim_end).map_err(|code| *code),
            )
        })
        .collect();
    // What is no JSON is found by the sandbox, with its place in the line.
    assert_eq!(
        texts,
        [(1, Ok(SALE)), (3, Err("event_not_utf8")), (4, Ok("{"))]
    );
    let by_name = Body::new(SALE.as_bytes()).format("ndjson");
    assert_eq!(decoded(&by_name), Ok(vec![(1, Ok(SALE.to_owned()))]));
}

#[test]
fn what_a_request_says_decides_the_format() {
    let code = |content_type: Option<&'static str>, format: Option<&'static str>| {
        let body = Body::new(b"[]").content_type(content_type).format(format);
        decoded(&body).map(|events| events.len())
    };
    for content_type in [
        None,
        Some("application/json"),
        Some("Application/JSON;charset=\"utf-8\""),
    ] {
        assert_eq!(code(content_type, None), Ok(0), "{content_type:?}");
    }
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=latin1",
        "",
    ] {
        assert_eq!(
            code(Some(content_type), None),
            Err("unsupported_content_type"),
            "{content_type}"
        );
    }
    assert_eq!(code(Some("text/plain"), Some("json")), Ok(0));
    assert_eq!(code(None, Some("jsno")), Err("unknown_format"));
}

#[test]
fn a_body_that_cannot_be_cut_says_where_and_what_to_do() {
    let say = |text: &[u8]| {
        let error = Decoder::default().decode(&Body::new(text)).unwrap_err();
        format!("{}: {error}", error.code())
    };
    let said = [&b" \n"[..], b"[1,\n 2", b"{}\n{}", b"[\xff]", b"[1,,2]"].map(say);
    insta::assert_snapshot!(said.join("\n"));
    let wrong = Decoder::default()
        .decode(&Body::new(b"").format("ndjosn"))
        .unwrap_err();
    let type_of = Decoder::default()
        .decode(&Body::new(b"").content_type("text/csv"))
        .unwrap_err();
    insta::assert_snapshot!(format!("{wrong}\n{type_of}"));
}

const HASURA: &str = include_str!("samples/hasura.ndjson");
const SUPABASE: &str = include_str!("samples/supabase.ndjson");

/// What events of another format come to, one a line: the event, why there is none, or what
/// is wrong with it and where.
fn told(decoder: &Decoder, format: &str, text: &str) -> String {
    let body = Body::new(text.as_bytes())
        .content_type("application/x-ndjson")
        .format(format);
    let line = |event: Decoded<'_>| match event.content {
        Ok(Content::Event(text)) => {
            assert_eq!(text.contains("\"id\":\""), event.id.is_some());
            text.into_owned()
        }
        Ok(Content::Skipped(why)) => format!("{why:?}"),
        Err(error) => format!("{} at {}: {error}", error.code(), error.path()),
    };
    let events = decoder.decode(&body).unwrap().into_iter();
    events.map(line).collect::<Vec<_>>().join("\n")
}

fn orders() -> Tables {
    Tables::default().with("public.orders", "shop.Order")
}

#[test]
fn what_hasura_sends_is_saves_and_deletes() {
    let sources = Sources {
        hasura: orders(),
        ..Sources::default()
    };
    insta::assert_snapshot!(told(&Decoder::new(sources), "hasura", HASURA));
}

#[test]
fn what_supabase_sends_is_saves_and_deletes() {
    let sources = Sources {
        supabase: orders(),
        ..Sources::default()
    };
    insta::assert_snapshot!(told(&Decoder::new(sources), "supabase", SUPABASE));
}

#[test]
fn what_is_wrong_with_a_row_is_said_with_its_place() {
    let hasura = [
        "[]",
        "{}",
        r#"{"event":{},"table":{}}"#,
        r#"{"event":{"op":"TRUNCATE","data":{}},"table":{"schema":"public","name":"orders"}}"#,
        r#"{"event":{"op":"INSERT","data":{"new":null}},"table":{"schema":"public","name":"orders"}}"#,
        r#"{"event":{"op":"DELETE"},"table":{"schema":"public","name":"orders"}}"#,
        r#"{"event":{"op":"DELETE"},"table":{"schema":"public","name":"orders.old"}}"#,
    ];
    let supabase = [
        "7",
        r#"{"type":"INSERT"}"#,
        r#"{"type":"INSERT","table":"orders"}"#,
        r#"{"type":"insert","table":"orders","schema":"public"}"#,
        r#"{"type":"UPDATE","table":"orders","schema":"public"}"#,
        r#"{"type":"DELETE","table":"orders","schema":"public"}"#,
    ];
    let decoder = Decoder::default();
    let said = [
        told(&decoder, "hasura", &hasura.join("\n")),
        told(&decoder, "supabase", &supabase.join("\n")),
    ];
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn an_event_of_another_tool_is_told_its_format() {
    let sent = |text: &'static str| {
        let line = text.lines().next().unwrap();
        let events = Decoder::default()
            .decode(&Body::new(line.as_bytes()))
            .unwrap();
        let error = events[0].content.clone().unwrap_err();
        format!("{}: {error}", error.code())
    };
    insta::assert_snapshot!(
        [
            HASURA,
            SUPABASE,
            debezium::PLAIN,
            debezium::WITH_SCHEMA,
            cloudevents::STRUCTURED
        ]
        .map(sent)
        .join("\n")
    );
    let own = SALE.replace("\"id\"", "\"event\": 1, \"table\"");
    assert!(guess::foreign(&own).is_none());
}
