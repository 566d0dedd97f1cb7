use crate::support::{Event, TestHost, publish, sale, trigger};
use action_triggers_guest::{engine::Engine, limits::Limits};
use proptest::prelude::*;
use serde_json::{Value, json};

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i32>().prop_map(|number| json!(f64::from(number) / 64.0)),
        any::<String>().prop_map(Value::from),
        "[\"'\\\\{}%\\n<>&,:a-c ]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn published(payload: &Value, field: &Value, types: &str) -> Value {
    let instance = json!({ "f": field }).to_string();
    let event = Event {
        instance: &instance,
        ..sale()
    };
    let set = trigger(&format!(
        r#""payload": {payload}, "payload_types": "{types}""#
    ));
    let sent = publish(&set, &event, &mut TestHost::default()).unwrap();
    assert!(sent.is_json);
    serde_json::from_str(&sent.value).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_text_stays_what_it_is_wherever_it_stands(text in any::<String>()) {
        let payload = json!({"a": ["{{ f }}", {"b": "<{{ instance.f }}>"}], "{{ f }}!": 1});
        let expected = json!({"a": [text, {"b": format!("<{text}>")}], format!("{text}!"): 1});
        prop_assert_eq!(published(&payload, &json!(text), "strings"), expected);
    }

    #[test]
    fn no_value_changes_the_shape(field in any_json()) {
        let payload = json!({"a": ["{{ f }}", 1, {"b": "x{{ f }}y"}], "c": true});
        let value = published(&payload, &field, "strings");
        prop_assert!(value["a"][0].is_string());
        prop_assert!(value["a"][2]["b"].is_string());
        prop_assert_eq!(&value["a"][1], &json!(1));
        prop_assert_eq!(value["a"].as_array().map(Vec::len), Some(3));
        prop_assert_eq!(value.as_object().map(serde_json::Map::len), Some(2));
    }

    #[test]
    fn native_values_round_trip(field in any_json()) {
        let payload = json!({"a": ["{{ f }}"], "b": "{{ instance }}"});
        let value = published(&payload, &field, "native");
        prop_assert_eq!(value, json!({"a": [field.clone()], "b": {"f": field}}));
    }

    #[test]
    fn the_instance_round_trips(field in any_json()) {
        prop_assert_eq!(published(&Value::Null, &field, "strings"), json!({ "f": field }));
    }

    #[test]
    fn any_tree_of_plain_values_is_published_as_it_is(tree in any_json()) {
        let is_plain = |text: &str| !text.contains(['{', '}']);
        prop_assume!(is_plain(&tree.to_string().replace("{\"", "").replace('}', "")));
        prop_assume!(tree.is_array() && tree.as_array().is_some_and(|items| !items.is_empty()));
        prop_assert_eq!(published(&tree, &json!(1), "strings"), tree);
    }

    #[test]
    fn numbers_are_published_as_they_are_written(
        number in "-?(0|[1-9][0-9]{0,30})([.][0-9]{1,20})?([eE][+-]?[0-9]{1,3})?",
    ) {
        let instance = format!(r#"{{"f": {number}}}"#);
        let event = Event { instance: &instance, ..sale() };
        let set = trigger(&format!(
            r#""payload": [{number}, "{{{{ f }}}}", "{{{{ instance }}}}"], "payload_types": "native""#
        ));
        let sent = publish(&set, &event, &mut TestHost::default()).unwrap();
        prop_assert_eq!(sent.value, format!(r#"[{number},{number},{{"f":{number}}}]"#));
        let set = trigger(r#""payload": ["{{ f }}"]"#);
        let sent = publish(&set, &event, &mut TestHost::default()).unwrap();
        prop_assert_eq!(sent.value, format!(r#"["{number}"]"#));
    }

    #[test]
    fn load_never_panics_on_text(text in any::<String>()) {
        _ = Engine::load(&text, Vec::new(), Limits::default());
    }

    #[test]
    fn load_never_panics_on_json(value in any_json(), name in "config_signals|content_types|msg_broker_queues|payload|when|name|id|active|webhooks|payload_types") {
        _ = Engine::load(value.to_string(), Vec::new(), Limits::default());
        _ = Engine::load(json!([value]).to_string(), Vec::new(), Limits::default());
        _ = Engine::load(json!([{ name.clone(): value }]).to_string(), Vec::new(), Limits::default());
        _ = Engine::load(json!([{ name: [value] }]).to_string(), Vec::new(), Limits::default());
    }

    #[test]
    fn load_never_panics_on_a_queue(value in any_json(), name in "name|conn_details|parameters|timeout_secs|record") {
        _ = Engine::load(json!([{"msg_broker_queues": [{ name: value }]}]).to_string(), Vec::new(), Limits::default());
        _ = Engine::load(json!([{"msg_broker_queues": [{"record": value}]}]).to_string(), Vec::new(), Limits::default());
    }
}
