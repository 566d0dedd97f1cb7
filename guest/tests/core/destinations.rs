use action_triggers_guest::host::Broker;

use crate::support::{TestEngine, TestHost, publish, sale};

fn host() -> TestHost {
    let settings = [
        ("m.HOST", r#""h1:9092""#),
        ("m.QUOTE", r#""a\"b\\c {{ m.HOST }}""#),
        ("m.PORT", "9092"),
        ("m.RATE", "1.50"),
        ("m.ON", "true"),
        ("m.NONE", "null"),
        ("m.LIST", r#"[1, "{{ m.HOST }}"]"#),
        ("m.DICT", r#"{ "a" : 1 }"#),
        ("m.BROKEN", "{"),
    ];
    let settings = settings.map(|(path, value)| (path.into(), value.into()));
    TestHost {
        settings: settings.into(),
        ..TestHost::default()
    }
}

fn parameters(parameters: &str) -> Result<String, String> {
    let set = format!(
        r#"[{{"config_signals": ["post_save"], "content_types": ["shop.sale"], "payload": "x",
             "msg_broker_queues": [{{"name": "k", "parameters": {parameters}}}]}}]"#
    );
    publish(&set, &sale(), &mut host())
        .map(|sent| sent.parameters)
        .map_err(|failure| format!("{}: {failure}", failure.code()))
}

#[test]
fn placeholders_are_replaced_in_every_string_but_not_in_names() {
    for (given, expected) in [
        ("null", "{}"),
        (
            r#"{ "a" : 1.00 , "b" : [ null ] }"#,
            r#"{"a":1.00,"b":[null]}"#,
        ),
        (r#"{"topic": "{{m.HOST}}"}"#, r#"{"topic":"h1:9092"}"#),
        (
            r#"{"a": ["x {{ m.HOST }}, {{ m.PORT }}{{ m.ON }}"]}"#,
            r#"{"a":["x h1:9092, 9092True"]}"#,
        ),
        (r#"{"a": {"b": "{{ m.RATE }}"}}"#, r#"{"a":{"b":1.50}}"#),
        (
            r#"{"a": "{{ m.LIST }}", "b": "{{ m.NONE }}"}"#,
            r#"{"a":[1,"{{ m.HOST }}"],"b":null}"#,
        ),
        (r#"{"a": "{{ m.DICT }}"}"#, r#"{"a":{"a":1}}"#),
        (
            r#"{"a": "<{{ m.QUOTE }}>"}"#,
            r#"{"a":"<a\"b\\c {{ m.HOST }}>"}"#,
        ),
        (r#"{"{{ m.HOST }}": 1}"#, r#"{"{{ m.HOST }}":1}"#),
        (
            r#"{"a": "{{ m.HOST", "b": "}} {{"}"#,
            r#"{"a":"{{ m.HOST","b":"}} {{"}"#,
        ),
        (r#"{"a": "{{ m.\nHOST }}"}"#, r#"{"a":"{{ m.\nHOST }}"}"#),
        (r#"{"a": "{{ \n{{ m.PORT }}"}"#, r#"{"a":"{{ \n9092"}"#),
        // What must be text becomes one.
        (r#"{"topic": "{{ m.PORT }}"}"#, r#"{"topic":"9092"}"#),
        (
            r#"{"x": {"topic": "{{ m.PORT }}"}}"#,
            r#"{"x":{"topic":9092}}"#,
        ),
    ] {
        assert_eq!(parameters(given).as_deref(), Ok(expected), "{given}");
    }
}

#[test]
fn a_setting_that_cannot_be_had_is_a_failure_with_its_path() {
    let failures: Vec<String> = [
        r#"{"topic": "{{ m.SECRET }}"}"#,
        r#"{"topic": "{{{ m.HOST }}}"}"#,
        r#"{"topic": "{{ }}"}"#,
        r#"{"topic": "{{ m.NONE }}"}"#,
        r#"{"a": "x{{ m.LIST }}"}"#,
        r#"{"a": "x{{ m.DICT }}"}"#,
        r#"{"a": "{{ m.BROKEN }}"}"#,
    ]
    .map(|given| parameters(given).unwrap_err())
    .into();
    insta::assert_snapshot!(failures.join("\n"), @r#"
    setting_not_allowed: placeholder `m.SECRET`: the path is not on the allow-list: add it to `ALLOWED_DYNAMIC_IMPORT_PATHS`
    setting_not_allowed: placeholder `{ m.HOST`: the path is not on the allow-list: add it to `ALLOWED_DYNAMIC_IMPORT_PATHS`
    setting_not_allowed: placeholder ``: the path is not on the allow-list: add it to `ALLOWED_DYNAMIC_IMPORT_PATHS`
    setting_not_text: placeholder `m.NONE`: it stands in a text, but its value is null
    setting_not_text: placeholder `m.LIST`: it stands in a text, but its value is a list
    setting_not_text: placeholder `m.DICT`: it stands in a text, but its value is an object
    setting_failed: placeholder `m.BROKEN`: the value is not JSON
    "#);
}

#[test]
fn settings_are_asked_anew_for_each_event_and_only_where_named() {
    let set = r#"[{"config_signals": ["post_save"], "content_types": ["shop.sale"], "payload": "x",
        "msg_broker_queues": [{"name": "k", "conn_details": {"bootstrap_servers": "{{ m.HOST }}"}},
                              {"name": "k", "parameters": {"topic": "t"}}]}]"#;
    let (engine, _) = crate::support::load(set);
    let mut host = host();
    engine.process(&[sale(), sale()], &mut host);
    assert_eq!(host.asked, ["m.HOST", "m.HOST"]);
    assert_eq!(
        host.sent[0].conn_details,
        r#"{"bootstrap_servers":"h1:9092"}"#
    );
    assert_eq!(host.sent[1].conn_details, "{}");
    assert_eq!(host.sent[1].parameters, r#"{"topic":"t"}"#);
}

#[test]
fn what_the_host_sets_itself_is_dropped_before_it_is_looked_at() {
    let set = r#"[{"config_signals": ["post_save"], "content_types": ["shop.sale"], "payload": "x",
        "msg_broker_queues": [{"name": "k", "conn_details": {"bootstrap_servers": "{{ m.SECRET }}", "acks": 1},
                                            "parameters": {"topic": "{{ m.SECRET }}"}},
                              {"name": "other", "conn_details": {"bootstrap_servers": "h"}}]}]"#;
    let broker = Broker {
        name: "k".into(),
        conn_details: vec!["bootstrap_servers".into()],
        parameters: vec!["topic".into()],
        ..Broker::default()
    };
    let (engine, _) = TestEngine::load(set, vec![broker]).unwrap();
    let mut host = host();
    engine.process(&[sale()], &mut host);
    assert!(host.asked.is_empty(), "{:?}", host.asked);
    assert_eq!(host.sent[0].conn_details, r#"{"acks":1}"#);
    assert_eq!(host.sent[0].parameters, "{}");
    assert_eq!(host.sent[1].conn_details, r#"{"bootstrap_servers":"h"}"#);
}
