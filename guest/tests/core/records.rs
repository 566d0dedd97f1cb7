use crate::support::{Sent, TestHost, publish, sale};

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
        r#"{"partition": "-1"}"#,
        r#"{"partition": 4294967296}"#,
        r#"{"timestamp": "{{ note }}"}"#,
    ]
    .map(|given| record(given).unwrap_err())
    .into();
    insta::assert_snapshot!(failures.join("\n"), @r#"
    invalid_record: $[0].msg_broker_queues[0].record.partition: `Alice` is not a partition's number
    invalid_record: $[0].msg_broker_queues[0].record.partition: `-1` is not a partition's number
    invalid_record: $[0].msg_broker_queues[0].record.partition: `4294967296` is not a partition's number
    invalid_record: $[0].msg_broker_queues[0].record.timestamp: `None` is not a time in epoch milliseconds or RFC 3339
    "#);
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
