//! A service under more than it can take, and under faults: what was answered is there.

use std::{
    collections::BTreeMap,
    fs,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use action_triggers_dev_proxy::{DevProxy, Fault};
use serde_json::{Value, json};

use super::{
    broken::{limited, shell},
    client::{Address, Service, serving},
};
use crate::cli::{
    memory::peak_kib,
    processes::blocking,
    support::{NOWHERE, Place, proxy, until},
};

const CLIENTS: usize = 8;

/// Events of a client, from this number on: their ids, and a body with them.
fn events(client: usize, first: usize, count: usize) -> (Vec<String>, String) {
    let ids: Vec<_> = (first..first + count)
        .map(|number| format!("{client}-{number}"))
        .collect();
    let events: Vec<_> = ids.iter().map(|id| event(id, "")).collect();
    (ids, json!(events).to_string())
}

fn event(id: &str, text: &str) -> Value {
    json!({"id": id, "signal": "post_save", "content_type": "myapp.sale",
        "instance": {"id": id, "text": text}})
}

/// A configuration whose records are their events' ids.
fn telling(rest_url: &str) -> Value {
    let mut config = serving(rest_url);
    config["clusters"]["localhost:9092"]["time_to_live_secs"] = json!(3600);
    config["triggers"][0]["payload"] = json!("{{ id }}");
    config
}

/// How often each event's record lies in these topics.
fn copies(proxy: &DevProxy, topics: &[&str]) -> BTreeMap<String, usize> {
    let mut copies = BTreeMap::new();
    let records = topics.iter().flat_map(|topic| proxy.records(topic));
    for record in records {
        let id = String::from_utf8(record.value.unwrap().to_vec()).unwrap();
        *copies.entry(id).or_default() += 1;
    }
    copies
}

/// Posts from several clients at once until each says that it is done; gives the ids of
/// events that were answered with 202.
fn posted(client: impl Fn(usize, &mut Vec<String>) + Sync) -> Vec<String> {
    let answered = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for number in 0..CLIENTS {
            let (answered, client) = (&answered, &client);
            scope.spawn(move || {
                let mut own = Vec::new();
                client(number, &mut own);
                answered.lock().unwrap().append(&mut own);
            });
        }
    });
    answered.into_inner().unwrap()
}

fn once_each(copies: &BTreeMap<String, usize>, answered: &[String]) {
    for id in answered {
        assert_eq!(copies.get(id), Some(&1), "{id}");
    }
}

/// Sees that what was answered, and nothing else, lies there once.
fn exactly(copies: &BTreeMap<String, usize>, answered: &[String]) {
    once_each(copies, answered);
    assert_eq!(
        copies.len(),
        answered.len(),
        "what was refused is not there"
    );
}

