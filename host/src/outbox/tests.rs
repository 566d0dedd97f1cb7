//! Every store against what every store promises.

mod repeats;

use std::{fmt::Write as _, sync::Arc, time::Duration};

use bytes::Bytes;
use proptest::prelude::*;
use tempfile::TempDir;
use tokio::sync::oneshot;

use super::{
    store::{Appended, Backlog},
    *,
};
use crate::{
    cluster::ClusterId,
    outcome::{FailedEvent, FailedQueue, Failure, Missing},
    record::{Destination, Message, Record, RecordId},
    wall_clock::unix_ms,
};

const DAY: Duration = Duration::from_hours(24);

pub(super) fn stored(event: &str) -> StoredRecord {
    stored_for("sales", event)
}

pub(super) fn stored_for(topic: &str, event: &str) -> StoredRecord {
    let id = RecordId::new(event, "t", 0);
    let destination = Destination::new("b", topic, ClusterId::new("", "kafka:9092"));
    let record = Record::new(Bytes::from_static(b"v")).with(|record| {
        record.key = Some(Bytes::from_static(b"\xff\0"));
        record.headers = vec![("h".to_owned(), Bytes::from_static(b""))];
    });
    let message = Message::new(id, Arc::new(destination), record);
    StoredRecord::new(message, 1_000, 121_000)
}

/// A record whose event's id the caller gave.
pub(super) fn given(event: &str, queue: u32, value: &'static str) -> StoredRecord {
    let mut record = stored(event);
    record.id_is_given = true;
    record.queue = queue;
    record.accepted_ms = unix_ms();
    record.record.value = Some(Bytes::from_static(value.as_bytes()));
    record
}

pub(super) fn dead(code: &str) -> End {
    End::Dead(Death {
        code: code.to_owned(),
        message: "no".to_owned(),
        attempts: 3,
        last_answer: Some("HTTP 503".to_owned()),
        died_ms: u64::try_from(i64::MAX).unwrap(),
    })
}

/// Hands records to a store and waits for its answer.
pub(super) async fn append(
    store: &dyn Store,
    records: Vec<StoredRecord>,
) -> Result<Vec<Appended>, StoreError> {
    let (answer, answered) = oneshot::channel();
    let done = |_, appended| drop(answer.send(appended));
    store.append(records, Vec::new(), Box::new(done));
    answered.await.unwrap()
}

/// The same for records that are new.
pub(super) async fn numbers(store: &dyn Store, records: Vec<StoredRecord>) -> Vec<u64> {
    let appended = append(store, records).await.unwrap().into_iter();
    let number = |one| match one {
        Appended::New(number) => number,
        other => panic!("{other:?}"),
    };
    appended.map(number).collect()
}

fn events(records: &[(u64, StoredRecord)]) -> Vec<&str> {
    records.iter().map(|(_, one)| &*one.event).collect()
}

/// A store of each kind, and what has to live as long.
fn each() -> Vec<(Box<dyn Store>, Option<TempDir>)> {
    each_with(DAY)
}

/// The same, in which what is sent again is known for so long.
fn each_with(dedup: Duration) -> Vec<(Box<dyn Store>, Option<TempDir>)> {
    let folder = tempfile::tempdir().unwrap();
    let mut file = OutboxFile::new(folder.path().join("outbox.db"));
    file.dedup = dedup;
    let sqlite = SqliteStore::open(&file).unwrap();
    vec![
        (Box::new(MemoryStore::new(dedup)), None),
        (Box::new(sqlite), Some(folder)),
    ]
}

