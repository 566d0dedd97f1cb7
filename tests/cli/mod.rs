//! The built binary, end to end over sockets.

mod checks;
mod failures;
mod formats;
mod processes;
mod readme;
mod references;
mod support;
