//! Records on their way: to a REST proxy, and by a clock that the test sets.

use action_triggers_dev_proxy::{DevProxy, Fault, Options};
use serde_json::json;

use super::{
    caller::{Caller, HttpAnswer, Now, Report, Response},
    start::{config, trigger},
};

pub(super) const WRITTEN: &str = r#"{"offsets":[{"partition":2,"offset":7}]}"#;

pub(super) async fn proxy() -> DevProxy {
    let address = ([127, 0, 0, 1], 0).into();
    let options = Options {
        address,
        ..Options::default()
    };
    DevProxy::start(options).await.unwrap()
}

pub(super) fn sale(id: &str) -> String {
    let instance = json!({"id": id, "text": "a \"b\""});
    json!({"id": id, "signal": "post_save", "content_type": "shop.sale", "instance": instance})
        .to_string()
}

fn at(ms: u64) -> Now {
    Now {
        monotonic_ms: ms,
        unix_ms: 1_700_000_000_000 + ms,
    }
}

pub(super) fn answered(status: u16, body: &str) -> Response {
    let kind = ("content-type", "application/vnd.kafka.v2+json");
    Response::Answered(HttpAnswer {
        status,
        headers: vec![(kind.0.to_owned(), kind.1.to_owned())],
        body: body.into(),
    })
}

fn code(report: &Report) -> &str {
    report
        .outcome
        .as_ref()
        .map_or_else(|failure| failure.code.as_str(), |_| "delivered")
}

