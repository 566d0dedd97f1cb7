//! The store in memory against what every store promises.

use bytes::Bytes;

use super::*;
use crate::{
    cluster::ClusterId,
    record::{Destination, Message, Record, RecordId},
};

fn stored(event: &str) -> StoredRecord {
    let id = RecordId::new(event, "t", 0);
    let destination = Destination::new("b", "sales", ClusterId::new("", "kafka:9092"));
    let record = Record::new(Bytes::from_static(b"v"));
    let message = Message::new(id, Arc::new(destination), record);
    StoredRecord::new(message, 1_000, 121_000)
}

fn dead(code: &str) -> End {
    End::Dead(Death {
        code: code.to_owned(),
        message: "no".to_owned(),
        attempts: 3,
        last_answer: Some("HTTP 503".to_owned()),
        died_ms: 121_000,
    })
}

fn events(records: &[(u64, StoredRecord)]) -> Vec<&str> {
    records.iter().map(|(_, one)| &*one.event).collect()
}

#[tokio::test]
async fn records_are_numbered_in_order_and_wait_until_they_are_settled() {
    let store = MemoryStore::default();
    let numbers = store.append(vec![stored("a"), stored("b"), stored("c")]);
    let numbers = numbers.await.unwrap();
    assert!(numbers.is_sorted());
    store
        .settle(vec![(numbers[1], End::Delivered)])
        .await
        .unwrap();
    let lane = LaneId::of(&stored("a"));
    let next = async |after, most| store.next(&lane, after, most).await.unwrap();
    assert_eq!(events(&next(0, 10).await), ["a", "c"]);
    assert_eq!(events(&next(numbers[0], 10).await), ["c"]);
    assert_eq!(events(&next(0, 1).await), ["a"]);
    assert_eq!(store.lanes().await.unwrap(), [(lane, numbers[2])]);
    let read = store.read(&[numbers[2], numbers[0]]).await.unwrap();
    assert_eq!([&*read[0].event, &*read[1].event], ["c", "a"]);
    let missing = store.read(&numbers[1..2]).await;
    assert_eq!(missing, Err(StoreError::Missing(numbers[1])));
}

#[tokio::test]
async fn dead_letters_are_kept_with_their_reason_and_can_be_tried_again() {
    let store = MemoryStore::default();
    let numbers = store.append(vec![stored("a"), stored("b")]).await.unwrap();
    let ends = vec![(numbers[0], dead("refused")), (numbers[1], dead("late"))];
    store.settle(ends).await.unwrap();
    let late = Filter {
        code: Some("late".to_owned()),
        ..Filter::default()
    };
    let listed = store.list(&late).await.unwrap();
    assert_eq!(
        (&*listed[0].record.event, listed[0].death.attempts),
        ("b", 3)
    );
    let replayed = store.replay(&late, 500_000).await.unwrap();
    let (number, record) = &replayed[0];
    assert!(number > &numbers[1]);
    assert_eq!((record.accepted_ms, record.deadline_ms), (500_000, 620_000));
    let next = store.next(&LaneId::of(record), 0, 10).await.unwrap();
    assert_eq!(events(&next), ["b"]);
    assert_eq!(store.list(&Filter::default()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn dead_letters_are_bounded_in_bytes_and_the_oldest_go_first() {
    let store = MemoryStore::default();
    let big = |event: &str| {
        let mut one = stored(event);
        one.record.value = Some(vec![0; 3 << 20].into());
        one
    };
    let numbers = store.append(vec![big("a"), big("b"), big("c")]).await;
    let ends = numbers.unwrap().into_iter();
    let ends = ends.map(|number| (number, dead("late"))).collect();
    store.settle(ends).await.unwrap();
    let left = store.list(&Filter::default()).await.unwrap();
    let left: Vec<_> = left.iter().map(|letter| &*letter.record.event).collect();
    assert_eq!(left, ["b", "c"]);
}
