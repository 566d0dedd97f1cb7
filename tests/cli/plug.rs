//! The plug is pulled: the binary's writes are recorded at the system calls, and laid out as
//! folders as a disk may leave them at any moment. Whatever was sent until then, which was
//! accepted before, is in each of them.
//!
//! It needs `strace`, and says so where that is missing.

mod disk;
mod trace;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::Duration,
};

use action_triggers_host::{Batch, Delivery, OutboxAdmin, OutboxFile, PublishFuture, Publisher};
use rusqlite::Connection;
use serde_json::json;

use self::{disk::Disk, trace::Call};
use super::{
    kills::{Random, event},
    outbox::{blocking, durable},
    support::{Place, Running, binary, code, proxy},
};

/// Events that are sent one after the other, and then as many at once.
const EVENTS: u64 = 12;
/// Moments at which the plug is pulled, of all that there are.
const MOMENTS: usize = 250;

/// Delivers nothing.
struct Nobody;

impl Publisher for Nobody {
    fn publish<'a>(&'a self, _: &'a Batch) -> PublishFuture<'a> {
        Box::pin(std::future::pending())
    }
}

/// The calls of a `run` that publishes some events, in the order in which they took effect.
fn recorded(place: &Place) -> Vec<Call> {
    let mut command = Command::new("strace");
    let calls = "openat,write,pwrite64,writev,sendto,sendmsg,fsync,fdatasync,ftruncate,unlink";
    command
        .args(["-ff", "-ttt", "-T", "-y", "-xx", "-s", "100000", "-e"])
        .arg(format!("trace={calls}"))
        .arg("-o")
        .arg(place.path("trace"))
        .arg(binary().get_program())
        .args(["run", "--config", "config.json"])
        .current_dir(place.path("."));
    let mut run = Running::start(command);
    for number in 0..EVENTS {
        run.send(&event(number, EVENTS));
        run.line().unwrap();
    }
    let rest: String = (EVENTS..2 * EVENTS)
        .map(|number| event(number, EVENTS))
        .collect();
    run.send(&rest);
    run.stdin.take();
    let output = run.end();
    assert_eq!(code(&output), 0, "{output:?}");
    trace::read(&place.path("."), "trace.")
}

/// The events that a store has ever accepted, after a start on what a disk has left.
async fn accepted(folder: &Path) -> BTreeSet<String> {
    let file = OutboxFile::new(folder.join("outbox.db"));
    let delivery = Delivery::start_in(file.clone(), Arc::new(Nobody))
        .await
        .unwrap();
    let left = delivery.shutdown(Duration::ZERO).await;
    let admin = OutboxAdmin::open(&file).unwrap();
    assert_eq!(admin.verify(), Ok(Vec::new()));
    let totals = admin.stats().unwrap().totals;
    assert_eq!(
        totals.accepted,
        totals.delivered + left,
        "each has ended once or waits"
    );
    let names = Connection::open(&file.path).unwrap();
    let mut names = names.prepare("SELECT event FROM seen").unwrap();
    let names = names.query_map([], |row| row.get(0)).unwrap();
    names.map(Result::unwrap).collect()
}

/// The calls of a `run` into an outbox in a file; none where they cannot be recorded.
async fn calls() -> Option<Vec<Call>> {
    if is_missing("strace") {
        println!("skipped: there is no strace");
        return None;
    }
    let proxy = proxy().await;
    let mut config = durable(&proxy.url());
    config["clusters"]["localhost:9092"]["format"] = json!("json");
    config["triggers"][0]["payload"] = json!({"event": "{{ event.id }}"});
    let place = Place::new(&config);
    Some(blocking(move || recorded(&place)).await)
}

fn is_missing(program: &str) -> bool {
    Command::new(program).arg("-V").output().is_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_disk_leaves_when_the_plug_is_pulled_nothing_accepted_is_missing() {
    let Some(calls) = calls().await else { return };
    let mut random = Random::new(7);
    let (mut disk, mut sent) = (Disk::default(), BTreeSet::new());
    let mut moments = 0;
    let every = (calls.len() / MOMENTS).max(1) as u64;
    for call in &calls {
        match call {
            Call::Sent(bytes) => sent.extend(events_in(bytes)),
            Call::File(call) => disk.note(call),
        }
        if random.below(every) == 0 {
            moments += 1;
            let folder = tempfile::tempdir().unwrap();
            disk.lay_out(folder.path(), &mut random);
            let accepted = accepted(folder.path()).await;
            let missing: Vec<_> = sent.difference(&accepted).collect();
            assert!(missing.is_empty(), "moment {moments}: {missing:?}");
        }
    }
    assert_eq!(
        sent.len() as u64,
        2 * EVENTS,
        "every event was seen on its way"
    );
    assert!(disk.syncs() > EVENTS, "{} syncs", disk.syncs());
    println!("{moments} moments of {} calls", calls.len());
}

/// A disk that keeps a write only when it likes is found out.
#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_lies_about_its_syncs_is_found_out() {
    let Some(calls) = calls().await else { return };
    let mut random = Random::new(7);
    let (mut disk, mut sent, mut is_found) = (Disk::lying(), BTreeSet::new(), false);
    for call in &calls {
        match call {
            Call::Sent(bytes) => {
                sent.extend(events_in(bytes));
                let folder = tempfile::tempdir().unwrap();
                disk.lay_out(folder.path(), &mut random);
                let found = tokio::spawn({
                    let (sent, path) = (sent.clone(), PathBuf::from(folder.path()));
                    async move { sent.is_subset(&accepted(&path).await) }
                });
                is_found |= !matches!(found.await, Ok(true));
            }
            Call::File(call) => disk.note(call),
        }
    }
    assert!(is_found);
}

/// The events whose records are in these bytes of a request.
fn events_in(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let ids = text.split("\"event\":\"").skip(1);
    ids.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()))
        .collect()
}
