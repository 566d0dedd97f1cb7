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
