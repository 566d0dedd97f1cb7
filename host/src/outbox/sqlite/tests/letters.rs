//! What is taken out of a file, and what stays.

use super::*;

#[tokio::test]
async fn what_was_purged_can_be_sent_again() {
    let folder = Folder::new();
    let store = folder.open();
    let both = || vec![given("a", 0, "1"), given("b", 0, "1")];
    let numbers = numbers(&store, both()).await;
    let ends = vec![(numbers[0], dead("late"))];
    store.settle(ends).await.unwrap();
    let mut admin = OutboxAdmin::open(&folder.file()).unwrap();
    for state in [RecordState::Dead, RecordState::Waiting] {
        assert_eq!(admin.purge(&Filter::default(), state), Ok(1));
    }
    let again = append(&store, both()).await.unwrap();
    assert_eq!(again, [Appended::New(3), Appended::New(4)]);
    let twice = append(&store, both()).await.unwrap();
    assert_eq!(twice, [Appended::Duplicate, Appended::Duplicate]);
}

/// Another process in the middle of writing.
fn keep(folder: &Folder) -> Connection {
    let other = Connection::open(folder.file().path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    other
}

#[tokio::test]
async fn who_finds_nothing_waits_for_nobody_and_who_waits_for_too_long_is_told() {
    let folder = Folder::new();
    let store = folder.open();
    let numbers = numbers(&store, vec![stored("a"), stored("b")]).await;
    let ends = vec![(numbers[0], dead("late"))];
    store.settle(ends).await.unwrap();
    let mut admin = OutboxAdmin::open(&folder.file()).unwrap();
    admin.connection().busy_timeout(Duration::ZERO).unwrap();
    let other = keep(&folder);
    let nobody = Filter {
        tenant: Some("nobody".to_owned()),
        ..Filter::default()
    };
    assert_eq!(admin.purge(&nobody, RecordState::Waiting), Ok(0));
    assert_eq!(admin.replay(&nobody), Ok(0));
    assert_eq!(admin.purge_events(&nobody), Ok(0));
    let all = Filter::default();
    let error = admin.purge(&all, RecordState::Waiting).unwrap_err();
    insta::assert_snapshot!(folder.said(&error), @"outbox_busy: the outbox `FOLDER/outbox.db` was kept by another process for too long: try again once that one has ended its work");
    assert_eq!(admin.replay(&all).unwrap_err(), error);
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(admin.purge(&all, RecordState::Waiting), Ok(1));
    assert_eq!(admin.replay(&all), Ok(1));
}

#[tokio::test]
async fn as_many_are_moved_as_were_asked_for_however_many_transactions_they_take() {
    let folder = Folder::new();
    let store = folder.open();
    let many = (0..2_500).map(|number| stored(&number.to_string()));
    let numbers = numbers(&store, many.collect()).await;
    let ends = numbers.iter().map(|number| (*number, dead("late")));
    store.settle(ends.collect()).await.unwrap();
    let mut admin = OutboxAdmin::open(&folder.file()).unwrap();
    let most = |limit| Filter {
        limit: Some(limit),
        ..Filter::default()
    };
    assert_eq!(admin.replay(&most(0)), Ok(0));
    assert_eq!(admin.replay(&most(1_100)), Ok(1_100));
    assert_eq!(store.replay(&most(100), 1).await, Ok(100));
    assert_eq!(admin.purge(&most(1_001), RecordState::Dead), Ok(1_001));
    assert_eq!(admin.purge(&Filter::default(), RecordState::Dead), Ok(299));
    let waiting = waiting(&store).await;
    let events = waiting.iter().map(|(_, record)| record.event.parse());
    assert!(
        events.eq((0..1_000).map(Ok::<i32, _>)),
        "the oldest, in their order"
    );
    assert_eq!(admin.verify(), Ok(Vec::new()));
}

#[tokio::test]
async fn what_another_has_taken_meanwhile_is_left_out() {
    let folder = Folder::new();
    let store = folder.open();
    let numbers = numbers(&store, vec![stored("a"), stored("b")]).await;
    let ends = numbers.iter().map(|number| (*number, dead("late")));
    store.settle(ends.collect()).await.unwrap();
    drop(store);
    let connection = open::open(&folder.file().path, Role::Service).unwrap();
    let mut tables = transaction::Tables::new(connection, folder.file());
    let mut step = |work: &mut dyn FnMut(&mut transaction::Tables) -> rusqlite::Result<usize>| {
        let begun = tables.begin();
        tables.within(begun, work).unwrap().1
    };
    assert_eq!(step(&mut |tables| tables.replay(&[1, 7], 1)), 1);
    assert_eq!(step(&mut |tables| tables.replay(&[1], 1)), 0);
    let dead = count::State::Dead;
    assert_eq!(step(&mut |tables| tables.purge(&[1, 2, 7], dead)), 1);
    assert_eq!(step(&mut |tables| tables.purge_events(&[1])), 0);
    let admin = OutboxAdmin::open(&folder.file()).unwrap();
    assert_eq!(admin.verify(), Ok(Vec::new()));
}

#[tokio::test]
async fn dead_letters_become_too_old_where_nothing_is_written_either() {
    let folder = Folder::new();
    let store = folder.open();
    let numbers = numbers(&store, vec![stored("a")]).await;
    let ends = vec![(numbers[0], dead("late"))];
    store.settle(ends).await.unwrap();
    drop(store);
    let connection = open::open(&folder.file().path, Role::Service).unwrap();
    let mut writer = Writer::new(connection, folder.file()).unwrap();
    writer.begin_service().unwrap();
    let admin = OutboxAdmin::open(&folder.file()).unwrap();
    let left = || admin.count(&Filter::default(), RecordState::Dead).unwrap();
    writer.look();
    assert_eq!(left(), 1);
    // A time that goes by is no change of the file by somebody else.
    let connection = &writer.tables.connection;
    connection
        .execute("UPDATE dead SET died_ms = 1", [])
        .unwrap();
    assert!(!writer.tables.is_changed().unwrap());
    writer.look();
    assert_eq!(left(), 0);
}
