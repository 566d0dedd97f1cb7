use crate::support::{Event, TestHost, done, load, publish, sale, trigger};
use action_triggers_guest::{
    event::{Input, Signal},
    explain::Clause,
    failure::Failure,
    message::Payload,
};

fn rendered(template: &str, event: &Event<'_>) -> String {
    let payload = serde_json::to_string(&[template]).unwrap();
    let set = trigger(&format!(r#""payload": {payload}"#));
    let sent = publish(&set, event, &mut TestHost::default()).unwrap();
    let [text]: [String; 1] = serde_json::from_str(&sent.value).unwrap();
    text
}

#[test]
fn the_event_and_the_instance_are_there_whatever_the_fields_are_called() {
    let event = Event {
        content_type: "shop.Sale",
        instance: r#"{"id": 1, "instance": "i", "event": "e", "before": "b", "quantity": 3}"#,
        before: Some(r#"{"id": 1, "quantity": 2.0}"#),
        ..sale()
    };
    for (template, expected) in [
        ("{{ instance.quantity }}", "3"),
        ("{{ instance.instance }}", "i"),
        ("{{ instance.event }}", "e"),
        ("{{ event.signal }}", "post_save"),
        ("{{ event.content_type }}", "shop.sale"),
        ("{{ event.id }} {{ event.time }}", "e1 2024-01-02T03:04:05Z"),
        ("{{ event.before.quantity }}", "2.0"),
        ("{{ event.changed.quantity }}", "True"),
        ("{{ event.changed.id }}", "False"),
        ("{{ changed.before }}", "True"),
        ("{{ before }}", "b"),
        ("{{ pk }}", "1"),
    ] {
        assert_eq!(rendered(template, &event), expected, "{template}");
    }
}

#[test]
fn before_and_changed_are_short_where_no_field_is_so_called() {
    let event = Event {
        before: Some(r#"{"quantity": 3.0, "gone": 1}"#),
        ..sale()
    };
    for (template, expected) in [
        ("{{ before.quantity }}", "3.0"),
        ("{{ changed.quantity }}", "False"),
        ("{{ changed.gone }}", "True"),
        ("{{ changed.note }}", "True"),
        ("{{ changed.nowhere }}", "False"),
    ] {
        assert_eq!(rendered(template, &event), expected, "{template}");
    }
    assert_eq!(
        rendered("{{ before.quantity }}{{ event.changed.x }}", &sale()),
        ""
    );
}

#[test]
fn an_event_tells_whether_a_save_made_the_instance() {
    let before = Some("{}");
    for (created, before, signal, expected) in [
        (Some(true), None, Signal::PostSave, "True"),
        (Some(false), None, Signal::PostSave, "False"),
        (Some(true), before, Signal::PostSave, "True"),
        (None, before, Signal::PostSave, "False"),
        (None, None, Signal::PostSave, ""),
        (None, before, Signal::PostDelete, ""),
    ] {
        let event = Event {
            signal,
            before,
            created,
            ..sale()
        };
        let set =
            trigger(r#""payload": ["{{ event.created }}"]"#).replace("post_save", signal.as_str());
        let sent = publish(&set, &event, &mut TestHost::default()).unwrap();
        assert_eq!(sent.value, format!("[\"{expected}\"]"));
    }
}

#[test]
fn what_was_deleted_may_stand_in_before() {
    let event = Event {
        signal: Signal::PostDelete,
        instance: "null",
        before: Some(r#"{"id": 5, "status": "paid"}"#),
        ..sale()
    };
    let set = |members: &str| trigger(members).replace("post_save", "post_delete");
    let sent = publish(&set(r#""payload": null"#), &event, &mut TestHost::default()).unwrap();
    assert_eq!(sent.value, r#"{"id":5,"status":"paid"}"#);
    assert_eq!(sent.ordering_key.as_deref(), Some("shop.sale/5"));
    let (engine, _) = load(&trigger(r#""payload": null"#));
    let saved = Event {
        signal: Signal::PostSave,
        ..event
    };
    let read = engine.process(&[saved], &mut TestHost::default()).remove(0);
    assert_eq!(
        read.unwrap_err().to_string(),
        "`instance` is null, not an object"
    );
}

#[test]
fn a_condition_decides_and_names_a_missing_before() {
    let fires = |when: &str, before: Option<&str>| {
        let set = trigger(&format!(r#""payload": "x", "when": "{when}""#));
        let (engine, _) = load(&set);
        let event = Event { before, ..sale() };
        let outcome = engine.process(&[event], &mut TestHost::default()).remove(0);
        let mut publications = outcome.unwrap();
        match publications.pop().map(|publication| publication.outcome) {
            None => Ok(false),
            Some(Ok(_)) => Ok(true),
            Some(Err(Failure::BeforeMissing(_))) => Err("before_missing"),
            Some(Err(failure)) => panic!("{failure}"),
        }
    };
    let before = Some(r#"{"quantity": 2}"#);
    assert_eq!(fires("quantity == 3", None), Ok(true));
    assert_eq!(fires("quantity == 4", None), Ok(false));
    assert_eq!(fires("changed.quantity", before), Ok(true));
    assert_eq!(fires("changed.nothing", before), Ok(false));
    assert_eq!(fires("changed.quantity", None), Err("before_missing"));
    assert_eq!(fires("not before.quantity", None), Err("before_missing"));
    assert_eq!(
        fires("event.before.quantity == 2", None),
        Err("before_missing")
    );
    assert_eq!(fires("event.before", None), Ok(false));
    // By itself it is null.
    for (when, without) in [
        ("event.before is None", true),
        ("before == None", true),
        ("None == event.changed", true),
        ("event.before is not None", false),
        ("changed != None", false),
    ] {
        assert_eq!(fires(when, None), Ok(without), "{when}");
        assert_eq!(fires(when, before), Ok(!without), "{when}");
    }
    assert_eq!(fires("'quantity' in changed", None), Err("before_missing"));
    // Only what was reached can ask for it.
    for (when, without, with) in [
        ("event.before and changed.quantity", Ok(false), Ok(true)),
        ("not event.before or changed.quantity", Ok(true), Ok(true)),
        (
            "not event.before or not changed.quantity",
            Ok(true),
            Ok(false),
        ),
        ("quantity == 4 and changed.quantity", Ok(false), Ok(false)),
        ("quantity == 3 or changed.quantity", Ok(true), Ok(true)),
        (
            "quantity == 4 or changed.quantity",
            Err("before_missing"),
            Ok(true),
        ),
    ] {
        assert_eq!(fires(when, None), without, "{when}");
        assert_eq!(fires(when, before), with, "{when}");
    }
}

#[test]
fn an_event_that_cannot_be_read_fails_alone() {
    let (engine, _) = load(&trigger(r#""payload": "x""#));
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    let deep = format!(r#"{{"a": {deep}}}"#);
    let faulty = [
        Event {
            instance: "{",
            ..sale()
        },
        Event {
            instance: "[1]",
            ..sale()
        },
        Event {
            instance: &deep,
            ..sale()
        },
        Event {
            instance: r#"{"a": "\ud800"}"#,
            ..sale()
        },
        Event {
            before: Some("[]"),
            ..sale()
        },
        Event {
            content_type: "sale",
            ..sale()
        },
        Event {
            content_type: "a.b.c",
            ..sale()
        },
        Event {
            time: Some("soon"),
            ..sale()
        },
    ];
    let messages: Vec<String> = faulty
        .iter()
        .map(|event| {
            let outcomes = engine.process(&[sale(), *event, sale()], &mut TestHost::default());
            assert!(outcomes[0].is_ok() && outcomes[2].is_ok());
            let failure = outcomes[1].as_ref().unwrap_err();
            let place = (failure.span.offset, failure.span.length);
            format!("{} {place:?} {failure}", failure.code)
        })
        .collect();
    insta::assert_snapshot!(messages.join("\n"), @r#"
    event_malformed (78, 0) the event is not of the right form: key must be a string
    event_malformed (77, 3) `instance` is a list, not an object
    event_malformed (77, 408) `instance` is nested deeper than 128 levels: make it flatter, or raise `event_depth` in `limits`
    event_malformed (77, 15) `instance` has a lone surrogate escape, such as `\ud800`, which stands for no character
    event_malformed (176, 2) `before` is a list, not an object
    invalid_content_type (52, 6) invalid content type `sale`: expected `app_label.model`
    invalid_content_type (52, 7) invalid content type `a.b.c`: expected `app_label.model`
    event_malformed (174, 6) invalid `time` "soon": expected RFC 3339
    "#);
}

#[test]
fn a_record_is_ordered_by_its_primary_key() {
    for (instance, expected) in [
        (r#"{"id": 7}"#, Some("shop.sale/7")),
        (r#"{"id": 7, "pk": "a/b"}"#, Some("shop.sale/a/b")),
        (r#"{"id": null}"#, None),
        (r"{}", None),
    ] {
        let event = Event {
            instance,
            content_type: "shop.SALE",
            ..sale()
        };
        let sent = publish(
            &trigger(r#""payload": "x""#),
            &event,
            &mut TestHost::default(),
        );
        assert_eq!(
            sent.unwrap().ordering_key.as_deref(),
            expected,
            "{instance}"
        );
    }
}

#[test]
fn a_template_that_fails_fails_its_trigger_alone() {
    let set = r#"[
      {"config_signals": ["post_save"], "content_types": ["shop.sale"], "payload": ["{{ 'a'|add:note|first }}{{ quantity|first }}"],
       "msg_broker_queues": [{"name": "a"}, {"name": "b"}]},
      {"config_signals": ["post_save"], "content_types": ["shop.sale"], "payload": ["ok"],
       "msg_broker_queues": [{"name": "c"}]}]"#;
    let (engine, _) = load(set);
    let mut host = TestHost::default();
    let outcome = engine.process(&[sale()], &mut host).remove(0).unwrap();
    let codes: Vec<_> = outcome
        .iter()
        .map(|publication| publication.outcome.as_ref().err().map(Failure::code))
        .collect();
    assert_eq!(
        codes,
        [Some("template_failed"), Some("template_failed"), None]
    );
    assert_eq!(host.sent.len(), 1);
}

#[test]
fn an_explanation_names_the_clause_that_decided() {
    let set = r#"[
      {"name": "off", "active": false, "config_signals": ["post_save"], "content_types": ["shop.sale"], "msg_broker_queues": [{"name": "k"}]},
      {"name": "deleted", "config_signals": ["post_delete", "pre_delete"], "content_types": ["shop.sale"], "msg_broker_queues": [{"name": "k"}]},
      {"name": "orders", "config_signals": ["post_save"], "content_types": ["shop.order"], "msg_broker_queues": [{"name": "k"}]},
      {"name": "plain", "config_signals": ["post_save"], "content_types": ["shop.sale"], "msg_broker_queues": [{"name": "k"}]},
      {"name": "many", "config_signals": ["post_save"], "content_types": ["shop.sale"], "msg_broker_queues": [{"name": "k"}], "when": "quantity == 9"},
      {"name": "three", "config_signals": ["post_save"], "content_types": ["shop.sale"], "msg_broker_queues": [{"name": "k"}], "when": "quantity == 3"},
      {"name": "changed", "config_signals": ["post_save"], "content_types": ["shop.sale"], "msg_broker_queues": [{"name": "k"}], "when": "changed.quantity"}]"#;
    let (engine, _) = load(set);
    let explanations = engine.explain(&sale()).unwrap();
    let lines: Vec<String> = explanations
        .iter()
        .map(|e| {
            format!(
                "{} {} {}: {}",
                e.trigger,
                e.fires,
                e.clause.as_str(),
                e.reason
            )
        })
        .collect();
    assert_eq!(explanations[3].clause, Clause::ContentType);
    insta::assert_snapshot!(lines.join("\n"), @r#"
    0 false active: the trigger is not active
    1 false signal: it listens to `post_delete`, `pre_delete`, and the event is `post_save`
    2 false content_type: it watches `shop.order`, and the event is about `shop.sale`
    3 true content_type: it listens to `post_save` of `shop.sale`
    4 false when: `quantity == 9` does not hold
    5 true when: `quantity == 3` holds
    6 false when: the condition `changed.quantity` looks at the instance before the change, and the event has no `before`: send it, or ask for `event.before` first
    "#);
    let deleted = Event {
        signal: Signal::PreDelete,
        ..sale()
    };
    assert!(engine.explain(&deleted).unwrap()[1].fires);
}

#[test]
fn a_text_that_is_not_an_event_says_why_and_where() {
    let (engine, _) = load(&trigger(r#""payload": "x""#));
    let with = |members: &str| {
        format!(r#"{{"signal":"post_save","content_type":"shop.sale","instance":{{}}{members}}}"#)
    };
    let texts = [
        r#"["1","post_save","a.b",{}]"#.to_owned(),
        "{".into(),
        "{}".into(),
        "\u{feff}{}".into(),
        with(r#","befor":{}"#),
        with(r#","before":[]"#),
        with(r#","id":1.5"#),
        with(r#","id":"""#),
        with(r#","signal":"pre_save""#),
        with(r#","created":1"#),
        with(r#","time":7"#),
        r#"{"signal":"saved","content_type":"a.b","instance":{}}"#.into(),
        r#"{"signal":"post_svae","content_type":"a.b","instance":{}}"#.into(),
        r#"{"signal":1,"content_type":"a.b","instance":{}}"#.into(),
        r#"{"signal":"post_save","content_type":7,"instance":{}}"#.into(),
        r#"{"signal":"post_save","content_type":"a","instance":{}}"#.into(),
        r#"{"signal":"post_save","content_type":{"app_label":"a","model":"b.c"},"instance":{}}"#
            .into(),
        r#"{"signal":"post_save","content_type":"shop.sale","instance":7}"#.into(),
        "{\"signal\":\"post_save\",\n \"content_type\":\"ä.é\", é}".into(),
    ];
    let mut told = Vec::new();
    for text in texts {
        let input = Input {
            text: text.clone(),
            id: "h".into(),
        };
        let host = &mut TestHost::default();
        let outcome = engine.engine.process(vec![input], host).remove(0);
        let error = done(outcome).unwrap_err();
        let span = error.span;
        let part = text.get(span.offset..span.offset + span.length).unwrap();
        told.push(format!(
            "{} {}:{} `{part}` {error}",
            error.code, span.line, span.column
        ));
    }
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn an_event_that_no_trigger_concerns_has_its_instance_left_alone() {
    let (engine, _) = load(&trigger(r#""payload": "x""#));
    let event = |content_type: &'static str| Event {
        content_type,
        instance: r#"{"a": "\ud800"}"#,
        ..sale()
    };
    let outcomes = engine.process(
        &[event("shop.order"), event("shop.sale")],
        &mut TestHost::default(),
    );
    assert!(outcomes[0].as_ref().is_ok_and(Vec::is_empty));
    assert!(outcomes[1].is_err());
}

#[test]
fn an_event_has_its_own_id_or_the_hosts() {
    let (engine, _) = load(&trigger(r#""payload": ["{{ event.id }}"]"#));
    for (members, expected) in [
        ("", "h"),
        (r#""id": null, "#, "h"),
        (r#""id": -7, "#, "-7"),
        (r#""id": "a\u0062", "#, "ab"),
    ] {
        let input = Input {
            text: format!(
                r#"{{{members}"signal": "post_save", "content_type": "shop.sale", "instance": {{}}}}"#
            ),
            id: "h".into(),
        };
        let outcome = engine
            .engine
            .render(vec![input], &mut TestHost::default())
            .remove(0);
        assert_eq!(outcome.id, expected);
        let message = done(outcome).unwrap().remove(0).message.unwrap();
        assert_eq!(message.value, Payload::Json(format!("[\"{expected}\"]")));
    }
}
