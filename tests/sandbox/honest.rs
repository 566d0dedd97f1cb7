//! The embedded component within its bounds: what it may take, and what of it
//! fails alone.

use action_triggers_host::{EventError, Events};

use super::*;

/// A set of two triggers, of which the first has this payload.
pub(super) fn triggers(payload: &str) -> String {
    let trigger = |name: &str, payload: &str| {
        json!({
            "name": name,
            "config_signals": ["post_save"],
            "content_types": ["shop.sale"],
            "msg_broker_queues": [{"name": "kafka"}],
            "payload": payload,
        })
    };
    json!([
        trigger("first", payload),
        trigger("second", "{{ quantity }} sold")
    ])
    .to_string()
}

/// What the first trigger of [`triggers`] comes to for one event.
async fn outcome(builder: Builder, event: Event) -> Result<String, String> {
    let runtime = builder.build().await.unwrap();
    let mut outcomes = runtime.process(vec![event]).await;
    let publications = outcomes
        .remove(0)
        .outcome
        .map_err(|failure| failure.code().to_owned())?;
    let first = publications.into_iter().next().unwrap();
    first.outcome.map_err(|failure| failure.code)
}

#[tokio::test]
async fn a_deadline_is_of_the_guests_own_time_and_not_of_waiting() {
    let mut limits = Limits::default();
    limits.call_deadline = Duration::from_millis(50);
    let wait = || {
        std::thread::sleep(Duration::from_millis(200));
        Ok("sales".into())
    };
    let settings = Settings::builder()
        .closure("m.slow", wait)
        .allow("m.slow")
        .build();
    let trigger = json!([{
        "config_signals": ["post_save"],
        "content_types": ["shop.sale"],
        "msg_broker_queues": [{"name": "b", "parameters": {"note": "{{ m.slow }}"}}],
    }]);
    let builder = builder(&Kept::default())
        .limits(limits)
        .settings(settings)
        .triggers(trigger.to_string());
    assert_eq!(outcome(builder, event("e")).await.as_deref(), Ok("topic"));
}