#[tokio::test]
async fn events_become_records_in_a_topic_over_either_api() {
    for api in ["v2", "v3"] {
        let proxy = proxy().await;
        let mut config = config(&proxy.url(), &json!([trigger()]));
        config["clusters"]["a:9092"]["api"] = json!(api);
        let mut caller = Caller::started(&config.to_string());
        let events = ["1", "2", "1"].map(sale);
        let processed = caller.process(&events).unwrap();
        for outcome in &processed.outcomes {
            let publications = outcome.publications.as_ref().unwrap();
            assert_eq!(publications[0].outcome.as_deref().unwrap(), "sales");
        }
        let reports = caller.deliver(processed.step).await;
        assert_eq!(reports.len(), 3);
        assert!(
            reports.iter().all(|one| code(one) == "delivered"),
            "{reports:?}"
        );
        let records = proxy.records("sales");
        assert_eq!(records.len(), 3);
        let value = records[0].value.as_deref().unwrap();
        assert_eq!(value, br#"{"id":"1","text":"a \"b\""}"#);
    }
}

#[tokio::test]
async fn what_fails_for_a_while_is_sent_again() {
    let proxy = proxy().await;
    proxy.inject(Fault::Status(503), 2);
    proxy.inject(
        Fault::Record {
            nth: 0,
            code: 50003,
        },
        1,
    );
    let config = config(&proxy.url(), &json!([trigger()]));
    let mut caller = Caller::started(&config.to_string());
    let step = caller.process(&[sale("1")]).unwrap().step;
    let reports = caller.deliver(step).await;
    assert_eq!((code(&reports[0]), reports[0].attempts), ("delivered", 4));
    assert_eq!(proxy.records("sales").len(), 1);
}

#[tokio::test]
async fn a_refused_batch_is_halved_until_the_culprit_is_found() {
    let proxy = proxy().await;
    let mut config = config(&proxy.url(), &json!([trigger()]));
    config["clusters"]["a:9092"]["format"] = json!("json");
    let mut caller = Caller::started(&config.to_string());
    proxy.inject(Fault::Status(422), 1);
    let events: Vec<_> = (0..4).map(|id| sale(&id.to_string())).collect();
    let step = caller.process(&events).unwrap().step;
    let reports = caller.deliver(step).await;
    assert_eq!(reports.len(), 4);
    assert!(
        reports.iter().all(|one| code(one) == "delivered"),
        "{reports:?}"
    );
    assert!(reports.iter().all(|one| one.attempts == 2), "{reports:?}");
}

#[test]
fn records_of_one_instance_go_one_after_the_other() {
    let mut caller = Caller::started(&config("http://proxy", &json!([trigger()])).to_string());
    let mut second: serde_json::Value = serde_json::from_str(&sale("1")).unwrap();
    second["id"] = json!("2");
    let events = [sale("1"), second.to_string()];
    let step = caller.process_at(&events, at(0)).unwrap().step;
    assert_eq!(step.requests.len(), 1);
    let step = caller.answer_at(step.requests[0].id, &answered(200, WRITTEN), at(1));
    assert_eq!((&*step.reports[0].id.event, step.requests.len()), ("1", 1));
    let step = caller.answer_at(step.requests[0].id, &answered(200, WRITTEN), at(2));
    assert_eq!(&*step.reports[0].id.event, "2");
    let place = step.reports[0].outcome.as_ref().unwrap();
    assert_eq!((place.partition, place.offset), (Some(2), Some(7)));
}

#[test]
fn a_request_that_nobody_answers_is_over_in_time_and_its_outcome_unknown() {
    let mut config = config("http://proxy", &json!([trigger()]));
    config["clusters"]["a:9092"]["time_to_live_secs"] = json!(100);
    let mut caller = Caller::started(&config.to_string());
    let mut step = caller.process_at(&[sale("1")], at(0)).unwrap().step;
    let mut reports = Vec::new();
    while let Some(wake) = step.wake_at_ms {
        step = caller.wake_at(at(wake));
        reports.append(&mut step.reports);
    }
    assert_eq!(
        reports.iter().map(code).collect::<Vec<_>>(),
        ["outcome_unknown"]
    );
}

#[test]
fn what_is_given_up_ends_in_one_report_and_a_late_answer_is_ignored() {
    let mut caller = Caller::started(&config("http://proxy", &json!([trigger()])).to_string());
    let step = caller.process_at(&[sale("1")], at(0)).unwrap().step;
    let reports = caller.give_up().reports;
    assert_eq!(
        reports.iter().map(code).collect::<Vec<_>>(),
        ["outcome_unknown"]
    );
    let late = caller.answer_at(step.requests[0].id, &answered(200, WRITTEN), at(1));
    assert!(late.reports.is_empty());
}

#[test]
fn a_full_outbox_takes_no_more_events_until_some_records_end() {
    let mut config = config("http://proxy", &json!([trigger()]));
    config["outbox"] = json!({"messages": 1});
    let mut caller = Caller::started(&config.to_string());
    let step = caller.process_at(&[sale("1")], at(0)).unwrap().step;
    let misuse = caller.process_at(&[sale("2")], at(1)).unwrap_err();
    assert_eq!(misuse.code, "outbox_full");
    caller.answer_at(step.requests[0].id, &answered(200, WRITTEN), at(2));
    assert!(caller.process_at(&[sale("2")], at(3)).is_ok());
}

#[test]
fn more_events_than_a_call_takes_and_hostile_ones_are_decided_one_by_one() {
    let mut hostile = trigger();
    hostile["name"] = json!("hostile");
    hostile["content_types"] = json!(["shop.bomb"]);
    hostile["payload"] = json!(
        "{% for a in xs %}{% for b in xs %}{% for c in xs %}{{ a }}{% endfor %}{% endfor %}{% endfor %}"
    );
    let mut config = config("http://proxy", &json!([trigger(), hostile]));
    config["limits"] = json!({"events_per_call": 2, "event_bytes": 10_000});
    let mut caller = Caller::started(&config.to_string());
    let xs: Vec<_> = (0..500).collect();
    let bomb = json!({"id": "b", "signal": "post_save", "content_type": "shop.bomb", "instance": {"id": 1, "xs": xs}});
    let events = [
        sale("1"),
        bomb.to_string(),
        "no event".to_owned(),
        format!("\"{}\"", "x".repeat(10_000)),
        sale("2"),
    ];
    let outcomes = caller.process_at(&events, at(0)).unwrap().outcomes;
    let codes: Vec<_> = outcomes
        .iter()
        .map(|outcome| match &outcome.publications {
            Err(failure) => failure.code.as_str(),
            Ok(publications) => match &publications[0].outcome {
                Err(failure) => failure.code.as_str(),
                Ok(topic) => topic,
            },
        })
        .collect();
    assert_eq!(
        codes,
        [
            "sales",
            "template_out_of_fuel",
            "event_malformed",
            "event_too_large",
            "sales"
        ]
    );
    assert_eq!(outcomes[4].event, "2");
}
