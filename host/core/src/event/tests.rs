//! Events written, bounded and named.

use std::collections::BTreeSet;

use super::*;

#[test]
fn an_event_is_spliced_into_one_text() {
    let event = Event {
        before: Some(r#"{"price": 9.90}"#.into()),
        created: Some(false),
        time: Some("2024-01-02T03:04:05Z".into()),
        ..Event::new("a\"b", Signal::PostSave, "shop.sale", r#"{"price": 10.50}"#)
    };
    assert_eq!(
        event.to_json().unwrap(),
        r#"{"id":"a\"b","signal":"post_save","content_type":"shop.sale","instance":{"price": 10.50},"before":{"price": 9.90},"created":false,"time":"2024-01-02T03:04:05Z"}"#
    );
}

#[test]
fn an_instance_cannot_bring_members_of_the_event() {
    let event = Event::new("e", Signal::PostSave, "shop.sale", r#"{}, "before": {}"#);
    assert_eq!(event.to_json().unwrap_err().code(), "event_malformed");
}

#[test]
fn an_event_under_another_id_keeps_everything_else() {
    let text =
        r#"{ "signal": "post_save", "id": 7, "instance": {"id": 1, "p": 10.50}, "id": "b" }"#;
    let event = EventText {
        text: text.to_owned(),
        id: "b".to_owned(),
    };
    let renamed = event.renamed("b~2").unwrap();
    assert_eq!(
        (renamed.text.as_str(), renamed.id.as_str()),
        (
            r#"{"id":"b~2","signal":"post_save","instance":{"id": 1, "p": 10.50}}"#,
            "b~2"
        )
    );
    let list = EventText {
        text: "[]".to_owned(),
        id: String::new(),
    };
    assert_eq!(list.renamed("b").unwrap_err().code(), "event_malformed");
}

#[test]
fn a_text_is_bounded_and_utf_8() {
    assert_eq!(text_of(b"abc", 3), Ok("abc"));
    assert_eq!(text_of(b"abcd", 3).unwrap_err().code(), "event_too_large");
    let error = text_of(b"a\xff", 3).unwrap_err();
    assert_eq!(error.span(), Some(1..2));
    assert_eq!(error.code(), "event_not_utf8");
}

#[test]
fn ids_are_unique_ordered_and_of_version_7() {
    let ids: Vec<String> = EventIds::new(1_700_000_000_000, [255; 10])
        .take(1000)
        .collect();
    let distinct: BTreeSet<&String> = ids.iter().collect();
    assert_eq!(distinct.len(), 1000);
    for id in &ids {
        let id = uuid::Uuid::parse_str(id).unwrap();
        assert_eq!(id.get_version_num(), 7);
        assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
    }
}
