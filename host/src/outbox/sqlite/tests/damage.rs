//! Rows that are not as they were written.

use super::*;
use crate::outcome::{FailedEvent, Failure, Missing};

/// An outbox with three waiting records, of the numbers 1 to 3, three dead ones and an event
/// that was given up, of number 7; and another's hand on its file.
async fn filled() -> (Folder, SqliteStore, Connection) {
    let folder = Folder::new();
    let store = folder.open();
    let all = ["a", "b", "c", "d", "e", "f"];
    let numbers = numbers(&store, all.map(stored).into()).await;
    let dead = numbers[3..].iter().map(|number| (*number, dead("late")));
    store.settle(dead.collect()).await.unwrap();
    let missing = Missing::Event(Failure::new("guest_trapped", "it broke"));
    let event = StoredEvent::new(FailedEvent::new("g", "{}", missing), unix_ms());
    let (answer, answered) = tokio::sync::oneshot::channel();
    let done = |_, appended: Result<Vec<Appended>, StoreError>| drop(answer.send(appended));
    store.append(Vec::new(), vec![event], Box::new(done));
    answered.await.unwrap().unwrap();
    let other = Connection::open(folder.file().path).unwrap();
    (folder, store, other)
}

/// What `verify` finds after a change.
async fn found_after(change: &str) -> String {
    let (folder, _store, other) = filled().await;
    let admin = OutboxAdmin::open(&folder.file()).unwrap();
    assert_eq!(admin.verify(), Ok(Vec::new()));
    other.execute_batch(change).unwrap();
    admin.verify().unwrap().join("\n")
}

#[tokio::test]
async fn counts_that_drift_and_records_without_a_lane_or_a_source_are_found() {
    let mut all = Vec::new();
    for change in [
        "UPDATE counts SET records = records + 1 WHERE state = 0",
        "UPDATE counts SET bytes = bytes - 2 WHERE state = 1",
        "DELETE FROM waiting WHERE number = 2",
        "UPDATE state SET dead_events = 3",
        "UPDATE dead_events SET bytes = bytes + 1",
        "UPDATE waiting SET source = 99 WHERE number < 3",
        "UPDATE dead SET lane = 99 WHERE number = 4",
    ] {
        all.push(format!("{change}:\n{}", found_after(change).await));
    }
    insta::assert_snapshot!(all.join("\n"), @r"
    UPDATE counts SET records = records + 1 WHERE state = 0:
    the counts of lane 1 (waiting) are off by 1 records and 0 bytes
    UPDATE counts SET bytes = bytes - 2 WHERE state = 1:
    the counts of lane 1 (dead) are off by 0 records and -2 bytes
    DELETE FROM waiting WHERE number = 2:
    the counts of lane 1 (waiting) are off by 1 records and 4 bytes
    UPDATE state SET dead_events = 3:
    the counts of events are off by 2 events and 0 bytes
    UPDATE dead_events SET bytes = bytes + 1:
    the counts of events are off by 0 events and -1 bytes
    UPDATE waiting SET source = 99 WHERE number < 3:
    2 records (waiting) have source NOT IN (SELECT id FROM sources)
    UPDATE dead SET lane = 99 WHERE number = 4:
    the counts of lane 1 (dead) are off by 1 records and 4 bytes
    the counts of lane 99 (dead) are off by -1 records and -4 bytes
    1 records (dead) have lane NOT IN (SELECT id FROM lanes)
    ");
}

#[tokio::test]
async fn each_row_that_cannot_be_read_is_found() {
    let found = found_after(
        "UPDATE waiting SET headers = x'01' WHERE number = 2; UPDATE waiting SET event = \
         CAST(x'ff' AS TEXT) WHERE number = 3; UPDATE dead SET message = CAST(x'ff' AS TEXT) \
         WHERE number = 5; UPDATE dead_events SET queues = '{'",
    );
    insta::assert_snapshot!(found.await, @r"
    number 2 (waiting) cannot be read: Conversion error from type Blob at index: 14, headers cannot be read
    number 3 (waiting) cannot be read: invalid utf-8 sequence of 1 bytes from index 0 at index 7
    number 5 (dead) cannot be read: invalid utf-8 sequence of 1 bytes from index 0 at index 19
    number 7 (dead_events) cannot be read: Conversion error from type Text at index: 6, invalid type: map, expected a sequence at line 1 column 0
    ");
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_damage() {
    let (folder, store, other) = filled().await;
    let lane = LaneId::of(&stored("a"));
    for change in [
        "headers = x'01'",
        "headers = NULL, event = CAST(x'ff' AS TEXT)",
        "event = 'b', flags = 300",
    ] {
        let change = format!("UPDATE waiting SET {change} WHERE number = 2");
        other.execute_batch(&change).unwrap();
        let error = store.next(&lane, 0, 10).await.unwrap_err();
        assert_eq!(error.code(), "outbox_corrupt", "{change}: {error}");
        let admin = OutboxAdmin::open(&folder.file()).unwrap();
        let mut events = Vec::new();
        let read = admin.each(&Filter::default(), RecordState::Waiting, |record| {
            events.push(record.record.event);
            true
        });
        assert_eq!(read.unwrap_err(), error);
        assert_eq!(events, ["a"], "what is before it can be read");
    }
}
