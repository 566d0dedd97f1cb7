//! What holds for every body.

use proptest::prelude::*;

use super::*;

/// Any JSON text, with numbers that no float holds and with spaces where they may be.
fn json_text() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?",
        any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
        Just(r#""\u00e9\/\ud83d\ude00""#.to_owned()),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        let member = (any::<String>(), inner.clone());
        let member = member.prop_map(|(name, value)| {
            format!("{} :\t{value}", serde_json::to_string(&name).unwrap())
        });
        prop_oneof![
            prop::collection::vec(inner, 0..5).prop_map(|items| format!("[{}]", items.join(" , "))),
            prop::collection::vec(member, 0..5)
                .prop_map(|members| format!("{{ {} }}", members.join(","))),
        ]
    })
}

/// The event of a body that has one.
fn event(body: &Body<'_>) -> String {
    let events = Decoder::default().decode(body).unwrap();
    match &events[0].content {
        Ok(Content::Event(text)) => text.clone().into_owned(),
        other => panic!("{other:?}"),
    }
}

fn body<'a>(text: &'a str, format: &'a str) -> Body<'a> {
    Body::new(text.as_bytes()).format(format)
}

proptest! {
    #[test]
    fn a_value_in_an_instance_survives_byte_for_byte(value in json_text(), other in json_text()) {
        let row = format!(r#"{{"first": {value}, "second":{other} }}"#);
        let expected = format!(r#""instance":{row}"#);
        let before = format!(r#""before":{row}"#);
        let bodies = [
            ("hasura", format!(r#"{{"event":{{"op":"UPDATE","data":{{"old":{row},"new":{row}}}}},"table":{{"schema":"a","name":"b"}}}}"#)),
            ("supabase", format!(r#"{{"type":"UPDATE","record":{row},"old_record":{row},"table":"b","schema":"a"}}"#)),
            ("debezium", format!(r#"{{"op":"u","before":{row},"after":{row},"source":{{"schema":"a","table":"b"}}}}"#)),
        ];
        for (format, text) in &bodies {
            let event = event(&body(text, format));
            prop_assert!(event.contains(&expected), "{}: {}", format, event);
            prop_assert!(event.contains(&before), "{}: {}", format, event);
        }
        let cloud_event = format!(r#"{{"specversion":"1.0","id":"1","source":"s","type":"a.b.post_save","data":{row}}}"#);
        let event = event(&body(&cloud_event, "cloudevents"));
        prop_assert!(event.contains(&expected), "{}", event);
    }

    #[test]
    fn beside_values_that_are_decoded_all_stays_as_it_was(value in json_text()) {
        let text = format!(
            r#"{{"schema":{{"fields":[{{"field":"after","fields":[{{"field":"born","name":"io.debezium.time.Date"}},{{"field":"value"}}]}}]}},"payload":{{"op":"c","after":{{ "value" : {value} ,"born":  1, "value": {value} }},"source":{{"schema":"a","table":"b"}}}}}}"#
        );
        let expected = format!(r#""instance":{{ "value" : {value} ,"born":  "1970-01-02", "value": {value} }}"#);
        let event = event(&body(&text, "debezium"));
        prop_assert!(event.contains(&expected), "{}", event);
    }

    #[test]
    fn no_body_panics(
        format in prop::sample::select(Format::names().collect::<Vec<_>>()),
        bytes in prop::collection::vec(any::<u8>(), 0..64),
        header in prop::collection::vec(any::<u8>(), 0..16),
    ) {
        let headers: &[(&str, &[u8])] = &[("ce-specversion", b"1.0"), ("ce-id", &header), ("ce-type", &header)];
        Decoder::default().decode(&Body::new(&bytes).format(format)).ok();
        Decoder::default().decode(&Body::new(&bytes).headers(headers)).ok();
    }

    #[test]
    fn no_sample_that_is_cut_or_changed_panics(
        sample in prop::sample::select(vec![
            (HASURA, "hasura"), (SUPABASE, "supabase"), (debezium::PLAIN, "debezium"),
            (debezium::WITH_SCHEMA, "debezium"), (cloudevents::STRUCTURED, "cloudevents"),
        ]),
        place in any::<prop::sample::Index>(),
        by in json_text(),
    ) {
        let (text, format) = sample;
        let place = place.index(text.len());
        let content_type = "application/x-ndjson";
        let changed = [&text.as_bytes()[..place], by.as_bytes(), &text.as_bytes()[place + 1..]].concat();
        for bytes in [&text.as_bytes()[..place], &changed] {
            let decoded = Decoder::default().decode(&Body::new(bytes).format(format).content_type(content_type));
            for event in decoded.unwrap() {
                if let Ok(Content::Event(text)) = event.content {
                    prop_assert!(serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok(), "{}", text);
                }
            }
        }
    }
}
