//! Events of which something failed, in a file; and files of before there were any.

use super::*;
use crate::outcome::{FailedEvent, Failure, Missing};

#[tokio::test]
async fn the_bounds_of_dead_letters_hold_over_records_and_events() {
    let folder = Folder::new();
    let mut file = folder.file();
    let event = |id: &str, died_ms| {
        let missing = Missing::Event(Failure::new("guest_trapped", "it broke"));
        let event = FailedEvent::new(id, "{}", missing);
        StoredEvent::new(event, unix_ms() + died_ms)
    };
    let size = stored("a").record.size() as u64;
    file.dead_bytes = size + event("b", 0).event.size() as u64;
    let store = SqliteStore::open(&file).unwrap();
    keep(&store, vec![event("a", 0), event("b", 1), event("c", 2)]).await;
    let ids = async || -> Vec<String> {
        let events = store.events(&Filter::default(), 0).await.unwrap();
        events.into_iter().map(|one| one.stored.event.id).collect()
    };
    let fit = usize::try_from(file.dead_bytes).unwrap() / event("b", 0).event.size();
    assert_eq!(ids().await.len(), fit.min(3));
    let waiting = waiting(&store).await;
    store
        .settle(vec![(waiting[0].0, dead("late"))])
        .await
        .unwrap();
    assert_eq!(ids().await, ["c"], "the oldest go first");
    let admin = OutboxAdmin::open(&file).unwrap();
    let stats = admin.stats().unwrap();
    assert_eq!((stats.events.events, stats.totals.failed_events), (1, 3));
    assert_eq!(stats.totals.forgotten, 2);
    assert_eq!(admin.verify(), Ok(Vec::new()));
    let old = StoredEvent {
        died_ms: 1,
        ..event("old", 0)
    };
    keep(&store, vec![old]).await;
    assert_eq!(ids().await, ["c"], "it was too old at once");
}

#[tokio::test]
async fn an_event_is_kept_with_its_siblings_or_not_at_all() {
    let folder = Folder::new();
    let store = SqliteStore::open_with(&folder.file(), |connection| {
        connection.pragma_update_and_check(None, "max_page_count", 60, |_| Ok(()))
    });
    let store = store.unwrap();
    let missing = Missing::Event(Failure::new("guest_trapped", "it broke"));
    let event = FailedEvent::new("a", "x".repeat(1 << 20), missing);
    let (answer, answered) = tokio::sync::oneshot::channel();
    let done = |_, appended: Result<Vec<Appended>, StoreError>| drop(answer.send(appended));
    let events = vec![StoredEvent::new(event, unix_ms())];
    store.append(vec![stored("a")], events, Box::new(done));
    assert_eq!(answered.await.unwrap().unwrap_err().code(), "outbox_full");
    assert!(waiting(&store).await.is_empty());
    assert!(
        store
            .events(&Filter::default(), 0)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_file_of_the_first_version_is_brought_up_to_date() {
    let folder = Folder::new();
    let store = folder.open();
    numbers(&store, vec![stored("a")]).await;
    drop(store);
    let old = Connection::open(folder.file().path).unwrap();
    old.execute_batch(
        "DROP TABLE dead_events; ALTER TABLE state DROP COLUMN dead_events; ALTER TABLE state \
         DROP COLUMN dead_event_bytes; ALTER TABLE state DROP COLUMN failed_events; ALTER TABLE \
         state DROP COLUMN maybe_twice; PRAGMA user_version = 1",
    )
    .unwrap();
    drop(old);
    let refused = OutboxAdmin::open(&folder.file()).err().unwrap();
    assert_eq!(refused.code(), "outbox_foreign");
    let store = folder.open();
    assert_eq!(waiting(&store).await.len(), 1);
    let admin = OutboxAdmin::open(&folder.file()).unwrap();
    assert_eq!(admin.verify(), Ok(Vec::new()));
}

#[tokio::test]
async fn a_record_that_is_delivered_after_a_lost_answer_is_counted_as_perhaps_there_twice() {
    let folder = Folder::new();
    let store = folder.open();
    let numbers = numbers(&store, vec![stored("a"), stored("b")]).await;
    let ends = numbers.iter().map(|number| (*number, End::Delivered));
    // The word of both comes in one transaction.
    let doubted = store.doubt(vec![numbers[0]]);
    let settled = store.settle(ends.collect());
    doubted.await.unwrap();
    settled.await.unwrap();
    let stats = OutboxAdmin::open(&folder.file()).unwrap().stats().unwrap();
    assert_eq!((stats.totals.delivered, stats.totals.maybe_twice), (2, 1));
}