#[tokio::test]
async fn the_deepest_nesting_that_is_taken_fits_the_stack() {
    let deep = format!("{}1{}", r#"{"a":"#.repeat(127), "}".repeat(127));
    let path = vec!["a"; 127].join(".");
    let ifs = format!(
        "{}{{{{ a }}}}{}",
        "{% if a %}{% for x in 'a' %}".repeat(20),
        "{% endfor %}{% endif %}".repeat(20)
    );
    let event = || Event::new("e", Signal::PostSave, "shop.sale", &*deep);
    for payload in [
        format!("{{{{ {path} }}}}"),
        "{{ a }}{{ instance }}{{ a|pprint }}{{ a|stringformat:'r' }}".into(),
        "{% if a == instance.a %}{{ a|length }}{% endif %}".into(),
        "{{ event.changed }}{{ a|escape|upper }}".into(),
        ifs,
    ] {
        let builder = builder(&Kept::default()).triggers(triggers(&payload));
        let outcome = outcome(builder, event()).await;
        assert_eq!(outcome.as_deref(), Ok("sales"), "{payload}");
    }
    let mut tree = json!("{{ a }}");
    for _ in 0..120 {
        tree = json!({ "{{ event.id }}": tree });
    }
    let mut set: serde_json::Value = serde_json::from_str(&triggers("")).unwrap();
    set[0]["payload"] = tree;
    let builder = builder(&Kept::default()).triggers(set.to_string());
    assert_eq!(outcome(builder, event()).await.as_deref(), Ok("sales"));
}

#[tokio::test]
async fn an_endless_template_fails_its_trigger_and_no_other() {
    let digits = "0123456789";
    let mut payload = "x".to_owned();
    for _ in 0..12 {
        payload = format!("{{% for a in '{digits}' %}}{payload}{{% endfor %}}");
    }
    let kept = Kept::default();
    let mut limits = Limits::default();
    limits.call_deadline = Duration::from_mins(1); // The template's own bound comes first.
    let builder = builder(&kept).limits(limits).triggers(triggers(&payload));
    let runtime = builder.build().await.unwrap();
    let outcomes = runtime.process(vec![event("e")]).await;
    let publications = outcomes[0].outcome.as_ref().unwrap();
    let failure = publications[0].outcome.as_ref().unwrap_err();
    assert!(failure.code.starts_with("template_"), "{failure:?}");
    assert_eq!(publications[1].outcome.as_deref(), Ok("sales"));
    runtime.flush().await;
    assert_eq!(*kept.0.lock().unwrap(), ["3 sold"]);
}

#[tokio::test]
async fn a_setting_off_the_allow_list_fails_its_queue() {
    let kept = Kept::default();
    let settings = Settings::builder().value("secret", "hunter2").build();
    let triggers = json!([{
        "config_signals": ["post_save"],
        "content_types": ["shop.sale"],
        "msg_broker_queues": [{"name": "kafka", "parameters": {"group": "{{ secret }}"}}, {"name": "kafka"}],
        "payload": "x",
    }]);
    let runtime = builder(&kept)
        .settings(settings)
        .triggers(triggers.to_string())
        .build()
        .await
        .unwrap();
    let outcomes = runtime.process(vec![event("e")]).await;
    let publications = outcomes[0].outcome.as_ref().unwrap();
    assert_eq!(
        publications[0].outcome.as_ref().unwrap_err().code,
        "setting_not_allowed"
    );
    assert_eq!(publications[1].outcome.as_deref(), Ok("sales"));
}

#[tokio::test]
async fn events_that_break_the_hosts_rules_never_reach_the_guest() {
    let mut limits = Limits::default();
    limits.event_bytes = 150;
    let kept = Kept::default();
    let runtime = builder(&kept)
        .limits(limits)
        .triggers(triggers("x"))
        .whitelist(["shop.Sale".into()])
        .build()
        .await
        .unwrap();
    let instance = format!(r#"{{"a":"{}"}}"#, "x".repeat(150));
    let huge = Event::new("huge", Signal::PostSave, "shop.sale", instance);
    let other = Event::new("other", Signal::PostSave, "shop.customer", "{}");
    let outcomes = runtime.process([huge, other, event("good")]).await;
    let codes: Vec<_> = outcomes.iter().map(code).collect();
    assert_eq!(codes, ["event_too_large", "ok", "ok"]);
    let fired: Vec<_> = outcomes
        .iter()
        .flat_map(|one| &one.outcome)
        .map(Vec::len)
        .collect();
    assert_eq!(fired, [0, 2]);
}

#[tokio::test]
async fn lines_that_are_no_events_fail_where_they_stand() {
    let runtime = builder(&Kept::default())
        .triggers(triggers("x"))
        .build()
        .await
        .unwrap();
    let mut lines = Vec::new();
    for line in [
        &b"{\"signal\":\"post_save\",\"content_type\":\"shop.sale\",\"instance\":{}}"[..],
        b"",
        b"{\"signal\": \"\xff\"}",
        b"{}\r",
        b"{\"id\":1,\"signal\":\"post_save\",\"content_type\":\"shop.sale\",\"instance\":{}}\r",
    ] {
        lines.extend_from_slice(line);
        lines.push(b'\n');
    }
    let outcomes = runtime.process(Events::ndjson(lines).first_line(11)).await;
    let shown: Vec<_> = outcomes
        .iter()
        .map(|one| (one.line.unwrap(), code(one)))
        .collect();
    let expected = [
        (11, "ok"),
        (13, "event_not_utf8"),
        (14, "event_malformed"),
        (15, "ok"),
    ];
    assert_eq!(shown, expected);
    // Its own id, or else one of the host's.
    assert_eq!(outcomes[3].event, "1");
    assert_eq!(outcomes[0].event.len(), 36);
    let error = outcomes[2].outcome.as_ref().unwrap_err();
    let EventFailure::Unreadable(EventError::Invalid { line, column, .. }) = error else {
        panic!("{error:?}");
    };
    assert_eq!((*line, *column), (14, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_keep_the_order_of_the_calls_whoever_decides_them() {
    let kept = Kept::default();
    let runtime = builder(&kept)
        .workers(4)
        .triggers(triggers("{{ n }}").replace("{{ quantity }} sold", "{{ n }}"))
        .build()
        .await
        .unwrap();
    let numbered = |n: usize| {
        let instance = format!(r#"{{"id": 1, "n": {n}}}"#);
        Event::new(format!("e{n}"), Signal::PostSave, "shop.sale", instance)
    };
    // Large and small calls, so that later ones are done before earlier ones.
    let calls = (0..40).map(|call| {
        let size = if call % 2 == 0 { 50 } else { 1 };
        let events: Vec<_> = (0..size).map(|n| numbered(call * 100 + n)).collect();
        runtime.process(events)
    });
    futures_util::future::join_all(calls).await;
    runtime.flush().await;
    let kept = kept.0.lock().unwrap();
    let numbers: Vec<usize> = kept.iter().map(|value| value.parse().unwrap()).collect();
    assert_eq!(numbers.len(), 2 * 20 * 51);
    assert!(numbers.is_sorted(), "{numbers:?}");
}
