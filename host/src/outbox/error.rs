//! Why a store could not do its work.

use std::{path::PathBuf, time::Duration};

use crate::cluster::ClusterId;

/// Nothing is let in any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the outbox takes no more records: the host is shutting down")]
pub struct Closed;

/// Why a store could not do its work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The outbox is closed.
    #[error(transparent)]
    Closed(#[from] Closed),
    /// The record's cluster, one of several, has no room left of its share, and delivers
    /// nothing.
    #[error(
        "the share that cluster `{cluster}` has of the outbox is full, and none of its records was delivered for {stalled_after:?}; send the event again once the cluster works, or raise `messages`, `bytes` or `stalled_after_secs` of `outbox`"
    )]
    Stalled {
        /// The cluster.
        cluster: ClusterId,
        /// How long it may deliver nothing.
        stalled_after: Duration,
    },
    /// As many records wait as may. Only who does not wait for room is told so.
    #[error(
        "the outbox is full: send the events again later, or raise `messages`, `bytes` or `max_bytes` of `outbox`"
    )]
    NoRoom,
    /// The records that should come in together are more than may wait at all.
    #[error(
        "the events have more records than the outbox can hold at once: send fewer events together, or raise `messages`, `bytes` or `max_bytes` of `outbox`"
    )]
    TooMuch,
    /// The disk is full.
    #[error(
        "the outbox `{}` has no room on its disk: free some, or move it to another one; what it has accepted is kept",
        .0.display()
    )]
    Full(PathBuf),
    /// The file must not be written.
    #[error("the outbox `{}` can only be read: see to the rights of the file and its folder", .0.display())]
    ReadOnly(PathBuf),
    /// The file is damaged.
    #[error(
        "the outbox `{}` is damaged: {message}; move it and its `-wal` away, so that the next start makes a new one, and see what is left in it with `outbox verify` and `outbox list`",
        .path.display()
    )]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What was found.
        message: String,
    },
    /// The disk did not take what was written.
    #[error(
        "the disk did not keep what the outbox `{}` wrote ({message}): nothing more is accepted until a new start; see to the disk first",
        .path.display()
    )]
    SyncFailed {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        message: String,
    },
    /// Another process uses it.
    #[error("the outbox `{}` is in use by another process: stop that one, or give this one a `path` of its own", .0.display())]
    InUse(PathBuf),
    /// Another process writes into it for longer than one waits.
    #[error("the outbox `{}` was kept by another process for too long: try again once that one has ended its work", .0.display())]
    Busy(PathBuf),
    /// The file is not an outbox, or one of a newer version.
    #[error("`{}` is not an outbox that this version can use: {message}", .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        message: String,
    },
    /// There is no such file, or it cannot be opened.
    #[error("the outbox `{}` cannot be opened: {message}", .path.display())]
    Unopened {
        /// The file.
        path: PathBuf,
        /// Why not.
        message: String,
    },
    /// The store itself failed.
    #[error("the outbox cannot be used: {0}")]
    Failed(String),
}

impl StoreError {
    /// Whoever should have answered is gone.
    pub(super) fn ended() -> Self {
        Self::Failed("its thread has ended".to_owned())
    }

    /// Whether nothing more may be written after it: what the disk holds is not what it was
    /// told to.
    pub(crate) fn is_final(&self) -> bool {
        matches!(self, Self::SyncFailed { .. } | Self::Corrupt { .. })
    }

    /// Stable, for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Closed(_) => "shut_down",
            Self::Stalled { .. } => "cluster_stalled",
            Self::NoRoom => "no_room",
            Self::TooMuch => "batch_too_large",
            Self::Full(_) => "outbox_full",
            Self::ReadOnly(_) => "outbox_read_only",
            Self::Corrupt { .. } => "outbox_corrupt",
            Self::SyncFailed { .. } => "outbox_sync_failed",
            Self::InUse(_) => "outbox_in_use",
            Self::Busy(_) => "outbox_busy",
            Self::Foreign { .. } => "outbox_foreign",
            Self::Unopened { .. } => "outbox_unopened",
            Self::Failed(_) => "outbox_failed",
        }
    }
}
