//! Faults reach the caller as what they are.

use action_triggers_host::{EventError, EventFailure, Events};

use super::*;

#[tokio::test]
async fn a_set_that_is_refused_says_every_fault_and_not_their_count() {
    let kept = Kept::default();
    let mut set: serde_json::Value = serde_json::from_str(&triggers("{{ a|uper }}")).unwrap();
    set[0]["msg_broker_queues"][0]["record"] = json!({"key": "{{ a|lowr }}"});
    let refused = builder(kept.publisher()).triggers(set.to_string());
    let text = refused.build().await.unwrap_err().to_string();
    assert!(
        text.starts_with("the triggers are refused: $[0]."),
        "{text}"
    );
    for says in ["`lowr`", "`uper`"] {
        assert!(text.contains(says), "{text}");
    }
}

/// An answer belongs to an event by its place, so nothing is searched for by id and
/// events may share one.
#[tokio::test]
async fn events_that_share_an_id_keep_their_own_outcomes() {
    let kept = Kept::default();
    let set = builder(kept.publisher()).triggers(triggers("{{ quantity }}"));
    let runtime = set.build().await.unwrap();
    let refund = Event::new("one", Signal::PostSave, "shop.refund", "{}");
    let broken = Event::new("one", Signal::PostSave, "shop.sale", "{");
    let outcomes = runtime
        .process([refund, sale("one"), broken, sale("one")])
        .await;
    let fired = |outcome: &EventOutcome| outcome.outcome.as_ref().map(Vec::len).ok();
    let fired: Vec<_> = outcomes.iter().map(fired).collect();
    assert_eq!(fired, [Some(0), Some(1), None, Some(1)]);
}

#[tokio::test]
async fn a_text_that_is_not_an_event_comes_back_as_an_event_error_with_its_place() {
    let kept = Kept::default();
    let set = builder(kept.publisher()).triggers(triggers("x"));
    let runtime = set.build().await.unwrap();
    let lines =
        "\n{\"signal\": \"post_safe\", \"content_type\": \"shop.sale\", \"instance\": {}}\n";
    let explained = runtime.explain(Events::ndjson(lines).first_line(40)).await;
    let [one] = &explained[..] else {
        panic!("{explained:?}");
    };
    let Err(EventFailure::Unreadable(EventError::Invalid {
        code, line, span, ..
    })) = &one.outcome
    else {
        panic!("{one:?}");
    };
    assert_eq!(
        (one.line, *line, code.as_str()),
        (Some(41), 41, "unknown_signal")
    );
    assert_eq!(lines.trim_start().get(span.clone()), Some("\"post_safe\""));
}
