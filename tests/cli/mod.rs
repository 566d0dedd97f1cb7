//! The built binary, end to end over sockets.

mod checks;
mod failures;
mod formats;
#[cfg(target_os = "linux")]
mod memory;
mod outbox;
mod processes;
mod readme;
mod references;
mod replays;
pub(crate) mod support;
