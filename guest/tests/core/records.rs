use crate::support::{Sent, TestEngine, TestHost, publish, sale};
use action_triggers_guest::host::Broker;

fn record(record: &str) -> Result<Sent, String> {
    queue(&format!(r#""record": {record}"#))
}

fn queue(members: &str) -> Result<Sent, String> {
    let set = format!(
        r#"[{{"config_signals": ["post_save"], "content_types": ["shop.sale"], "payload": "x",
             "msg_broker_queues": [{{"name": "k", {members}}}]}}]"#
    );
    publish(&set, &sale(), &mut TestHost::default())
        .map_err(|failure| format!("{}: {failure}", failure.code()))
}

#[test]
fn key_headers_partition_and_timestamp_are_templates() {
    let sent = record(
        r#"{"key": "{{ customer.name }}-{{ pk }}",
            "headers": {"signal": "{{ event.signal }}", "n": 1},
            "partition": "{{ quantity }}", "timestamp": "{{ event.time }}"}"#,
    )
    .unwrap();
    assert_eq!(sent.key.as_deref(), Some("Alice-7"));
    let headers: Vec<_> = sent
        .headers
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    assert_eq!(headers, [("signal", "post_save"), ("n", "1")]);
    assert_eq!(sent.partition, Some(3));
    assert_eq!(sent.timestamp_ms, Some(1_704_164_645_000));
}

