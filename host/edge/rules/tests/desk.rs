//! What the desk believes of an engine.

#![allow(
    clippy::unwrap_used,
    reason = "a test's helpers may fail as its body may"
)]

use std::sync::Arc;

use action_triggers_core::{
    broker::{Broker, Offer, Payload},
    clock::{Moment, Now},
    cluster::Cluster,
    outcome::{Loaded, LoadedQueue, LoadedTrigger, QueueDestination},
};
use action_triggers_rules::{Bounds, Decided, Desk, Parts, Said};
use action_triggers_vocabulary::PublishError;

const NOW: Now = Now {
    moment: Moment::from_millis(0),
    unix_ms: 1_700_000_000_000,
};

fn loaded() -> Loaded {
    let mut queue = LoadedQueue::new("b", "$[0].msg_broker_queues[0]");
    queue.destination = QueueDestination::new("{}", "{}");
    queue.is_fixed = true;
    let mut trigger = LoadedTrigger::new("t");
    trigger.queues = vec![queue];
    Loaded::new(vec![trigger], Vec::new(), String::new())
}

fn desk() -> Desk {
    let cluster = Cluster::new("a:9092", "http://proxy".parse().unwrap());
    let mut desk = Desk::new(Parts {
        brokers: vec![
            Broker::kafka("b")
                .bootstrap_servers("a:9092")
                .topic("sales"),
        ],
        clusters: vec![Arc::new(cluster)],
        bounds: Bounds {
            event_bytes: 10,
            ..Bounds::default()
        },
        ..Parts::default()
    })
    .unwrap();
    desk.know(&loaded());
    desk
}

fn offer(event: u32) -> Offer {
    Offer {
        event,
        ..Offer::new(Payload::Json("1".into()))
    }
}

fn decided(id: &str, receipt: u32) -> Decided {
    let said = Said {
        trigger: 0,
        queue: 0,
        receipt: Ok(receipt),
    };
    Decided {
        id: id.into(),
        result: Ok(vec![said]),
    }
}

#[test]
fn a_record_is_addressed_and_named_by_its_event() {
    let mut desk = desk();
    desk.begin(1);
    assert_eq!(desk.publish(offer(0)), Ok(0));
    let (outcomes, messages) = desk.end(vec![decided("e", 0)]).unwrap();
    let publications = outcomes.first().unwrap().result.as_ref().unwrap();
    assert_eq!(
        publications.first().unwrap().outcome.as_deref(),
        Ok("sales")
    );
    let message = messages.first().unwrap();
    assert_eq!((&*message.id.event, &*message.id.trigger), ("e", "t"));
    assert_eq!(message.destination.topic, "sales");
}

#[test]
fn receipts_that_are_not_the_desks_own_are_a_wrong_composition() {
    let mut desk = desk();
    desk.begin(1);
    let error = desk.end(vec![decided("e", 0)]).unwrap_err();
    assert!(
        error.contains("of 1 records") && error.contains("0 were"),
        "{error}"
    );
}

#[test]
fn a_record_of_another_event_is_not_believed() {
    let mut desk = desk();
    desk.begin(2);
    desk.publish(offer(0)).unwrap();
    let nothing = Decided {
        id: "a".into(),
        result: Ok(Vec::new()),
    };
    assert!(desk.end(vec![nothing, decided("b", 0)]).is_err());
}

#[test]
fn records_are_taken_within_a_call_only() {
    let mut desk = desk();
    assert_eq!(desk.publish(offer(0)), Err(PublishError::NotPublishing));
    desk.begin(1);
    assert!(matches!(
        desk.publish(offer(1)),
        Err(PublishError::InvalidRecord(_))
    ));
    desk.end(Vec::new()).unwrap();
    assert_eq!(desk.publish(offer(0)), Err(PublishError::NotPublishing));
}

#[test]
fn what_the_clusters_proxy_cannot_carry_is_refused_when_it_is_handed_over() {
    let mut desk = desk();
    desk.begin(1);
    let with_header = Offer {
        headers: vec![("source".into(), "shop".into())],
        ..offer(0)
    };
    assert_eq!(
        desk.publish(with_header).unwrap_err().code(),
        "headers_unsupported"
    );
}

#[test]
fn events_are_bounded_and_have_ids_of_their_own() {
    let mut desk = desk();
    let mut ids = Vec::new();
    for _ in 0..2 {
        for named in desk.name(vec!["{}".into(), "0123456789a".into()], NOW) {
            ids.push(named.map_or_else(
                |(id, error)| (id, error.code().to_owned()),
                |event| (event.id, String::new()),
            ));
        }
    }
    let codes: Vec<_> = ids.iter().map(|(_, code)| code.as_str()).collect();
    assert_eq!(codes, ["", "event_too_large", "", "event_too_large"]);
    ids.sort();
    ids.dedup_by(|a, b| a.0 == b.0);
    assert_eq!(ids.len(), 4);
}