#[tokio::test]
async fn records_are_numbered_in_order_and_wait_until_they_are_settled() {
    for (store, _folder) in each() {
        let records = ["a", "b", "c"].map(stored);
        let numbers = numbers(&*store, records.clone().into()).await;
        assert!(numbers.is_sorted());
        let settled = vec![(numbers[1], End::Delivered)];
        store.settle(settled).await.unwrap();
        let lane = LaneId::of(&stored("a"));
        let next = async |after, most| store.next(&lane, after, most).await.unwrap();
        assert_eq!(events(&next(0, 10).await), ["a", "c"]);
        assert_eq!(
            next(numbers[0], 10).await,
            [(numbers[2], records[2].clone())]
        );
        assert_eq!(events(&next(0, 1).await), ["a"]);
        let backlog = Backlog {
            lane: lane.clone(),
            newest: numbers[2],
            records: 2,
            bytes: 2 * records[0].record.size() as u64,
        };
        assert_eq!(store.waiting().await.unwrap().lanes, [backlog]);
        let read = store.read(&[numbers[2], numbers[1], numbers[0]]).await;
        let [first, second, third] = &records;
        let expected = [Some(third.clone()), None, Some(first.clone())];
        assert_eq!(read.unwrap(), expected, "{} has ended", second.event);
    }
}

#[tokio::test]
async fn dead_letters_are_kept_with_their_reason_and_can_be_tried_again() {
    for (store, _folder) in each() {
        let numbers = numbers(&*store, vec![stored("a"), stored("b")]).await;
        let ends = vec![(numbers[0], dead("refused")), (numbers[1], dead("late"))];
        store.settle(ends).await.unwrap();
        let wanted = Filter {
            code: Some("late".to_owned()),
            ..Filter::default()
        };
        let listed = store.list(&wanted).await.unwrap();
        assert_eq!(
            (&*listed[0].record.event, listed[0].death.attempts),
            ("b", 3)
        );
        assert_eq!(store.replay(&wanted, 500_000).await, Ok(1));
        let lane = LaneId::of(&stored("a"));
        let next = store.next(&lane, numbers[1], 10).await.unwrap();
        let (_, record) = &next[0];
        assert_eq!(&*record.event, "b");
        assert_eq!((record.accepted_ms, record.deadline_ms), (500_000, 620_000));
        assert_eq!(store.list(&Filter::default()).await.unwrap().len(), 1);
    }
}

fn failed(event: &str, codes: &[&str]) -> StoredEvent {
    let queues = (0..).zip(codes);
    let queue = |(queue, code): (u32, &&str)| {
        FailedQueue::new("t", queue, Failure::new(*code, format!("no {code}")))
    };
    let missing = Missing::of_queues(queues.map(queue).collect());
    let trapped = || Missing::Event(Failure::new("guest_trapped", "it broke"));
    let text = format!("{{\"id\":\"{event}\"}}");
    let mut event = FailedEvent::new(event, text, missing.unwrap_or_else(trapped));
    event.id_is_given = true;
    StoredEvent {
        died_ms: u64::try_from(i64::MAX).unwrap(),
        ..StoredEvent::new(event, 1_000)
    }
}

/// The numbers and ids of the events that were given up and pass a filter.
async fn kept(store: &dyn Store, filter: &Filter) -> Vec<(u64, String)> {
    let events = store.events(filter, 0).await.unwrap();
    let events = events.into_iter();
    events
        .map(|one| (one.number, one.stored.event.id))
        .collect()
}

/// Hands events to a store, each beside a record of its own.
pub(super) async fn keep(store: &dyn Store, events: Vec<StoredEvent>) {
    let (answer, answered) = oneshot::channel();
    let done = |_, appended: Result<Vec<Appended>, _>| drop(answer.send(appended));
    let records = events.iter().map(|one| stored(&one.event.id)).collect();
    store.append(records, events, Box::new(done));
    answered.await.unwrap().unwrap();
}

