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

/// Whoever asks the process to stop, as often as they do.
pub(crate) struct Stopping(Option<Requests>);

impl Stopping {
    /// Listens from now on. Where no signal can be waited for, none comes.
    pub(crate) fn listen() -> Self {
        Self(Requests::listen().ok())
    }

    /// Waits until somebody asks.
    pub(crate) async fn asked(&mut self) {
        match &mut self.0 {
            Some(requests) => requests.next().await,
            None => pending().await,
        }
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

/// Whoever asks the process to read its configuration again: on Unix, a hang-up.
#[cfg(unix)]
pub(crate) struct Hangups(Option<tokio::signal::unix::Signal>);

#[cfg(unix)]
impl Hangups {
    /// Listens from now on.
    pub(crate) fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};

        Self(signal(SignalKind::hangup()).ok())
    }

    /// Waits until somebody asks.
    pub(crate) async fn next(&mut self) {
        match &mut self.0 {
            Some(hangups) => drop(hangups.recv().await),
            None => pending().await,
        }
    }
}

/// Nobody can ask.
#[cfg(windows)]
pub(crate) struct Hangups;

#[cfg(windows)]
impl Hangups {
    pub(crate) fn listen() -> Self {
        Self
    }

    pub(crate) async fn next(&mut self) {
        pending().await
    }
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