#[test]
fn a_record_may_leave_all_of_it_open() {
    let sent = record("{}").unwrap();
    assert_eq!(
        (sent.key, sent.headers, sent.partition, sent.timestamp_ms),
        (None, vec![], None, None)
    );
    let sent = record(r#"{"partition": "{{ nothing }}", "timestamp": 5}"#).unwrap();
    assert_eq!((sent.partition, sent.timestamp_ms), (None, Some(5)));
}

#[test]
fn headers_may_be_a_list_in_which_a_name_repeats() {
    let sent = record(
        r#"{"headers": [{"name": "a", "value": "1"}, {"name": "a", "value": "{{ quantity }}"}]}"#,
    )
    .unwrap();
    assert_eq!(
        sent.headers,
        [("a".into(), "1".into()), ("a".into(), "3".into())]
    );
}

#[test]
fn a_partition_or_timestamp_that_is_none_fails_the_queue() {
    let failures: Vec<String> = [
        r#"{"partition": "{{ customer.name }}"}"#,
        r#"{"partition": "{{ pk }}{{ customer.name }}"}"#,
        r#"{"partition": "{{ pk }}294967296"}"#,
        r#"{"timestamp": "{{ note }}"}"#,
    ]
    .map(|given| record(given).unwrap_err())
    .into();
    insta::assert_snapshot!(failures.join("\n"), @r#"
    invalid_record: $[0].msg_broker_queues[0].record.partition: `Alice` is not a partition's number
    invalid_record: $[0].msg_broker_queues[0].record.partition: `7Alice` is not a partition's number
    invalid_record: $[0].msg_broker_queues[0].record.partition: `7294967296` is not a partition's number
    invalid_record: $[0].msg_broker_queues[0].record.timestamp: `None` is not a time in epoch milliseconds or RFC 3339
    "#);
}

#[test]
fn a_partition_or_timestamp_that_is_the_same_for_every_event_is_checked_at_load() {
    for (given, is_fine) in [
        (r#"{"partition": "abc"}"#, false),
        (r#"{"partition": -1}"#, false),
        (r#"{"timestamp": "yesterday"}"#, false),
        // Whatever the event gives.
        (r#"{"partition": "{{ 4294967296 }}"}"#, false),
        (r#"{"partition": "-{{ pk }}"}"#, false),
        (
            r#"{"partition": "{% if pk %}p{% else %}q{% endif %}"}"#,
            false,
        ),
        (r#"{"timestamp": "at {{ note }}"}"#, false),
        (r#"{"partition": " 3 ", "timestamp": "2024-01-02"}"#, true),
        (r#"{"partition": "", "timestamp": 5}"#, true),
    ] {
        let loaded = queue_of(&broker(&[]), &format!(r#""record": {given}"#));
        let refused = loaded.err().unwrap_or_default();
        assert_eq!(refused.is_empty(), is_fine, "{given}: {refused}");
        assert!(
            is_fine || refused.starts_with("invalid_record"),
            "{refused}"
        );
    }
}

#[test]
fn a_time_out_is_rounded_up_to_milliseconds() {
    for (given, expected) in [
        ("null", None),
        ("0", Some(0)),
        ("0.0001", Some(1)),
        ("1.5", Some(1500)),
        ("30", Some(30_000)),
    ] {
        let sent = queue(&format!(r#""timeout_secs": {given}"#)).unwrap();
        assert_eq!(sent.timeout_ms, expected, "{given}");
    }
}

#[test]
fn a_tombstone_is_a_record_without_a_value() {
    for (given, expected) in [
        ("true", true),
        ("false", false),
        (r#""quantity == 3""#, true),
        (r#""event.signal == 'post_delete'""#, false),
    ] {
        let sent = record(&format!(
            r#"{{"key": "{{{{ pk }}}}", "tombstone": {given}}}"#
        ))
        .unwrap();
        assert_eq!(sent.value.is_empty(), expected, "{given}");
    }
    assert!(
        record(r#"{"key": "k", "tombstone": "changed.quantity"}"#)
            .unwrap_err()
            .starts_with("before_missing")
    );
}

#[test]
fn a_key_that_comes_to_nothing_is_none() {
    for (given, expected) in [
        ("{{ note }}", None),
        ("{{ nothing }}", None),
        ("{{ nothing|default:'' }}", None),
        ("{{ nothing|default:quantity }}", Some("3")),
        ("{{ customer.name|upper }}", Some("ALICE")),
        ("{{ note }}-{{ pk }}", Some("None-7")),
    ] {
        let sent = record(&format!(r#"{{"key": "{given}"}}"#)).unwrap();
        assert_eq!(sent.key.as_deref(), expected, "{given}");
    }
}

/// A set of one queue for a broker that allows these topics.
fn queue_of(broker: &Broker, members: &str) -> Result<Result<Sent, String>, String> {
    let set = format!(
        r#"[{{"config_signals": ["post_save"], "content_types": ["shop.sale"], "payload": "x",
             "msg_broker_queues": [{{"name": "k", {members}}}]}}]"#
    );
    let loaded = TestEngine::load(&set, vec![broker.clone()]);
    let told = |faults: Vec<action_triggers_guest::diagnostic::Diagnostic>| {
        let told = faults.iter().map(|fault| {
            let help = fault.help.as_deref().unwrap_or("-");
            format!("{} {}: {} ({help})", fault.code, fault.path, fault.message)
        });
        told.collect::<Vec<_>>().join("\n")
    };
    let (engine, loaded) = loaded.map_err(|refusal| told(refusal.diagnostics))?;
    let warnings = told(loaded.diagnostics);
    if !warnings.is_empty() {
        return Err(warnings);
    }
    let mut host = TestHost::default();
    let outcome = engine
        .process(&[sale()], &mut host)
        .remove(0)
        .unwrap()
        .remove(0)
        .outcome;
    Ok(match outcome {
        Ok(_) => Ok(host.sent.remove(0)),
        Err(failure) => Err(format!("{}: {failure}", failure.code())),
    })
}

fn broker(topics: &[&str]) -> Broker {
    Broker {
        name: "k".into(),
        topics: topics.iter().map(|&topic| topic.into()).collect(),
        ..Broker::default()
    }
}

#[test]
fn a_topic_may_depend_on_the_event_where_the_broker_allows_it() {
    let broker = broker(&["sales.*", "audit"]);
    let topic = |topic: &str| {
        let members = format!(r#""parameters": {{"acks": 1}}, "record": {{"topic": "{topic}"}}"#);
        queue_of(&broker, &members)
    };
    let sent = topic("sales.{{ customer.name|lower }}").unwrap().unwrap();
    assert_eq!(sent.parameters, r#"{"acks":1}"#);
    // One that no event decides is like the queue's own, which the host knows from the start.
    let fixed = topic("{{ 'AUDIT'|lower }}").unwrap().unwrap();
    assert_eq!(fixed.parameters, r#"{"acks":1,"topic":"audit"}"#);
    assert_eq!(fixed.topic, None);
    let alone = queue_of(&broker, r#""record": {"topic": "audit"}"#);
    assert_eq!(alone.unwrap().unwrap().parameters, r#"{"topic":"audit"}"#);
    let failures: Vec<String> = [
        topic("{{ customer.name }}").unwrap().unwrap_err(),
        topic("sales.{{ note|default_if_none:'a b' }}")
            .unwrap()
            .unwrap_err(),
        topic("audit.").unwrap_err(),
    ]
    .into();
    insta::assert_snapshot!(failures.join("\n"), @r#"
    invalid_topic: $[0].msg_broker_queues[0].record.topic: the broker does not allow the topic `Alice`; its `topics` are `sales.*`, `audit`
    invalid_topic: $[0].msg_broker_queues[0].record.topic: invalid topic `sales.a b`: expected 1 to 249 letters, digits, `.`, `_` or `-`
    invalid_topic $[0].msg_broker_queues[0].record.topic: the broker does not allow the topic `audit.`; its `topics` are `sales.*`, `audit` (-)
    "#);
}

#[test]
fn a_topic_of_the_event_is_refused_where_it_could_never_count() {
    let set_by_broker = Broker {
        parameters: vec!["topic".into()],
        ..broker(&["*"])
    };
    let record = r#""record": {"topic": "{{ pk }}"}"#;
    let faults: Vec<String> = [
        queue_of(&set_by_broker, record).unwrap_err(),
        queue_of(&broker(&[]), record).unwrap_err(),
        queue_of(
            &broker(&["*"]),
            &format!(r#""parameters": {{"topic": "t"}}, {record}"#),
        )
        .unwrap_err(),
        queue_of(
            &broker(&["*"]),
            r#""parameters": {"topic": "orders-{{ instance.region }}"}"#,
        )
        .unwrap_err(),
    ]
    .into();
    insta::assert_snapshot!(faults.join("\n"), @r#"
    topic_not_allowed $[0].msg_broker_queues[0].record.topic: the broker `k` sets the topic itself (remove `params.topic` of the broker, or `topic` of the record)
    topic_not_allowed $[0].msg_broker_queues[0].record.topic: the broker `k` allows no topic that an event decides (name those it allows in the broker's `topics`, such as `["orders.*"]`)
    given_twice $[0].msg_broker_queues[0].record.topic: the topic is in the queue's `parameters` and in its `record` (keep one of the two)
    event_placeholder $[0].msg_broker_queues[0].parameters: `{{ instance.region }}` is read as a setting of the host, not of the event (write a topic that depends on the event as `record.topic`, and allow it in the broker's `topics`)
    "#);
}
