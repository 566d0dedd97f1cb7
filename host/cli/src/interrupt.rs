//! Signals that ask the process to stop.

use std::{future::pending, io, time::Duration};

/// Waits until the process is asked to stop: by an interrupt (Ctrl-C) or, on
/// Unix, a termination. Where no signal can be waited for, none comes.
pub(crate) async fn once() {
    match Requests::listen() {
        Ok(mut requests) => requests.next().await,
        Err(_) => pending().await,
    }
}

/// Waits until the process is asked again: whoever does will not wait. Says so
/// the first time.
pub(crate) async fn twice(say: impl FnOnce()) {
    stopping(Duration::MAX, say).await;
}

/// Waits until the process is asked to stop and then for `grace`, or until it is
/// asked again: whoever does will not wait. Says so the first time.
pub(crate) async fn stopping(grace: Duration, say: impl FnOnce()) {
    let Ok(mut requests) = Requests::listen() else {
        return pending().await;
    };
    requests.next().await;
    say();
    // Running out of time is what `grace` is for.
    tokio::time::timeout(grace, requests.next()).await.ok();
}

#[cfg(unix)]
struct Requests {
    interrupts: tokio::signal::unix::Signal,
    terminations: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Requests {
    fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        Ok(Self {
            interrupts: signal(SignalKind::interrupt())?,
            terminations: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupts.recv() => {}
            _ = self.terminations.recv() => {}
        }
    }
}

#[cfg(windows)]
struct Requests(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Requests {
    fn listen() -> io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
}
