//! What a store in a file promises besides: it outlives the process, and says what is
//! wrong with the file.

mod damage;
mod events;
mod files;
mod letters;

use std::{path::Path, time::Duration};

use tempfile::TempDir;

use super::{super::tests::*, *};
use crate::{outbox::store::Appended, wall_clock::unix_ms};

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self) -> OutboxFile {
        OutboxFile::new(self.0.path().join("outbox.db"))
    }

    fn open(&self) -> SqliteStore {
        SqliteStore::open(&self.file()).unwrap()
    }

    /// What an error says, without the folder's name.
    fn said(&self, error: &StoreError) -> String {
        let text = format!("{}: {error}", error.code());
        text.replace(&self.0.path().display().to_string(), "FOLDER")
    }
}

async fn waiting(store: &SqliteStore) -> Vec<(u64, StoredRecord)> {
    let lane = LaneId::of(&stored("a"));
    store.next(&lane, 0, 1_000).await.unwrap()
}

#[tokio::test]
async fn what_was_accepted_is_there_after_a_start_under_the_same_number() {
    let folder = Folder::new();
    let store = folder.open();
    let numbers = numbers(&store, vec![stored("a"), stored("b")]).await;
    let ends = vec![(numbers[0], dead("late"))];
    store.settle(ends).await.unwrap();
    store.close(Vec::new()).await.unwrap();
    drop(store);
    let store = folder.open();
    assert_eq!(waiting(&store).await, [(numbers[1], stored("b"))]);
    assert_eq!(store.left()[0].records, 1);
    let letters = store.list(&Filter::default()).await.unwrap();
    assert_eq!(letters[0].number, numbers[0]);
    // A number is never given twice, whatever has ended.
    store
        .settle(vec![(numbers[1], dead("late"))])
        .await
        .unwrap();
    drop(store);
    let next = super::super::tests::numbers(&folder.open(), vec![stored("c")]).await;
    assert!(next[0] > numbers[1]);
}

#[tokio::test]
async fn a_record_may_be_written_after_a_start_if_it_was_sent_or_may_have_been() {
    let is_doubted = async |store: &SqliteStore| -> Vec<bool> {
        let waiting = waiting(store).await;
        waiting.iter().map(|(_, one)| one.may_be_written).collect()
    };
    let folder = Folder::new();
    let store = folder.open();
    let numbers = numbers(&store, ["a", "b", "c"].map(stored).into()).await;
    store.doubt(vec![numbers[0]]).await.unwrap();
    store.close(vec![numbers[2]]).await.unwrap();
    drop(store);
    let store = folder.open();
    assert_eq!(is_doubted(&store).await, [true, false, true]);
    // It ends as a killed process does: nobody knows what was under way.
    drop(store);
    assert_eq!(is_doubted(&folder.open()).await, [true, true, true]);
}

#[tokio::test]
async fn what_was_sent_before_is_known_after_a_start() {
    let folder = Folder::new();
    let store = folder.open();
    append(&store, vec![given("a", 0, "1")]).await.unwrap();
    store.settle(vec![(1, End::Delivered)]).await.unwrap();
    drop(store);
    let again = vec![given("a", 0, "1"), given("a", 0, "2")];
    let appended = append(&folder.open(), again).await;
    assert_eq!(appended.unwrap(), [Appended::Duplicate, Appended::Reused]);
}

#[tokio::test]
async fn dead_letters_are_bounded_in_age_and_in_bytes() {
    let folder = Folder::new();
    let mut file = folder.file();
    let all = || ["a", "b", "c"].map(|event| given(event, 0, "v")).into();
    file.dead_bytes = 2 * stored("a").record.size() as u64;
    let store = SqliteStore::open(&file).unwrap();
    let numbers = numbers(&store, all()).await;
    let ends = numbers.iter().map(|number| (*number, dead("late")));
    store.settle(ends.collect()).await.unwrap();
    let events = async |store: &SqliteStore| -> Vec<String> {
        let letters = store.list(&Filter::default()).await.unwrap();
        letters.into_iter().map(|one| one.record.event).collect()
    };
    assert_eq!(events(&store).await, ["b", "c"]);
    let again = append(&store, all()).await.unwrap();
    let expected = [Appended::New(4), Appended::Duplicate, Appended::Duplicate];
    assert_eq!(again, expected, "what is forgotten can be sent again");
    let old = super::super::tests::numbers(&store, vec![stored("d")]).await;
    let mut end = dead("late");
    if let End::Dead(death) = &mut end {
        death.died_ms = 1;
    }
    store.settle(vec![(old[0], end)]).await.unwrap();
    assert_eq!(events(&store).await, ["b", "c"], "it was too old at once");
}

