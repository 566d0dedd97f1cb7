//! The built binary, end to end over sockets.

#[cfg(unix)]
#[path = "../fixtures/authority.rs"]
mod authority;
mod checks;
mod failures;
#[cfg(unix)]
mod faults;
mod formats;
#[cfg(unix)]
mod kills;
#[cfg(target_os = "linux")]
mod memory;
mod outbox;
#[cfg(target_os = "linux")]
mod plug;
mod processes;
mod readme;
mod references;
mod replays;
#[cfg(unix)]
pub(crate) mod serve;
pub(crate) mod support;
