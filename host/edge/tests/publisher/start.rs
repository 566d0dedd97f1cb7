//! Configurations, secrets and compositions: what comes before the first event.

use action_triggers_edge::{Parts, components, compose};
use action_triggers_host::EMBEDDED;
use serde_json::json;
use wasmtime::{Engine, component::Component};

use super::{
    caller::{Caller, Configuration, File, Problem, Syntax, artefact},
    delivery::{WRITTEN, answered},
};

fn codes(problems: &[Problem]) -> Vec<(&str, &str)> {
    let problems = problems.iter();
    problems
        .map(|one| (one.code.as_str(), one.path.as_str()))
        .collect()
}

/// A configuration with these triggers.
pub(super) fn config(url: &str, triggers: &serde_json::Value) -> serde_json::Value {
    json!({
        "ACTION_TRIGGERS": {"brokers": {"kafka": {
            "broker_type": "kafka",
            "conn_details": {"bootstrap_servers": "a:9092"},
        }}},
        "ACTION_TRIGGER_SETTINGS": {"ALLOWED_DYNAMIC_IMPORT_PATHS": ["shop.TOPIC"]},
        "values": {"shop.TOPIC": {"env": "TOPIC"}},
        "clusters": {"a:9092": {"rest_url": url, "linger_ms": 0}},
        "triggers": triggers,
    })
}

/// A trigger for every saved sale.
pub(super) fn trigger() -> serde_json::Value {
    json!({
        "name": "sold",
        "config_signals": ["post_save"],
        "content_types": ["shop.sale"],
        "msg_broker_queues": [{"name": "kafka", "parameters": {"topic": "sales"}}],
        "payload": {"id": "{{ id }}", "text": "{{ text }}"},
    })
}

#[test]
fn it_has_no_imports_at_all() {
    let engine = Engine::default();
    let component = Component::new(&engine, artefact("edge.wasm")).unwrap();
    let kind = component.component_type();
    assert_eq!(kind.imports(&engine).len(), 0);
    let exports: Vec<_> = kind.exports(&engine).map(|(name, _)| name).collect();
    assert_eq!(
        exports,
        [
            "action-triggers:edge/types@0.1.0",
            "action-triggers:edge/publisher@0.1.0"
        ]
    );
}

#[test]
fn the_faults_of_a_configuration_and_of_its_triggers_are_found_with_their_places() {
    let mut bad = config("ftp://proxy", &json!([]));
    bad["text_encoding"] = json!("jsn");
    let problems = Caller::new().configure(&bad.to_string()).unwrap_err();
    assert_eq!(
        codes(&problems),
        [
            ("invalid_rest_url", "$.clusters[\"a:9092\"].rest_url"),
            ("unknown_value", "$.text_encoding"),
        ]
    );
    let mut trigger = trigger();
    trigger["payload"] = json!("{{ a|uper }}");
    let bad = config("http://proxy", &json!([trigger]));
    let problems = Caller::new().configure(&bad.to_string()).unwrap_err();
    assert_eq!(
        codes(&problems),
        [("template_unknown_filter", "$.triggers[0].payload")]
    );
    assert!(problems[0].help.as_deref().unwrap().contains("`upper`"));
}

#[test]
fn a_configuration_may_be_toml_and_name_a_file_of_triggers() {
    let file = |path: &str, text: String| File {
        path: path.to_owned(),
        text,
    };
    let mut config = Configuration {
        text: "triggers = \"sets/triggers.json\"".to_owned(),
        syntax: Syntax::Toml,
        files: Vec::new(),
    };
    let problems = Caller::new().configure_with(&config).unwrap_err();
    assert_eq!(codes(&problems), [("file_unreadable", "$.triggers")]);
    config.files = vec![file("sets/triggers.json", json!([trigger()]).to_string())];
    assert!(Caller::new().configure_with(&config).is_ok());
}

#[test]
fn secrets_come_with_the_start_under_the_names_that_the_configuration_has() {
    let mut config = config("http://proxy", &json!([trigger()]));
    let cluster = &mut config["clusters"]["a:9092"];
    cluster["auth"] = json!({"bearer": {"env": "TOKEN"}});
    cluster["headers"] = json!({"X-Key": {"file": "run/key"}});
    let mut caller = Caller::new();
    caller.configure(&config.to_string()).unwrap();
    let event = r#"{"signal":"post_save","content_type":"shop.sale","instance":{}}"#;
    let misuse = caller.process(&[event.to_owned()]).unwrap_err();
    assert_eq!(misuse.code, "not_started");
    let problems = caller.start(&[("TOKEN", "t0k3n")]).unwrap_err();
    assert_eq!(codes(&problems), [("secret_unavailable", "$.clusters")]);
    assert!(
        problems[0].message.contains("file `run/key`"),
        "{problems:?}"
    );
    let secrets = [("TOKEN", "t0k3n\n"), ("run/key", "k3y")];
    caller.start(&secrets).unwrap();
    let step = caller.process(&[event.to_owned()]).unwrap().step;
    let headers = &step.requests[0].headers;
    for (name, value) in [("authorization", "Bearer t0k3n"), ("x-key", "k3y")] {
        let header = (name.to_owned(), value.to_owned());
        assert!(headers.contains(&header), "{headers:?}");
    }
    // A second start renews them.
    caller
        .start(&[("TOKEN", "new"), ("run/key", "k3y")])
        .unwrap();
    // A topic's first request goes alone.
    let now = caller.now();
    caller.answer_at(step.requests[0].id, &answered(200, WRITTEN), now);
    let step = caller.process(&[event.to_owned()]).unwrap().step;
    let header = ("authorization".to_owned(), "Bearer new".to_owned());
    assert!(step.requests[0].headers.contains(&header));
}

#[test]
fn calls_that_come_too_early_or_twice_say_so() {
    let mut caller = Caller::new();
    assert_eq!(
        codes(&caller.start(&[]).unwrap_err()),
        [("not_configured", "$")]
    );
    let misuse = caller.process(&[]).unwrap_err();
    assert_eq!(misuse.code, "not_configured");
    let config = config("http://proxy", &json!([trigger()])).to_string();
    caller.configure(&config).unwrap();
    let problems = caller.configure(&config).unwrap_err();
    assert_eq!(codes(&problems), [("already_configured", "$")]);
    Caller::new().configure(&config).unwrap();
}

#[test]
fn parts_in_each_others_places_are_no_composition() {
    let error = compose(Parts {
        rules: EMBEDDED,
        engine: EMBEDDED,
        facade: EMBEDDED,
    });
    let error = error.unwrap_err().to_string();
    assert!(
        error.starts_with("the components do not fit together"),
        "{error}"
    );
    assert!(components().is_ok());
}