#[tokio::test]
async fn callers_share_a_commit_and_are_answered_in_their_order() {
    let folder = Folder::new();
    let store = folder.open();
    let (told, mut heard) = tokio::sync::mpsc::unbounded_channel();
    for event in 0..1_000 {
        let told = told.clone();
        let done = move |records: Vec<StoredRecord>, appended: Result<Vec<Appended>, _>| {
            told.send((records[0].event.clone(), appended.unwrap()[0]))
                .unwrap();
        };
        store.append(vec![stored(&event.to_string())], Vec::new(), Box::new(done));
    }
    for event in 0..1_000 {
        let expected = (event.to_string(), Appended::New(event + 1));
        assert_eq!(heard.recv().await.unwrap(), expected);
    }
}

#[tokio::test]
async fn two_services_do_not_share_a_file() {
    let folder = Folder::new();
    let first = folder.open();
    let second = SqliteStore::open(&folder.file()).err().unwrap();
    insta::assert_snapshot!(folder.said(&second), @"outbox_in_use: the outbox `FOLDER/outbox.db` is in use by another process: stop that one, or give this one a `path` of its own");
    let own = OutboxFile::new(folder.0.path().join("own.db"));
    SqliteStore::open(&own).unwrap();
    drop(first);
    folder.open();
}

#[tokio::test]
async fn a_full_disk_refuses_and_loses_nothing() {
    let folder = Folder::new();
    let store = SqliteStore::open_with(&folder.file(), |connection| {
        connection.pragma_update_and_check(None, "max_page_count", 60, |_| Ok(()))
    });
    let store = store.unwrap();
    let big = |event: String| {
        let mut record = stored(&event);
        record.record.value = Some(vec![0; 10_000].into());
        record
    };
    let (mut accepted, mut refused) = (Vec::new(), None);
    for number in 0..100 {
        match append(&store, vec![big(number.to_string())]).await {
            Ok(appended) => accepted.extend(appended),
            Err(error) => refused = Some(error),
        }
    }
    insta::assert_snapshot!(folder.said(&refused.unwrap()), @"outbox_full: the outbox `FOLDER/outbox.db` has no room on its disk: free some, or move it to another one; what it has accepted is kept");
    let there = waiting(&store).await;
    assert_eq!(there.len(), accepted.len());
    assert!(there.len() > 10);
    // Room that comes free is used again.
    let ends = there.iter().map(|(number, _)| (*number, End::Delivered));
    store.settle(ends.collect()).await.unwrap();
    append(&store, vec![big("new".to_owned())]).await.unwrap();
}

#[tokio::test]
async fn after_a_failed_sync_nothing_is_accepted_any_more() {
    let folder = Folder::new();
    let path = folder.file().path;
    let failed = rusqlite::Error::SqliteFailure(
        rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR_FSYNC),
        None,
    );
    let error = fault::classify(&path, &failed);
    insta::assert_snapshot!(folder.said(&error), @"outbox_sync_failed: the disk did not keep what the outbox `FOLDER/outbox.db` wrote (Error code 1034: disk I/O error): nothing more is accepted until a new start; see to the disk first");
    assert!(error.is_final());
    let store = folder.open();
    numbers(&store, vec![stored("a")]).await;
    store.send(Work::Fail(error.clone()));
    let refused = append(&store, vec![stored("b")]).await;
    assert_eq!(refused, Err(error));
    drop(store);
    // A new start accepts again.
    let store = folder.open();
    numbers(&store, vec![stored("b")]).await;
    assert_eq!(waiting(&store).await.len(), 2);
}