#[tokio::test]
async fn events_of_which_something_failed_are_kept_whole_and_once() {
    for (store, _folder) in each() {
        let trapped = failed("b", &[]);
        let events = vec![failed("a", &["x", "y"]), trapped.clone()];
        keep(&*store, events.clone()).await;
        let all = store.events(&Filter::default(), 0).await.unwrap();
        let there: Vec<_> = all.iter().map(|one| one.stored.clone()).collect();
        assert_eq!(there, events);
        let after = store.events(&Filter::default(), all[0].number).await;
        assert_eq!(after.unwrap().len(), 1);
        let of = |change: fn(&mut Filter)| {
            let mut filter = Filter::default();
            change(&mut filter);
            filter
        };
        let ids = async |filter: Filter| -> Vec<String> {
            let kept = kept(&*store, &filter).await;
            kept.into_iter().map(|(_, id)| id).collect()
        };
        assert_eq!(ids(of(|f| f.code = Some("y".to_owned()))).await, ["a"]);
        assert_eq!(
            ids(of(|f| f.code = Some("guest_trapped".to_owned()))).await,
            ["b"]
        );
        assert_eq!(ids(of(|f| f.trigger = Some("t".to_owned()))).await, ["a"]);
        assert_eq!(ids(of(|f| f.event = Some("b".to_owned()))).await, ["b"]);
        assert!(
            ids(of(|f| f.topic = Some("sales".to_owned())))
                .await
                .is_empty()
        );
        assert!(ids(of(|f| f.until_ms = Some(1_000))).await.is_empty());
        // Its caller sends it again.
        keep(&*store, vec![trapped]).await;
        let ids = kept(&*store, &Filter::default()).await;
        assert_eq!(ids.len(), 2);
        assert!(ids[1].0 > all[1].number);
    }
}

#[tokio::test]
async fn an_event_that_is_decided_again_is_taken_once_and_what_failed_again_stays() {
    for (store, _folder) in each() {
        keep(&*store, vec![failed("a", &["x", "y"]), failed("b", &["x"])]).await;
        let events = store.events(&Filter::default(), 0).await.unwrap();
        let left = failed("a", &["y"]).event;
        let redecided = |place: usize, left: Option<FailedEvent>| Redecided {
            number: events[place].number,
            records: vec![stored_for("others", &events[place].stored.event.id)],
            left,
        };
        let both = vec![redecided(0, Some(left.clone())), redecided(1, None)];
        let redeemed = store.redeem(both, 7_000).await;
        assert_eq!(redeemed, Ok(vec![Some(true), Some(false)]));
        let again = store.redeem(vec![redecided(1, None)], 7_000).await;
        assert_eq!(again, Ok(vec![None]), "somebody else has taken it");
        let lane = LaneId::of(&stored_for("others", "a"));
        let waiting = store.next(&lane, 0, 10).await.unwrap();
        assert_eq!(self::events(&waiting), ["a", "b"]);
        let there = store.events(&Filter::default(), 0).await.unwrap();
        let [DeadEvent { number, stored }] = &there[..] else {
            panic!("{there:?}");
        };
        assert_eq!((*number, &stored.event), (events[0].number, &left));
        assert_eq!(
            (stored.attempts, stored.accepted_ms, stored.died_ms),
            (2, 1_000, 7_000)
        );
    }
}

#[tokio::test]
async fn whoever_watches_hears_of_replays_and_of_what_is_held_back() {
    for (store, _folder) in each() {
        let numbers = numbers(&*store, vec![stored("a")]).await;
        store
            .settle(vec![(numbers[0], dead("late"))])
            .await
            .unwrap();
        let (changes, mut heard) = tokio::sync::mpsc::unbounded_channel();
        store.watch(Box::new(move |change| drop(changes.send(change))));
        store.replay(&Filter::default(), 0).await.unwrap();
        let change = heard.recv().await.unwrap();
        let (cluster, bytes) = (ClusterId::new("", "kafka:9092"), stored("a").record.size());
        assert_eq!(change.lanes[0].records, 1);
        assert_eq!(
            change.moved,
            [(cluster.clone(), 1, i64::try_from(bytes).unwrap())]
        );
        store.hold(&cluster, true).await.unwrap();
        let change = heard.recv().await.unwrap();
        assert_eq!(change.held, std::slice::from_ref(&cluster));
        store.hold(&cluster, false).await.unwrap();
        assert!(heard.recv().await.unwrap().held.is_empty());
    }
}

