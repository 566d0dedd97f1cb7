//! What is an event, and what is not.

use super::*;

fn read(line: &str) -> Result<Event, EventError> {
    Event::from_json(line, || "given".into())
}

fn with(members: &str) -> String {
    format!(r#"{{"signal":"post_save","content_type":"shop.sale","instance":{{"id":1}}{members}}}"#)
}

#[test]
fn instance_and_before_stay_as_they_were_written() {
    let line = r#"{"signal":"pre_delete","content_type":"shop.Sale","id":"e1","time":"2026-01-01T00:00:00Z",
        "before":{"b":1.10, "a":[]}, "instance": {"price": 1.10,"n":12345678901234567890123} }"#;
    let event = read(line).unwrap();
    assert_eq!(
        event.instance,
        r#"{"price": 1.10,"n":12345678901234567890123}"#
    );
    assert_eq!(event.before.as_deref(), Some(r#"{"b":1.10, "a":[]}"#));
    assert_eq!(event.content_type, "shop.Sale");
    assert_eq!(event.signal, Signal::PreDelete);
    assert_eq!(event.time.as_deref(), Some("2026-01-01T00:00:00Z"));
}

#[test]
fn an_id_is_text_or_integer_or_given() {
    for (written, id) in [
        ("", "given"),
        (r#","id":"a\u0062""#, "ab"),
        (r#","id":-7"#, "-7"),
        (r#","id":null"#, "given"),
    ] {
        assert_eq!(read(&with(written)).unwrap().id, id);
    }
    let long = format!(r#","id":"{}""#, "x".repeat(MAX_ID + 1));
    for written in [
        r#","id":"""#,
        r#","id":1.5"#,
        r#","id":1e3"#,
        r#","id":[]"#,
        r#","id":true"#,
        &long,
    ] {
        assert_eq!(
            read(&with(written)),
            Err(EventError::InvalidId),
            "{written}"
        );
    }
}

#[test]
fn a_content_type_is_text_or_its_parts() {
    for written in [
        r#""shop.sale""#,
        r#"{"app_label":"shop","model":"sale"}"#,
        r#"{"app_label":"shop","model_name":"sale"}"#,
    ] {
        let line = format!(r#"{{"signal":"post_save","content_type":{written},"instance":{{}}}}"#);
        assert_eq!(read(&line).unwrap().content_type, "shop.sale");
    }
    for written in ["shop", ".sale", "shop.", "", "a.b.c"] {
        let line =
            format!(r#"{{"signal":"post_save","content_type":"{written}","instance":{{}}}}"#);
        assert_eq!(
            read(&line),
            Err(EventError::InvalidContentType(written.into()))
        );
    }
}

#[test]
fn a_null_before_is_none() {
    assert_eq!(read(&with(r#","before":null"#)).unwrap().before, None);
}

#[test]
fn deep_nesting_is_only_text() {
    let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let event = read(&format!(
        r#"{{"signal":"post_save","content_type":"a.b","instance":{{"deep":{deep}}}}}"#
    ));
    assert_eq!(
        event.unwrap().instance.len(),
        400_000 + r#"{"deep":}"#.len()
    );
}

#[test]
fn bytes_are_bounded_before_they_are_parsed() {
    let line = with("");
    let read = |maximum| Event::from_bytes(line.as_bytes(), maximum, String::new);
    assert!(read(line.len()).is_ok());
    let maximum = line.len() - 1;
    assert_eq!(read(maximum), Err(EventError::TooLarge { maximum }));
}

#[test]
fn bytes_that_are_not_text_say_where() {
    let read = Event::from_bytes(b"{\"signal\": \"\xff\"}", 100, String::new);
    assert_eq!(read, Err(EventError::NotUtf8 { offset: 12 }));
}