#[tokio::test]
async fn a_table_that_is_gone_is_named_and_put_back() {
    let folder = Folder::new();
    let store = folder.open();
    let other = Connection::open(folder.file().path).unwrap();
    let renamed = |from: &str, to: &str| {
        let rename = format!("ALTER TABLE {from} RENAME TO {to}");
        other.execute_batch(&rename).unwrap();
    };
    let lane = LaneId::of(&stored("a"));
    renamed("waiting", "away");
    let error = store.next(&lane, 0, 1_000).await.unwrap_err();
    assert_eq!(error.code(), "outbox_failed");
    assert!(error.to_string().contains("waiting"), "{error}");
    renamed("away", "waiting");
    let numbers = numbers(&store, vec![stored("a")]).await;
    assert_eq!(waiting(&store).await, [(numbers[0], stored("a"))]);
}

#[test]
fn a_file_that_is_no_outbox_is_refused() {
    let folder = Folder::new();
    let path = folder.file().path;
    let said = |what: &str| {
        let error = SqliteStore::open(&folder.file()).err();
        format!("{what}: {}", folder.said(&error.unwrap()))
    };
    let mut all = Vec::new();
    std::fs::write(
        &path,
        "not a database, but quite long enough to be taken for one",
    )
    .unwrap();
    all.push(said("a text"));
    std::fs::remove_file(&path).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE a (b)").unwrap();
    drop(other);
    all.push(said("another program's"));
    std::fs::remove_file(&path).unwrap();
    drop(folder.open());
    let newer = Connection::open(&path).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();
    drop(newer);
    all.push(said("a newer version's"));
    let broken = Connection::open(&path).unwrap();
    broken.pragma_update(None, "user_version", -1).unwrap();
    drop(broken);
    all.push(said("of no version"));
    let missing = OutboxFile::new(folder.0.path().join("missing/outbox.db"));
    let error = SqliteStore::open(&missing).err().unwrap();
    all.push(format!("a missing folder: {}", folder.said(&error)));
    std::fs::create_dir(folder.0.path().join("missing")).unwrap();
    SqliteStore::open(&missing).unwrap();
    insta::assert_snapshot!(all.join("\n"), @r"
    a text: outbox_foreign: `FOLDER/outbox.db` is not an outbox that this version can use: it is not a database
    another program's: outbox_foreign: `FOLDER/outbox.db` is not an outbox that this version can use: it is another kind of database
    a newer version's: outbox_foreign: `FOLDER/outbox.db` is not an outbox that this version can use: it has version 99, and this program knows up to 3
    of no version: outbox_foreign: `FOLDER/outbox.db` is not an outbox that this version can use: it has version -1, and this program knows up to 3
    a missing folder: outbox_unopened: the outbox `FOLDER/missing/outbox.db` cannot be opened: No such file or directory (os error 2)
    ");
}

#[tokio::test]
async fn a_damaged_file_is_named_and_nothing_is_accepted_into_it() {
    let folder = Folder::new();
    let store = folder.open();
    let many = (0..500).map(|number| stored(&number.to_string()));
    numbers(&store, many.collect()).await;
    store.close(Vec::new()).await.unwrap();
    drop(store);
    damage(&folder.file().path);
    let error = match SqliteStore::open(&folder.file()) {
        Err(error) => error,
        Ok(store) => append(&store, vec![stored("new")]).await.unwrap_err(),
    };
    assert_eq!(error.code(), "outbox_corrupt", "{error}");
}

/// Overwrites every page but the first one.
fn damage(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[4_096..].fill(0x5a);
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn a_file_keeps_others_out_and_is_not_mapped() {
    let folder = Folder::new();
    let store = folder.open();
    drop(store);
    let connection = open::open(&folder.file().path, Role::Service).unwrap();
    let pragma = |name: &str| -> String {
        let value = connection.pragma_query_value(None, name, |row| {
            row.get_ref(0).map(|value| format!("{value:?}"))
        });
        value.unwrap()
    };
    let settings = ["journal_mode", "synchronous", "mmap_size"].map(pragma);
    assert_eq!(
        settings,
        ["Text([119, 97, 108])", "Integer(2)", "Integer(0)"]
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(folder.file().path)
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn the_defaults_are_those_that_the_schema_names() {
    let file = OutboxFile::new("outbox.db");
    let hours = |hours| Duration::from_hours(hours);
    assert_eq!((file.dedup, file.dead_age), (hours(24), hours(14 * 24)));
}

#[tokio::test]
async fn a_file_that_must_not_be_written_refuses_and_is_named() {
    let folder = Folder::new();
    let store = folder.open();
    numbers(&store, vec![stored("a")]).await;
    drop(store);
    let path = folder.file().path;
    let only_read = open::open(&path, Role::Reader).unwrap();
    let written = only_read.execute("UPDATE state SET last = 0", []);
    let error = fault::classify(&path, &written.unwrap_err());
    insta::assert_snapshot!(folder.said(&error), @"outbox_read_only: the outbox `FOLDER/outbox.db` can only be read: see to the rights of the file and its folder");
    assert!(!error.is_final());
    drop(only_read);
    numbers(&folder.open(), vec![stored("b")]).await;
}

#[tokio::test]
async fn what_others_do_to_the_file_is_noticed() {
    let folder = Folder::new();
    let store = folder.open();
    let (changes, mut heard) = tokio::sync::mpsc::unbounded_channel();
    store.watch(Box::new(move |change| drop(changes.send(change))));
    let numbers = numbers(&store, vec![stored("a"), stored("b")]).await;
    store
        .settle(vec![(numbers[0], dead("late"))])
        .await
        .unwrap();
    let mut admin = OutboxAdmin::open(&folder.file()).unwrap();
    assert_eq!(admin.replay(&Filter::default()), Ok(1));
    let change = heard.recv().await.unwrap();
    let size = i64::try_from(stored("a").record.size()).unwrap();
    let cluster = ClusterId::new("", "kafka:9092");
    assert_eq!(change.moved, [(cluster.clone(), 1, size)]);
    // New numbers are above those that others gave.
    let next = super::super::tests::numbers(&store, vec![stored("c")]).await;
    assert!(next[0] > change.lanes[0].newest);
    let purged = admin.purge(&Filter::default(), RecordState::Waiting);
    assert_eq!(purged, Ok(3));
    assert_eq!(
        heard.recv().await.unwrap().moved,
        [(cluster, -3, -3 * size)]
    );
    assert_eq!(admin.verify(), Ok(Vec::new()));
}

/// Run it by `cargo test -p action-triggers-host --lib -- --ignored --nocapture ten_million`.
#[tokio::test]
#[ignore = "fills a disk with a gigabyte"]
async fn a_start_with_ten_million_records_takes_a_moment_and_little_memory() {
    let folder = Folder::new();
    let store = folder.open();
    numbers(&store, vec![stored("a")]).await;
    store.close(Vec::new()).await.unwrap();
    drop(store);
    let connection = open::open(&folder.file().path, Role::Service).unwrap();
    let columns = rows::COLUMNS;
    connection
        .execute_batch(&format!(
            "BEGIN; WITH RECURSIVE more (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM more WHERE \
             n < 10000000) INSERT INTO waiting (number, lane, source, {columns}) SELECT n, lane, \
             source, {columns} FROM waiting, more WHERE number = 1; UPDATE counts SET records = \
             10000000, bytes = 10000000 * bytes, newest = 10000000; UPDATE state SET last = \
             10000000; COMMIT; PRAGMA wal_checkpoint(TRUNCATE);"
        ))
        .unwrap();
    drop(connection);
    let memory = || {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmRSS"));
        line.unwrap_or_default().to_owned()
    };
    let before = memory();
    let started = std::time::Instant::now();
    let store = folder.open();
    let lane = LaneId::of(&stored("a"));
    let first = store.next(&lane, 0, 4_000).await.unwrap();
    println!(
        "opened and read {} of 10,000,000 in {:?}; {before} before, {} after",
        first.len(),
        started.elapsed(),
        memory()
    );
    assert_eq!(store.left()[0].records, 10_000_000);
}

#[test]
fn the_end_of_a_record_that_was_given_up_waits_for_no_company() {
    let settle = |ends| {
        let (reply, _) = tokio::sync::oneshot::channel();
        Work::Settle { ends, reply }
    };
    let delivered = || vec![(1, End::Delivered), (2, End::Delivered)];
    assert!(settle(delivered()).is_patient());
    let with_a_death = delivered().into_iter().chain([(3, dead("refused"))]);
    assert!(!settle(with_a_death.collect()).is_patient());
}
