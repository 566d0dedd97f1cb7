use crate::support::{load, trigger};
use action_triggers_guest::{
    diagnostic::{Diagnostic, Severity},
    engine::Engine,
    host::Broker,
    limits::Limits,
};

fn shown(diagnostics: &[Diagnostic]) -> String {
    let line = |diagnostic: &Diagnostic| {
        let severity = match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let span = diagnostic
            .span
            .map(|span| format!(" ({}:{})", span.line, span.column));
        let help = diagnostic.help.as_ref().map(|help| format!(" [{help}]"));
        format!(
            "{severity} {} {}{}: {}{}",
            diagnostic.code,
            diagnostic.path,
            span.unwrap_or_default(),
            diagnostic.message,
            help.unwrap_or_default()
        )
    };
    diagnostics.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn faults(set: &str) -> String {
    shown(
        &Engine::load(set, Vec::new(), Limits::default())
            .map(|_| ())
            .unwrap_err()
            .diagnostics,
    )
}

#[test]
fn a_template_with_a_fault_tells_of_its_variables_too() {
    let set = trigger(r#""payload": {"a": "{{ event.singal }}{{ x|uper }}"}"#);
    insta::assert_snapshot!(faults(&set), @r"
    error template_unknown_filter $[0].payload.a (1:24): there is no filter `uper` [did you mean `upper`?]
    error unknown_event_variable $[0].payload.a (1:4): an event has no `singal` [did you mean `signal`? (a field of the instance named `event` is `instance.event`)]
    ");
}

#[test]
fn every_fault_is_found_at_once() {
    let set = r#"[
      {"config_signals": [{"signal": "post_svae"}, {"sginal": "x"}, 3],
       "content_types": [{"app_label": "shop"}, "sale", {"app_label": "a", "model": "b", "model_name": "b"}],
       "msg_broker_queues": [{"conn_details": [], "parameters": "x", "timeout_secs": -1},
                             {"name": "", "timeout_secs": "soon", "record": {"key": 1, "headers": {"": null}, "partition": 1.5}},
                             "kafka_1"],
       "payload": {"a": ["{{ event.singal }}"]},
       "active": "yes", "payload_types": "natvie", "autoescape": 1, "when": true},
      7
    ]"#;
    insta::assert_snapshot!(faults(set), @r#"
    error wrong_type $[0].active: expected true or false, found a string
    warning unknown_signal $[0].config_signals[0].signal: unknown signal `post_svae`: it never fires [did you mean `post_save`?]
    warning unknown_member $[0].config_signals[1].sginal: unknown member `sginal`: it is ignored [did you mean `signal`?]
    error missing_member $[0].config_signals[1]: `signal` is missing
    error wrong_type $[0].config_signals[2]: expected an object, found a number
    error missing_member $[0].content_types[0]: `model_name` is missing
    error invalid_content_type $[0].content_types[1]: invalid content type `sale`: expected `app_label.model` [write an app label, a dot and a model, such as `shop.sale`]
    error given_twice $[0].content_types[2].model: `model` and `$[0].content_types[2].model_name` are two spellings of one member [keep one of the two]
    error unknown_payload_types $[0].payload_types: unknown `payload_types` `natvie`: use `strings` or `native` [did you mean `native`?]
    error wrong_type $[0].autoescape: expected true or false, found a number
    error wrong_type $[0].when: expected a string, found a boolean
    error unknown_event_variable $[0].payload.a[0] (1:4): an event has no `singal` [did you mean `signal`? (a field of the instance named `event` is `instance.event`)]
    error missing_member $[0].msg_broker_queues[0]: `name` is missing
    error wrong_type $[0].msg_broker_queues[0].conn_details: expected an object, found a list
    error wrong_type $[0].msg_broker_queues[0].parameters: expected an object, found a string
    error invalid_timeout $[0].msg_broker_queues[0].timeout_secs: invalid duration `-1`: expected seconds, 0 or more [leave it out for no bound of the queue's own]
    error empty_text $[0].msg_broker_queues[1].name: `name` is empty
    error wrong_type $[0].msg_broker_queues[1].timeout_secs: expected a number of seconds, found a string
    error wrong_type $[0].msg_broker_queues[1].record.key: expected a string, found a number
    error empty_text $[0].msg_broker_queues[1].record.headers[""]: a header's name is empty
    error wrong_type $[0].msg_broker_queues[1].record.headers[""]: expected a string, found null
    error wrong_type $[0].msg_broker_queues[1].record.partition: expected an integer or a template, found a number
    error wrong_type $[0].msg_broker_queues[2]: expected an object, found a string
    error wrong_type $[1]: expected an object, found a number
    "#);
}

#[test]
fn a_set_that_is_none_is_refused() {
    for (set, code) in [
        ("", "invalid_json"),
        ("[", "invalid_json"),
        ("3", "wrong_type"),
        ("{}", "missing_member"),
        (r#"{"triggers": 3}"#, "wrong_type"),
        (&"[".repeat(1000), "too_deep"),
    ] {
        let faults = Engine::load(set, Vec::new(), Limits::default())
            .map(|_| ())
            .unwrap_err()
            .diagnostics;
        assert_eq!(faults.last().unwrap().code, code, "{set}");
    }
}

#[test]
fn what_is_hardly_meant_is_a_warning() {
    let set = r#"{"triggers": [
      {"id": 12, "nmae": "x", "config_signals": [], "webhooks": [{}], "actions": []}
    ]}"#;
    let (_, loaded) = load(set);
    assert_eq!(loaded.triggers[0].name, "12");
    insta::assert_snapshot!(shown(&loaded.diagnostics), @r#"
    warning unknown_member $.triggers[0].nmae: unknown member `nmae`: it is ignored [did you mean `name`?]
    warning not_run $.triggers[0].webhooks: `webhooks` are not run [only `msg_broker_queues` are]
    warning never_fires $.triggers[0]: `config_signals` is empty, so the trigger never fires
    warning never_fires $.triggers[0]: `content_types` is empty, so the trigger never fires
    warning no_queues $.triggers[0]: trigger `12` has no queues, so it publishes nothing [add `msg_broker_queues`]
    "#);
}

#[test]
fn the_template_of_an_inactive_trigger_only_warns() {
    let set = trigger(r#""active": false, "payload": "{{ event.nope }}""#);
    let (_, loaded) = load(&set);
    assert_eq!(loaded.diagnostics[0].code, "unknown_event_variable");
    assert_eq!(loaded.diagnostics[0].severity, Severity::Warning);
}

#[test]
fn both_spellings_are_taken() {
    let (_, loaded) = load(
        r#"[{"id": "i", "config_signals": [{"signal": "pre_save"}, "pre_save"],
             "content_types": [{"app_label": "a", "model": "b"}, "a.B"],
             "message_broker_queues": [{"name": "k", "connection_details": {}, "parameters": null}],
             "webhooks": [], "actions": []}]"#,
    );
    assert_eq!(loaded.triggers[0].name, "i");
    assert_eq!(loaded.triggers[0].queues[0].broker, "k");
    assert_eq!(shown(&loaded.diagnostics), "");
}

#[test]
fn two_triggers_of_one_name_are_refused() {
    let set = r#"[{"name": "1"}, {}]"#;
    let faults = Engine::load(set, Vec::new(), Limits::default())
        .map(|_| ())
        .unwrap_err()
        .diagnostics;
    assert_eq!(faults.last().unwrap().code, "repeated_name");
}

#[test]
fn a_member_at_the_wrong_level_says_where_it_belongs() {
    let set = trigger(
        r#""key": "{{ id }}", "topic": "x", "timeout_secs": 1,
           "msg_broker_queues": [{"name": "k", "payload": "", "bootstrap_servers": "a:1"}]"#,
    );
    let (_, loaded) = load(&set);
    insta::assert_snapshot!(shown(&loaded.diagnostics), @"
    warning unknown_member $[0].key: unknown member `key`: it is ignored [it belongs in `record` of a queue]
    warning unknown_member $[0].topic: unknown member `topic`: it is ignored [it belongs in a queue's `parameters`]
    warning unknown_member $[0].timeout_secs: unknown member `timeout_secs`: it is ignored [it belongs in a queue of `msg_broker_queues`]
    warning unknown_member $[0].msg_broker_queues[0].payload: unknown member `payload`: it is ignored [it belongs in the trigger]
    warning unknown_member $[0].msg_broker_queues[0].bootstrap_servers: unknown member `bootstrap_servers`: it is ignored [it belongs in a queue's `conn_details`]
    ");
}

#[test]
fn upstreams_early_spelling_names_todays() {
    let (_, loaded) = load(
        r#"[{"config_signals": ["pre_save"], "content_types": ["a.b"],
             "trigger": {"signals": ["post_save"], "models": []}, "broker_queues": [],
             "msg_broker_queues": [{"name": "k", "broker_config_name": "k"}]}]"#,
    );
    insta::assert_snapshot!(shown(&loaded.diagnostics), @"
    warning unknown_member $[0].trigger: unknown member `trigger`: it is ignored [write its `signals` as `config_signals` and its `models` as `content_types`, beside the queues]
    warning unknown_member $[0].broker_queues: unknown member `broker_queues`: it is ignored [write `msg_broker_queues`]
    warning unknown_member $[0].msg_broker_queues[0].broker_config_name: unknown member `broker_config_name`: it is ignored [write `name`]
    ");
}

#[test]
fn what_a_broker_sets_itself_is_said_to_lose() {
    let broker = Broker {
        name: "k".into(),
        parameters: vec!["topic".into()],
        ..Broker::default()
    };
    let set = trigger(
        r#""msg_broker_queues": [{"name": "k", "parameters": {"topic": "refunds", "acks": 1}},
                                  {"name": "other", "parameters": {"topic": "refunds"}}]"#,
    );
    let (_, loaded) = Engine::load(&set, vec![broker], Limits::default()).unwrap();
    insta::assert_snapshot!(shown(&loaded.diagnostics), @"
    warning loses_to_broker $[0].msg_broker_queues[0].parameters.topic: the broker `k` sets `topic` itself, so the queue's `refunds` does not count [remove it here, or from the broker]
    ");
}

#[test]
fn a_partition_or_timestamp_that_can_be_none_is_refused() {
    let faults = |record: &str| {
        let set = trigger(&format!(
            r#""msg_broker_queues": [{{"name": "k", "record": {record}}}]"#
        ));
        match Engine::load(&set, Vec::new(), Limits::default()) {
            Ok((_, loaded)) => shown(&loaded.diagnostics),
            Err(refusal) => shown(&refusal.diagnostics),
        }
    };
    for right in [
        r#"{"partition": "3", "timestamp": "2024-01-02T03:04:05Z"}"#,
        r#"{"partition": 2147483647, "timestamp": -5}"#,
        r#"{"partition": "{{ a }}", "timestamp": " "}"#,
    ] {
        assert_eq!(faults(right), "", "{right}");
    }
    let wrong = [
        r#"{"partition": "abc", "timestamp": "yesterday"}"#,
        r#"{"partition": -1}"#,
        r#"{"partition": 2147483648}"#,
    ];
    insta::assert_snapshot!(wrong.map(faults).join("\n"), @"
    error invalid_record $[0].msg_broker_queues[0].record.partition: `abc` is not a partition's number [write a number, or a template that gives one]
    error invalid_record $[0].msg_broker_queues[0].record.timestamp: `yesterday` is not a time in epoch milliseconds or RFC 3339 [write a number, or a template that gives one]
    error invalid_record $[0].msg_broker_queues[0].record.partition: `-1` is not a partition's number [write a number, or a template that gives one]
    error invalid_record $[0].msg_broker_queues[0].record.partition: `2147483648` is not a partition's number [write a number, or a template that gives one]
    ");
}
