use crate::support::{Event, SALE, TestHost, publish, sale, trigger, value};
use action_triggers_guest::failure::Failure;

#[test]
fn trees_keep_their_shape_and_only_strings_are_templates() {
    for (payload, expected) in [
        (r#"{"n": "{{ customer.name }}"}"#, r#"{"n":"Alice"}"#),
        (
            r#"{"n": "{{ instance.customer.name }}"}"#,
            r#"{"n":"Alice"}"#,
        ),
        (
            r#"{"{{ quantity }}": [1, "{{ quantity }}"]}"#,
            r#"{"3":[1,"3"]}"#,
        ),
        (
            r#"{"b": 1200.00, "a": 1e400}"#,
            r#"{"b":1200.00,"a":1e400}"#,
        ),
        (
            r#"{"t": true, "f": false, "n": null, "q": "it's \"so\""}"#,
            r#"{"t":true,"f":false,"n":null,"q":"it's \"so\""}"#,
        ),
        (r#"["{{ note }}", "{{ nothing }}"]"#, r#"["None",""]"#),
        (r#"{"p": "{{ price }}"}"#, r#"{"p":"1200.00"}"#),
        (r"[]", "[]"),
        (r"0", "0"),
        (r"false", "false"),
        (
            "123456789012345678901234567890",
            "123456789012345678901234567890",
        ),
    ] {
        let sent = value(payload, "");
        assert_eq!(
            (sent.value.as_str(), sent.is_json),
            (expected, true),
            "{payload}"
        );
    }
}

#[test]
fn without_a_payload_the_instance_is_published() {
    let compact = SALE.replace(": ", ":").replace(", ", ",");
    for payload in ["null", "{}", "\"\""] {
        assert_eq!(value(payload, "").value, compact, "{payload}");
    }
    let sent = publish(
        &trigger(r#""active": true"#),
        &sale(),
        &mut TestHost::default(),
    )
    .unwrap();
    assert_eq!(sent.value, compact);
    assert!(sent.is_json);
}

#[test]
fn text_that_is_json_is_that_json_and_all_else_is_text() {
    for (payload, expected, is_json) in [
        (r#""Hello {{ customer.name }}!""#, "Hello Alice!", false),
        (
            r#""{\"q\": {{ quantity }}, \"p\": {{ price }}}""#,
            r#"{"q":3,"p":1200.00}"#,
            true,
        ),
        (r#""{{ quantity }}""#, "3", true),
        (r#"" [1, 2] ""#, "[1,2]", true),
        (r#""NaN""#, "NaN", false),
        (r#""{'single': 1}""#, "{'single': 1}", false),
        (r#""007""#, "007", false),
        (r#""{{ note }}""#, "None", false),
    ] {
        let sent = value(payload, "");
        assert_eq!(
            (sent.value.as_str(), sent.is_json),
            (expected, is_json),
            "{payload}"
        );
    }
}

#[test]
fn native_payloads_give_values_their_json_type() {
    for (payload, expected, is_json) in [
        (
            r#"{"q": "{{ quantity }}", "p": "{{ price }}", "t": "{{ quantity }} pieces"}"#,
            r#"{"q":3,"p":1200.00,"t":"3 pieces"}"#,
            true,
        ),
        (
            r#"["{{ customer }}", "{{ note }}", "{{ nothing }}", "{{ customer.name }}"]"#,
            r#"[{"name":"Alice"},null,"","Alice"]"#,
            true,
        ),
        (r#"{"{{ quantity }}": 1}"#, r#"{"3":1}"#, true),
        (r#""{{ price }}""#, "1200.00", true),
        (r#""{{ customer.name }}""#, "Alice", false),
    ] {
        let sent = value(payload, r#", "payload_types": "native""#);
        assert_eq!(
            (sent.value.as_str(), sent.is_json),
            (expected, is_json),
            "{payload}"
        );
    }
}

#[test]
fn of_names_that_render_alike_the_last_counts_in_the_place_of_the_first() {
    let sent = value(r#"{"{{ quantity }}": 1, "b": 2, "3": 3}"#, "");
    assert_eq!(sent.value, r#"{"3":3,"b":2}"#);
}

#[test]
fn a_hostile_value_stays_inside_its_string() {
    let event = Event {
        instance: r#"{"note": "\", \"admin\": true, \"x\": \"\n{{ id }}\\"}"#,
        ..sale()
    };
    let set = trigger(r#""payload": {"note": "{{ note }}"}"#);
    let sent = publish(&set, &event, &mut TestHost::default()).unwrap();
    assert_eq!(
        sent.value,
        r#"{"note":"\", \"admin\": true, \"x\": \"\n{{ id }}\\"}"#
    );
}

#[test]
fn a_payload_is_rendered_once_for_all_queues() {
    let set = r#"[{"config_signals": ["post_save"], "content_types": ["shop.Sale"],
        "msg_broker_queues": [{"name": "a"}, {"name": "nope"}, {"name": "c"}],
        "payload": {"q": "{{ quantity }}"}}]"#;
    let (engine, loaded) = crate::support::load(set);
    let brokers = loaded.triggers[0].queues.iter().map(|queue| &*queue.broker);
    assert!(brokers.eq(["a", "nope", "c"]));
    let mut host = TestHost::default();
    let outcomes = engine.process(&[sale()], &mut host);
    let publications = outcomes[0].as_ref().unwrap();
    let codes: Vec<_> = publications
        .iter()
        .map(|publication| publication.outcome.as_ref().err().map(Failure::code))
        .collect();
    assert_eq!(codes, [None, Some("unknown_broker"), None]);
    assert_eq!(host.sent[0].value, host.sent[1].value);
    assert_eq!((host.sent[0].queue, host.sent[1].queue), (0, 2));
}
