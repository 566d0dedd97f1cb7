//! The plug is pulled: the binary's writes are recorded at the system calls, and laid out as
//! folders as a disk may leave them at any moment. Whatever was sent until then, which was
//! accepted before, is in each of them: records of `run` to the proxy, and answers of `serve`.
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
    serve::client::{self as serve, Service},
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

/// A call of the binary whose calls to the system are recorded.
fn traced(place: &Place, call: &str) -> Command {
    let mut command = Command::new("strace");
    let calls = "openat,write,pwrite64,writev,sendto,sendmsg,fsync,fdatasync,ftruncate,unlink";
    command
        .args(["-ff", "-ttt", "-T", "-y", "-xx", "-s", "100000", "-e"])
        .arg(format!("trace={calls}"))
        .arg("-o")
        .arg(place.path("trace"))
        .arg(binary().get_program())
        .args([call, "--config", "config.json"])
        .current_dir(place.path("."));
    command
}

/// The calls of a `run` that publishes some events, in the order in which they took effect.
fn run_of(place: &Place) -> Vec<Call> {
    let mut run = Running::start(traced(place, "run"));
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

/// The calls of a service that takes the same events.
fn service_of(place: Place) -> Vec<Call> {
    let mut service = Service::start_by(traced(&place, "serve"), place);
    let post = |body: &str| {
        let lines = [("Content-Type", "application/x-ndjson")];
        let answer = service.request("POST", "/v1/events", &lines, body);
        assert_eq!(answer.status, 202, "{answer:?}");
    };
    for number in 0..EVENTS {
        post(&event(number, EVENTS));
    }
    let rest = EVENTS..2 * EVENTS;
    post(&rest.map(|number| event(number, EVENTS)).collect::<String>());
    // The service is a child of what records it.
    let tracer = service.running.id();
    let children = std::fs::read_to_string(format!("/proc/{tracer}/task/{tracer}/children"));
    let children = children.unwrap();
    let mut kill = Command::new("kill");
    kill.args(["-TERM", children.trim()]);
    assert!(kill.status().unwrap().success());
    let output = service.running.end();
    assert_eq!(code(&output), 0, "{output:?}");
    trace::read(&service.place.path("."), "trace.")
}

/// The events that a store has ever accepted, after a start on what a disk has left.
async fn accepted(folder: &Path) -> BTreeSet<String> {
    let file = OutboxFile::new(folder.join("outbox.db"));
    let delivery = Delivery::start_in(file.clone(), Arc::new(Nobody))
        .await
        .unwrap();
    let left = delivery.shutdown(Duration::ZERO).await.unwrap();
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
        return None;
    }
    let proxy = proxy().await;
    let mut config = durable(&proxy.url());
    config["clusters"]["localhost:9092"]["format"] = json!("json");
    config["triggers"][0]["payload"] = json!({"event": "{{ event.id }}"});
    let place = Place::new(&config);
    Some(blocking(move || run_of(&place)).await)
}

fn is_missing(program: &str) -> bool {
    let is_missing = Command::new(program).arg("-V").output().is_err();
    if is_missing {
        println!("skipped: there is no {program}");
    }
    is_missing
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_disk_leaves_when_the_plug_is_pulled_nothing_accepted_is_missing() {
    let Some(calls) = calls().await else { return };
    nothing_is_missing(calls, |bytes| texts_after(bytes, "\"event\":\"")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_disk_leaves_of_a_service_nothing_that_was_answered_is_missing() {
    if is_missing("strace") {
        return;
    }
    let mut config = serve::durable();
    config["serve"]["shutdown_grace_secs"] = json!(0);
    let place = Place::new(&config);
    let calls = blocking(move || service_of(place)).await;
    nothing_is_missing(calls, |bytes| texts_after(bytes, "\"id\":\"")).await;
}

/// Pulls the plug at many moments: the events that were sent until then, as `events` finds
/// them in the bytes, are in the store.
async fn nothing_is_missing(calls: Vec<Call>, events: impl Fn(&[u8]) -> Vec<String>) {
    let mut random = Random::new(7);
    let (mut disk, mut sent) = (Disk::default(), BTreeSet::new());
    let mut moments = 0;
    let every = (calls.len() / MOMENTS).max(1) as u64;
    for call in &calls {
        match call {
            Call::Sent(bytes) => sent.extend(events(bytes)),
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
                sent.extend(texts_after(bytes, "\"event\":\""));
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

/// The texts that follow on this in bytes that were sent.
fn texts_after(bytes: &[u8], before: &str) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let texts = text.split(before).skip(1);
    texts
        .filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()))
        .collect()
}
