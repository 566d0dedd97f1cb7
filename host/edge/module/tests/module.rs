//! The module's functions, without the wasm around them.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers may fail as its body may"
)]

use action_triggers_module::Module;
use serde_json::{Value, json};

fn call(module: &mut Module, call: &Value) -> Value {
    serde_json::from_str(&module.call(call.to_string().as_bytes())).unwrap()
}

fn set(payload: &str) -> String {
    json!([{
        "config_signals": ["post_save"],
        "content_types": ["shop.sale"],
        "msg_broker_queues": [{
            "name": "kafka",
            "parameters": {"topic": "{{ shop.TOPIC }}"},
            "record": {"key": "{{ id }}", "headers": {"kind": "sale"}},
        }],
        "payload": payload,
    }])
    .to_string()
}

fn loaded() -> Module {
    let mut module = Module::default();
    let answer = call(
        &mut module,
        &json!({"load": {"set": set("{\"n\": {{ n }}}")}}),
    );
    assert_eq!(answer["ok"]["triggers"][0]["queues"][0]["is_fixed"], false);
    module
}

fn event(id: &str) -> Value {
    let text = r#"{"signal":"post_save","content_type":"shop.sale","instance":{"id":7,"n":1.10}}"#;
    json!({"text": text, "id": id})
}

/// What a call says of its only queue.
fn only(answer: &Value) -> &Value {
    let [outcome] = answer["ok"].as_array().unwrap().as_slice() else {
        panic!("{answer}")
    };
    &outcome["done"][0]
}

#[test]
fn records_come_back_in_the_outcome_with_settings_that_came_with_the_call() {
    let mut module = loaded();
    for name in ["process", "render"] {
        let answer = call(
            &mut module,
            &json!({name: {"events": [event("e1")], "settings": {"shop.TOPIC": "sales"}}}),
        );
        assert_eq!(answer["ok"][0]["id"], "e1");
        let expected = json!({"trigger": 0, "queue": 0, "record": {
            "event": 0,
            "ordering_key": "shop.sale/7",
            "destination": {"conn_details": "{}", "parameters": "{\"topic\":\"sales\"}"},
            "key": "7",
            "headers": [{"name": "kind", "value": "sale"}],
            "value": {"json": "{\"n\":1.10}"},
        }});
        assert_eq!(only(&answer), &expected, "{name}");
    }
}

#[test]
fn a_setting_that_did_not_come_is_not_allowed() {
    let answer = call(
        &mut loaded(),
        &json!({"process": {"events": [event("e1")]}}),
    );
    assert_eq!(only(&answer)["failure"]["code"], "setting_not_allowed");
}

#[test]
fn explain_says_of_every_trigger_why_it_fires() {
    let answer = call(
        &mut loaded(),
        &json!({"explain": {"events": [event("e1")]}}),
    );
    assert_eq!(only(&answer)["fires"], true);
    assert_eq!(only(&answer)["clause"], "content_type");
}

#[test]
fn an_event_that_is_not_read_says_where() {
    let bad = json!({"process": {"events": [{"text": "{\"signal\":}", "id": "e1"}]}});
    let answer = call(&mut loaded(), &bad);
    assert_eq!(answer["ok"][0]["unreadable"]["span"]["column"], 11);
}

#[test]
fn a_set_with_faults_is_refused_with_all_of_them() {
    let mut module = Module::default();
    let bad = json!({"load": {"set": set("{{ a|uper }}{{ b|lowr }}")}});
    let answer = call(&mut module, &bad);
    assert_eq!(answer["error"]["code"], "invalid_triggers");
    let found = &answer["error"]["diagnostics"][0];
    assert_eq!(found["code"], "template_unknown_filter");
    assert_eq!(found["path"], "$[0].payload");
    // It can be loaded with another set then, and with a third it cannot.
    let good = json!({"load": {"set": set("x")}});
    assert!(call(&mut module, &good)["ok"].is_object());
    assert_eq!(call(&mut module, &good)["error"]["code"], "already_loaded");
    assert!(call(&mut Module::default(), &good)["ok"].is_object());
}

#[test]
fn limits_bound_a_trigger_and_are_the_engines_own_where_they_are_left_out() {
    let loops = "{% for a in xs %}{% for b in xs %}{% for c in xs %}{{ a }}";
    let ends = "{% endfor %}{% endfor %}{% endfor %}";
    let set = set(&format!("{loops}{ends}")).replace("{{ shop.TOPIC }}", "sales");
    let xs: Vec<_> = (0..300).collect();
    let text = json!({"signal": "post_save", "content_type": "shop.sale", "instance": {"xs": xs}});
    let events = json!({"process": {"events": [{"text": text.to_string(), "id": "e1"}]}});
    for (limits, code) in [
        (json!({}), "template_out_of_fuel"),
        (json!({"output_bytes": 1000}), "template_output_too_large"),
    ] {
        let mut module = Module::default();
        call(
            &mut module,
            &json!({"load": {"set": set, "limits": limits}}),
        );
        let answer = call(&mut module, &events);
        assert_eq!(only(&answer)["failure"]["code"], code, "{answer}");
    }
}

#[test]
fn what_is_no_call_is_refused_with_what_to_write() {
    for (text, words) in [
        ("{", "EOF"),
        ("{\"proces\": {}}", "unknown variant `proces`"),
        ("{\"process\": {\"event\": []}}", "unknown field `event`"),
        ("{\"load\": {\"set\": []}}", "invalid type: sequence"),
        (
            "{\"load\": {\"set\": \"\", \"limits\": {\"fuel\": -1}}}",
            "invalid value",
        ),
    ] {
        let answer: Value = serde_json::from_str(&loaded().call(text.as_bytes())).unwrap();
        assert_eq!(answer["error"]["code"], "invalid_call", "{text}");
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains(words), "{message}");
    }
    let events = json!({"process": {"events": []}});
    let answer = call(&mut Module::default(), &events);
    assert_eq!(answer["error"]["code"], "not_loaded");
    assert_eq!(call(&mut loaded(), &events)["ok"], json!([]));
}
