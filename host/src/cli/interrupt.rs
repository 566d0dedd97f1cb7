//! Signals that ask the process to stop.

use std::{future::pending, io};

/// Waits until the process is asked to stop: by an interrupt (Ctrl-C) or, on
/// Unix, a termination. Where no signal can be waited for, none comes.
pub(crate) async fn once() {
    if asked().await.is_err() {
        pending::<()>().await;
    }
}

/// Waits until the process is asked again: whoever does will not wait.
pub(crate) async fn twice() {
    once().await;
    once().await;
}

#[cfg(unix)]
async fn asked() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}

#[cfg(not(unix))]
async fn asked() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}