#[tokio::test]
async fn dead_letters_in_memory_are_bounded_in_bytes_and_the_oldest_go_first() {
    let store = MemoryStore::default();
    let big = |event: &str| {
        let mut one = given(event, 0, "");
        one.record.value = Some(vec![0; 3 << 20].into());
        one
    };
    let all = || ["a", "b", "c"].map(big).into();
    let numbers = numbers(&store, all()).await;
    let ends = numbers.into_iter();
    let ends = ends.map(|number| (number, dead("late"))).collect();
    store.settle(ends).await.unwrap();
    let left = store.list(&Filter::default()).await.unwrap();
    let left: Vec<_> = left.iter().map(|letter| &*letter.record.event).collect();
    assert_eq!(left, ["b", "c"]);
    let again = append(&store, all()).await.unwrap();
    let expected = [Appended::New(4), Appended::Duplicate, Appended::Duplicate];
    assert_eq!(again, expected, "what is forgotten can be sent again");
}

/// Something that is done to a store. Places count records in the order of acceptance.
#[derive(Clone, Debug)]
enum Step {
    Append(Vec<u8>),
    Deliver(usize),
    GiveUp(usize, bool),
    Doubt(usize),
    Replay(Option<bool>, Option<usize>),
}

fn code(is_late: bool) -> &'static str {
    if is_late { "late" } else { "refused" }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => prop::collection::vec(0_u8..3, 1..5).prop_map(Step::Append),
        2 => (0_usize..20).prop_map(Step::Deliver),
        2 => (0_usize..20, any::<bool>()).prop_map(|(place, late)| Step::GiveUp(place, late)),
        1 => (0_usize..20).prop_map(Step::Doubt),
        1 => (any::<Option<bool>>(), prop::option::of(1_usize..4))
            .prop_map(|(late, limit)| Step::Replay(late, limit)),
    ];
    prop::collection::vec(step, 1..20)
}

/// All that can be seen of a store after these steps.
async fn seen(store: &dyn Store, steps: &[Step]) -> String {
    let mut given = Vec::new();
    for step in steps {
        let number = |place: &usize| given.get(*place).copied().unwrap_or(u64::MAX >> 1);
        match step {
            Step::Append(topics) => {
                let first = given.len();
                let record = |(place, topic): (usize, &u8)| {
                    stored_for(&topic.to_string(), &(first + place).to_string())
                };
                let records = topics.iter().enumerate().map(record).collect();
                given.extend(numbers(store, records).await);
            }
            Step::Deliver(place) => {
                let ends = vec![(number(place), End::Delivered)];
                store.settle(ends).await.unwrap();
            }
            Step::GiveUp(place, is_late) => {
                let ends = vec![(number(place), dead(code(*is_late)))];
                store.settle(ends).await.unwrap();
            }
            Step::Doubt(place) => store.doubt(vec![number(place)]).await.unwrap(),
            Step::Replay(is_late, limit) => {
                let filter = Filter {
                    code: is_late.map(|late| code(late).to_owned()),
                    limit: *limit,
                    ..Filter::default()
                };
                store.replay(&filter, 500_000).await.unwrap();
            }
        }
    }
    let mut waiting = store.waiting().await.unwrap();
    for backlog in &mut waiting.lanes {
        // It may have ended since, which stores need not notice.
        backlog.newest = 0;
    }
    let mut seen = format!("{waiting:#?}");
    for backlog in &waiting.lanes {
        let next = store.next(&backlog.lane, 0, 100).await.unwrap();
        write!(seen, "{next:#?}").unwrap();
    }
    let letters = store.list(&Filter::default()).await.unwrap();
    seen + &format!("{letters:#?}")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn both_stores_do_the_same(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let seen: Vec<_> = each()
            .iter()
            .map(|(store, _folder)| runtime.block_on(seen(&**store, &steps)))
            .collect();
        prop_assert_eq!(&seen[0], &seen[1]);
    }
}