/// Delivers what was left, through another proxy than before.
fn deliver_rest(service: Service, mut config: Value, url: &str) {
    config["clusters"]["localhost:9092"]["rest_url"] = json!(url);
    service.place.write("config.json", config.to_string());
    let mut last = service.again();
    last.counts("waiting_records", 0);
    last.running.signal("-TERM");
    let output = last.running.end();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("\"left\":0,\"lost\":0"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_times_the_load_is_refused_in_part_and_nothing_accepted_is_lost() {
    const ROOM: usize = 160;
    const BATCH: usize = 10;
    const ROUNDS: usize = ROOM * 10 / CLIENTS / BATCH;
    /// What more than the first refusal may take: less than half of what is posted then.
    const MORE_KIB: u64 = 24 * 1024;
    let proxy = Arc::new(proxy().await);
    // It delivers nothing until it is mended.
    proxy.inject(Fault::Status(503), usize::MAX);
    let mut config = telling(&proxy.url());
    config["outbox"] = json!({"messages": ROOM});
    config["clusters"]["localhost:9092"]["max_retry_after_secs"] = json!(0.1);
    let text = "x".repeat(40_000);
    let mended = Arc::clone(&proxy);
    let answered = blocking(move || {
        let mut service = Service::start(&config);
        let address = service.address();
        let process = service.running.id();
        let full = Mutex::new(None);
        let answered = posted(|client, answered| {
            for round in 0..ROUNDS {
                let ids = (0..BATCH).map(|n| format!("{client}-{round}-{n}"));
                let ids: Vec<_> = ids.collect();
                let events: Vec<_> = ids.iter().map(|id| event(id, &text)).collect();
                let answer = address.post("/v1/events", &json!(events).to_string());
                match answer.status {
                    202 => answered.extend(ids),
                    429 => {
                        assert_eq!(answer.code(), "no_room");
                        assert_eq!(answer.header("Retry-After"), Some("1"));
                        let mut full = full.lock().unwrap();
                        full.get_or_insert_with(|| peak_kib(process));
                    }
                    _ => panic!("{answer:?}"),
                }
            }
        });
        assert_eq!(answered.len(), ROOM);
        let (before, after) = (full.into_inner().unwrap().unwrap(), peak_kib(process));
        assert!(after < before + MORE_KIB, "{before} KiB became {after} KiB");
        mended.clear_faults();
        service.running.signal("-TERM");
        let output = service.running.end();
        assert!(output.status.success(), "{output:?}");
        answered
    })
    .await;
    exactly(&copies(&proxy, &["sales"]), &answered);
}

#[tokio::test(flavor = "multi_thread")]
async fn reloads_and_a_termination_under_load_lose_nothing() {
    let proxy = proxy().await;
    let mut config = telling(&proxy.url());
    let answered = blocking(move || {
        let mut service = Service::start(&config);
        let address = service.address();
        let is_over = AtomicBool::new(false);
        let (place, running) = (&service.place, &service.running);
        let answered = thread::scope(|scope| {
            let posting = scope.spawn(|| {
                posted(|client, answered| {
                    for round in 0.. {
                        let (ids, body) = events(client, round, 1);
                        match address.post("/v1/events", &body).status {
                            202 => answered.extend(ids),
                            429 => {}
                            // It listens no more, or cut the connection before it was read.
                            _ if is_over.load(Ordering::SeqCst) => return,
                            status => panic!("{status}"),
                        }
                    }
                })
            });
            for topic in ["a", "b", "a", "b", "sales"] {
                config["ACTION_TRIGGERS"]["brokers"]["kafka_1"]["params"]["topic"] = json!(topic);
                place.write("next.json", config.to_string());
                fs::rename(place.path("next.json"), place.path("config.json")).unwrap();
                let used = "reloads_total{result=\"used\"}";
                let before = service.metric(used).unwrap();
                running.signal("-HUP");
                service.counts_up_to(used, before + 1);
            }
            is_over.store(true, Ordering::SeqCst);
            running.signal("-TERM");
            posting.join().unwrap()
        });
        let output = service.running.end();
        assert!(output.status.success(), "{output:?}");
        answered
    })
    .await;
    assert!(!answered.is_empty());
    once_each(&copies(&proxy, &["sales", "a", "b"]), &answered);
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_kills_while_clients_post_and_repeat_lose_nothing_and_repeat_nothing() {
    const KILLS: usize = 20;
    let proxy = proxy().await;
    let mut config = telling(NOWHERE);
    config["outbox"] = json!({"path": "outbox.db"});
    let url = proxy.url();
    let answered = blocking(move || {
        let service = Service::start(&config);
        let address = Mutex::new(service.address());
        let is_over = AtomicBool::new(false);
        let now = || -> Address { address.lock().unwrap().clone() };
        let (mut service, answered) = thread::scope(|scope| {
            let mut service = service;
            let posting = scope.spawn(|| {
                posted(|client, answered| {
                    for round in 0.. {
                        let (ids, body) = events(client, round * 5, 5);
                        // What is not answered is sent again.
                        until(|| now().post("/v1/events", &body).status == 202);
                        answered.extend(ids);
                        if is_over.load(Ordering::SeqCst) {
                            return;
                        }
                    }
                })
            });
            for _ in 0..KILLS {
                service.counts_up_to("events_total{outcome=\"accepted\"}", 40);
                service.running.signal("-KILL");
                service.running.end();
                service = service.again();
                *address.lock().unwrap() = service.address();
            }
            is_over.store(true, Ordering::SeqCst);
            (service, posting.join().unwrap())
        });
        service.running.signal("-KILL");
        service.running.end();
        deliver_rest(service, config, &url);
        answered
    })
    .await;
    assert!(answered.len() >= 40 * KILLS);
    let copies = copies(&proxy, &["sales"]);
    once_each(&copies, &answered);
    assert!(copies.values().all(|count| *count == 1));
}

/// A service whose outbox is on a disk of its own of 1 MiB, most of which something else
/// has; none where this machine lets nobody have such a disk.
#[cfg(target_os = "linux")]
fn on_a_small_disk() -> Option<Service> {
    let mut config = telling(NOWHERE);
    config["outbox"] = json!({"path": "disk/outbox.db"});
    let place = Place::new(&config);
    fs::create_dir(place.path("disk")).unwrap();
    let mount = "mount -t tmpfs -o size=1m none disk && head -c 500000 /dev/zero > disk/else";
    let mut tried = std::process::Command::new("unshare");
    tried
        .args(["-rm", "sh", "-c", mount])
        .current_dir(place.path("."));
    if !tried.output().is_ok_and(|output| output.status.success()) {
        return None;
    }
    let mounted = shell(&place, &["unshare", "-rm", "sh"], mount);
    Some(Service::start_by(mounted, place))
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_fills_under_load_refuses_whole_batches_until_there_is_room_again() {
    const BATCH: usize = 20;
    let Some(service) = on_a_small_disk() else {
        println!("skipped: `unshare -rm` may mount nothing here");
        return;
    };
    let address = service.address();
    let until_full = |phase: usize| {
        posted(|client, answered| {
            for round in 0.. {
                let client = client + CLIENTS * phase;
                let (ids, body) = events(client, round * BATCH, BATCH);
                let answer = address.post("/v1/events", &body);
                if answer.status != 202 {
                    assert_eq!((answer.status, answer.code()), (503, "outbox_full".into()));
                    return;
                }
                answered.extend(ids);
            }
        })
    };
    let first = until_full(0).len();
    assert_eq!(service.metric("waiting_records"), Some(first as u64));
    // Its own mounts are seen through the process.
    let root = format!("/proc/{}/root", service.running.id());
    let other = format!("{root}{}", service.place.path("disk/else").display());
    fs::remove_file(other).unwrap();
    let second = until_full(1).len();
    assert!(second > 0);
    let all = (first + second) as u64;
    assert_eq!(service.metric("waiting_records"), Some(all));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fills_under_load_loses_nothing_accepted_and_keeps_nothing_refused() {
    let proxy = proxy().await;
    let mut config = telling(NOWHERE);
    config["outbox"] = json!({"path": "outbox.db"});
    let url = proxy.url();
    let answered = blocking(move || {
        let mut service = limited(Place::new(&config));
        let address = service.address();
        let answered = posted(|client, answered| {
            for round in 0.. {
                let (ids, body) = events(client, round * 10, 10);
                let answer = address.post("/v1/events", &body);
                if answer.status != 202 {
                    let refusal = (answer.status, answer.code());
                    assert_eq!(refusal, (503, "outbox_sync_failed".into()));
                    return;
                }
                answered.extend(ids);
            }
        });
        service.running.signal("-TERM");
        service.running.end();
        deliver_rest(service, config, &url);
        answered
    })
    .await;
    assert!(!answered.is_empty());
    exactly(&copies(&proxy, &["sales"]), &answered);
}
