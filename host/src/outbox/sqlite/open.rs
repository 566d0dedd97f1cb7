//! Opens the file of an outbox.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags};

use super::{fault::classify, schema};
use crate::outbox::error::StoreError;

/// The least `SQLite` that is used: those before may damage a file on which several
/// processes work (<https://sqlite.org/wal.html#walresetbug>).
const LEAST_SQLITE: i32 = 3_051_003;

/// How long somebody waits for another's transaction.
const BUSY: Duration = Duration::from_secs(5);

/// Who opens a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The service that accepts and delivers; it makes the file where it is missing.
    Service,
    /// A thread that only reads.
    Reader,
    /// A command beside the service.
    Command,
}

/// Takes the lock that says that a service has the outbox; dropping it gives it back.
pub(super) fn lock(path: &Path) -> Result<File, StoreError> {
    let failed = |error: io::Error| unopened(path, &error);
    let lock = beside(&real(path).map_err(failed)?, ".lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(lock)
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse(path.to_owned())),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// Where a file is, whatever links lead there: all who use it meet beside it.
fn real(path: &Path) -> io::Result<PathBuf> {
    match (fs::canonicalize(path), path.file_name()) {
        (Err(error), Some(name)) if error.kind() == io::ErrorKind::NotFound => {
            Ok(fs::canonicalize(folder(path))?.join(name))
        }
        (real, _) => real,
    }
}

/// The file beside another one whose name has more at its end.
pub(super) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

fn folder(path: &Path) -> &Path {
    let folder = path.parent();
    let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// Refuses a file without a page that has a log beside it: it is that of a file that was
/// moved away, it may have records that were accepted, and `SQLite` would clear it.
fn keep_log(path: &Path) -> Result<(), StoreError> {
    let failed = |error: io::Error| unopened(path, &error);
    let real = real(path).map_err(failed)?;
    let log = beside(&real, "-wal");
    let is_empty = |path: &Path| fs::metadata(path).map_or(true, |found| found.len() == 0);
    if !is_empty(&real) || is_empty(&log) {
        return Ok(());
    }
    Err(StoreError::Unopened {
        path: path.to_owned(),
        message: format!(
            "`{}` is left of another file: move it beside that file, under that file's name",
            log.display()
        ),
    })
}

pub(super) fn unopened(path: &Path, error: &io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            StoreError::Full(path.to_owned())
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            StoreError::ReadOnly(path.to_owned())
        }
        _ => StoreError::Unopened {
            path: path.to_owned(),
            message: error.to_string(),
        },
    }
}

/// Opens the file and sees that it is an outbox of today's version.
pub(super) fn open(path: &Path, role: Role) -> Result<Connection, StoreError> {
    let version = rusqlite::version_number();
    if version < LEAST_SQLITE {
        let message = format!("SQLite {} is too old", rusqlite::version());
        return Err(StoreError::Failed(message));
    }
    keep_log(path)?;
    let is_new = role == Role::Service && make(path).map_err(|error| unopened(path, &error))?;
    let mut flags = OpenFlags::SQLITE_OPEN_NO_MUTEX;
    flags |= match role {
        Role::Reader => OpenFlags::SQLITE_OPEN_READ_ONLY,
        Role::Service | Role::Command => OpenFlags::SQLITE_OPEN_READ_WRITE,
    };
    let failed = |error| classify(path, &error);
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    prepare(&connection, role).map_err(failed)?;
    migrate(path, &connection, role)?;
    if is_new {
        sync_folder(path).map_err(|error| StoreError::SyncFailed {
            path: path.to_owned(),
            message: error.to_string(),
        })?;
    }
    Ok(connection)
}

/// Makes the file, for this user alone, where it is missing; says whether it was.
pub(super) fn make(path: &Path) -> io::Result<bool> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

/// A new file is there after a power cut only when its folder was synced.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder(path))?.sync_all()
}

/// Elsewhere a folder cannot be synced.
#[cfg(not(unix))]
fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}

fn prepare(connection: &Connection, role: Role) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    if role == Role::Reader {
        return connection.pragma_update(None, "cache_size", -4_000);
    }
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    if role == Role::Service {
        connection.pragma_update(None, "cache_size", -16_000)?;
        let mode = "wal".to_owned();
        connection
            .pragma_update_and_check(None, "journal_mode", &mode, |row| row.get::<_, String>(0))?;
        // The writer does it, and looks at what comes of it.
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
    }
    Ok(())
}

fn migrate(path: &Path, connection: &Connection, role: Role) -> Result<(), StoreError> {
    let failed = |error| classify(path, &error);
    let foreign = |message: String| StoreError::Foreign {
        path: path.to_owned(),
        message,
    };
    let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let found = number("user_version").map_err(failed)?;
    let id = number("application_id").map_err(failed)?;
    let is_empty = found == 0 && id == 0 && number("schema_version").map_err(failed)? == 0;
    if !is_empty && id != schema::APPLICATION_ID {
        return Err(foreign("it is another kind of database".to_owned()));
    }
    let today = schema::version();
    if !(0..=today).contains(&found) {
        let message = format!("it has version {found}, and this program knows up to {today}");
        return Err(foreign(message));
    }
    match role {
        Role::Service => schema::migrate(connection, found).map_err(failed),
        Role::Reader | Role::Command if found < today => Err(foreign(format!(
            "it has version {found}: start the service once"
        ))),
        Role::Reader | Role::Command => Ok(()),
    }
}
