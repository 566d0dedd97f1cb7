//! What `SQLite`'s errors mean for an outbox.

use std::path::Path;

use rusqlite::{Error, ErrorCode, ffi};

use crate::outbox::error::StoreError;

/// Sorts an error that came up while a file was used.
pub(super) fn classify(path: &Path, error: &Error) -> StoreError {
    let path = || path.to_owned();
    let message = || error.to_string();
    let Some(found) = error.sqlite_error() else {
        // The tables hold only what was written into them, and that can be read.
        return match error {
            Error::FromSqlConversionFailure(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::InvalidColumnType(..)
            | Error::Utf8Error(..) => StoreError::Corrupt {
                path: path(),
                message: message(),
            },
            _ => StoreError::Failed(message()),
        };
    };
    match (found.code, found.extended_code) {
        (ErrorCode::DiskFull, _) => StoreError::Full(path()),
        (ErrorCode::ReadOnly, _) => StoreError::ReadOnly(path()),
        (ErrorCode::DatabaseCorrupt, _) => StoreError::Corrupt {
            path: path(),
            message: message(),
        },
        (ErrorCode::NotADatabase, _) => StoreError::Foreign {
            path: path(),
            message: "it is not a database".to_owned(),
        },
        (ErrorCode::DatabaseBusy, _) => StoreError::Busy(path()),
        (ErrorCode::CannotOpen, _) => StoreError::Unopened {
            path: path(),
            message: message(),
        },
        (
            _,
            ffi::SQLITE_IOERR_FSYNC
            | ffi::SQLITE_IOERR_DIR_FSYNC
            | ffi::SQLITE_IOERR_WRITE
            | ffi::SQLITE_IOERR_TRUNCATE,
        ) => StoreError::SyncFailed {
            path: path(),
            message: message(),
        },
        _ => StoreError::Failed(message()),
    }
}

/// Whether another process had the file for too long, so that nothing has happened yet.
pub(super) fn is_busy(error: &Error) -> bool {
    error
        .sqlite_error()
        .is_some_and(|found| found.code == ErrorCode::DatabaseBusy)
}
