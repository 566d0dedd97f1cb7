//! The files of an outbox: its links, its log, its copies.

use super::*;

#[cfg(unix)]
#[tokio::test]
async fn two_services_do_not_share_a_file_by_two_names() {
    let folder = Folder::new();
    let path = folder.file().path;
    let link = |name: &str| {
        let link = folder.0.path().join(name);
        std::os::unix::fs::symlink(&path, &link).unwrap();
        OutboxFile::new(link)
    };
    let _first = folder.open();
    let second = SqliteStore::open(&link("link.db")).err().unwrap();
    assert_eq!(second.code(), "outbox_in_use");
    let around = folder.0.path().join("folder");
    std::os::unix::fs::symlink(folder.0.path(), &around).unwrap();
    let around = OutboxFile::new(around.join("outbox.db"));
    let second = SqliteStore::open(&around).err().unwrap();
    assert_eq!(second.code(), "outbox_in_use");
}

/// Copies the files of an outbox as a killed process leaves them.
fn leave(from: &Path, to: &Path) {
    for end in ["", "-wal"] {
        std::fs::copy(open::beside(from, end), open::beside(to, end)).unwrap();
    }
}

#[tokio::test]
async fn the_log_of_a_file_that_was_moved_away_is_not_cleared() {
    let folder = Folder::new();
    let store = folder.open();
    numbers(&store, vec![stored("a"), stored("b")]).await;
    let file = OutboxFile::new(folder.0.path().join("left.db"));
    let moved = OutboxFile::new(folder.0.path().join("moved.db"));
    leave(&folder.file().path, &file.path);
    std::fs::rename(&file.path, &moved.path).unwrap();
    let error = SqliteStore::open(&file).err().unwrap();
    insta::assert_snapshot!(folder.said(&error), @"outbox_unopened: the outbox `FOLDER/left.db` cannot be opened: `FOLDER/left.db-wal` is left of another file: move it beside that file, under that file's name");
    // Nor where somebody has made an empty file meanwhile.
    std::fs::write(&file.path, "").unwrap();
    let error = SqliteStore::open(&file).err().unwrap();
    assert_eq!(error.code(), "outbox_unopened");
    // What the message says.
    std::fs::remove_file(&file.path).unwrap();
    let log = |file: &OutboxFile| open::beside(&file.path, "-wal");
    std::fs::rename(log(&file), log(&moved)).unwrap();
    SqliteStore::open(&file).unwrap();
    let store = SqliteStore::open(&moved).unwrap();
    assert_eq!(waiting(&store).await.len(), 2);
}

#[tokio::test]
async fn a_copy_is_what_the_outbox_was_however_much_is_written_meanwhile() {
    let folder = Folder::new();
    let store = folder.open();
    let big = |number: i32| {
        let mut record = stored(&number.to_string());
        record.record.value = Some(vec![0; 10_000].into());
        record
    };
    numbers(&store, (0..1_000).map(big).collect()).await;
    let other = Connection::open(folder.file().path).unwrap();
    let copy = OutboxFile::new(folder.0.path().join("copy.db"));
    let mut steps = 0;
    let admin = OutboxAdmin::open(&folder.file()).unwrap();
    let copied = admin.backup_between(&copy.path, || {
        other
            .execute_batch("UPDATE state SET last = last + 1")
            .unwrap();
        steps += 1;
        assert!(steps < 100, "it begins again with each commit");
    });
    assert_eq!(copied, Ok(()));
    assert!(steps > 0);
    let again = admin.backup(&copy.path).unwrap_err();
    assert_eq!(again.code(), "outbox_unopened");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&copy.path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert_eq!(OutboxAdmin::open(&copy).unwrap().verify(), Ok(Vec::new()));
    let next = numbers(&SqliteStore::open(&copy).unwrap(), vec![stored("a")]).await;
    assert_eq!(next, [1_001], "nothing of what came later is in it");
}

#[test]
fn a_copy_that_fails_leaves_nothing() {
    let folder = Folder::new();
    drop(folder.open());
    let admin = OutboxAdmin::open(&folder.file()).unwrap();
    let copy = folder.0.path().join("copy.db");
    // The copy cannot have a journal.
    let journal = open::beside(&copy, "-journal");
    std::fs::create_dir(&journal).unwrap();
    assert!(admin.backup(&copy).is_err());
    assert!(!copy.exists());
    std::fs::remove_dir(&journal).unwrap();
    assert_eq!(admin.backup(&copy), Ok(()));
}

#[cfg(unix)]
#[test]
fn a_copy_is_not_written_to_where_a_link_leads() {
    let folder = Folder::new();
    drop(folder.open());
    let admin = OutboxAdmin::open(&folder.file()).unwrap();
    let (link, target) = (folder.0.path().join("link"), folder.0.path().join("target"));
    std::os::unix::fs::symlink(&target, &link).unwrap();
    assert!(admin.backup(&link).is_err());
    assert!(!target.exists());
    assert!(link.is_symlink(), "what was there stays");
}
