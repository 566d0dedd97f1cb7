//! A record that is lost is logged, wherever it is lost.

use std::{
    future::pending,
    io,
    sync::{Mutex, Once},
    time::Duration,
};

use action_triggers_host::{OutboxLimits, Reason};
use tokio::sync::mpsc;

use super::*;

/// What this process has logged.
static LOGGED: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Log;

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOGGED.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn log() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing_subscriber::fmt()
            .with_writer(|| Log)
            .with_ansi(false)
            .with_max_level(tracing_subscriber::filter::LevelFilter::WARN)
            .init();
    });
}

/// The lines that name an event, without their times.
fn logged(event: &str) -> Vec<String> {
    let logged = LOGGED.lock().unwrap();
    let text = String::from_utf8_lossy(&logged);
    let lines = text.lines().filter(|line| line.contains(event));
    lines
        .map(|line| line.split_once("Z ").unwrap().1.trim().to_owned())
        .collect()
}

/// A publisher that tells of its first batch and never answers.
pub(super) fn mute() -> (Arc<dyn Publisher>, mpsc::UnboundedReceiver<()>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let publish = move |_: &Batch| -> PublishFuture<'static> {
        sender.send(()).unwrap();
        Box::pin(pending())
    };
    (Arc::new(Scripted(publish)), receiver)
}

#[tokio::test]
async fn a_record_that_is_given_up_is_logged() {
    log();
    let refused = |_: &Batch| Verdict::Permanent(Reason::new("too_large", "it is too large"));
    let builder = builder(answering(refused)).triggers(triggers("x"));
    let runtime = builder.build().await.unwrap();
    runtime.process(sale("given-up-1")).await;
    assert_eq!(runtime.flush().await.dead, 1);
    let [line] = &logged("given-up-1")[..] else {
        panic!("{:?}", logged("given-up-1"));
    };
    assert!(line.starts_with("WARN"), "{line}");
    assert!(line.contains("too_large"), "{line}");
}

#[tokio::test]
async fn records_that_have_no_room_at_the_end_are_logged() {
    log();
    let (publisher, mut arrived) = mute();
    let mut limits = OutboxLimits::default();
    limits.records = 1;
    let builder = builder(publisher).triggers(triggers("x"));
    let runtime = builder.outbox_limits(limits).build().await.unwrap();
    let events = ["no-room-1", "no-room-2", "no-room-3"];
    tokio::select! {
        _ = runtime.process(events.map(sale)) => panic!("there is room for one"),
        _ = arrived.recv() => {}
    }
    runtime.shutdown(Duration::ZERO).await.unwrap();
    for (event, says) in events.iter().zip(["given up", "is lost", "is lost"]) {
        let lines = logged(event);
        assert!(lines.len() == 1 && lines[0].contains(says), "{lines:?}");
    }
}

#[test]
fn records_under_way_when_the_tokio_runtime_ends_are_logged() {
    log();
    let tokio = tokio::runtime::Runtime::new().unwrap();
    let runtime = tokio.block_on(async {
        let (publisher, mut arrived) = mute();
        let builder = builder(publisher).triggers(triggers("x"));
        let runtime = builder.build().await.unwrap();
        runtime.process(sale("under-way-1")).await;
        arrived.recv().await;
        runtime
    });
    drop(tokio);
    drop(runtime);
    let lines = logged("under-way-1");
    assert!(
        lines.len() == 1 && lines[0].contains("is lost"),
        "{lines:?}"
    );
}
