//! What `/metrics` tells.

use std::{
    collections::BTreeMap,
    io::Write as _,
    process::{Command, Stdio},
    sync::Arc,
};

use action_triggers_dev_proxy::Fault;

use super::client::{Service, durable, serving};
use crate::cli::{
    processes::blocking,
    support::{Place, proxy, sale, until},
};

/// Reads Prometheus' text format: the type of each family, and its samples' names.
fn families(text: &str) -> BTreeMap<&str, (&str, usize)> {
    let mut families = BTreeMap::new();
    for line in text.lines() {
        if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (family, kind) = kind.split_once(' ').unwrap();
            assert!(families.insert(family, (kind, 0)).is_none(), "{line}");
        } else if !line.starts_with("# HELP ") {
            let (sample, value) = line.rsplit_once(' ').unwrap();
            value.parse::<f64>().unwrap();
            let (name, labels) = sample.split_once('{').unwrap_or((sample, ""));
            assert!(labels.is_empty() || labels.ends_with("\"}"), "{line}");
            let of_histogram = ["_bucket", "_sum", "_count"];
            let family = of_histogram.iter().find_map(|end| {
                let family = name.strip_suffix(end)?;
                (families.get(family)?.0 == "histogram").then_some(family)
            });
            let family = families.get_mut(family.unwrap_or(name));
            family.unwrap_or_else(|| panic!("no type: {line}")).1 += 1;
        }
    }
    families
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_what_prometheus_reads() {
    let proxy = Arc::new(proxy().await);
    let config = serving(&proxy.url());
    let failing = Arc::clone(&proxy);
    blocking(move || {
        let service = Service::start(&config);
        assert_eq!(service.post("/v1/events", &sale("1")).status, 202);
        service.counts("records_total{state=\"delivered\"}", 1);
        let answer = service.get("/metrics");
        assert!(
            answer
                .header("Content-Type")
                .unwrap()
                .starts_with("text/plain; version=0.0.4")
        );
        let families = families(&answer.text);
        for (name, kind, samples) in [
            ("ready", "gauge", 1),
            ("events_total", "counter", 4),
            ("failed_events_total", "counter", 1),
            ("records_total", "counter", 4),
            ("perhaps_twice_records_total", "counter", 1),
            ("dead_records_total", "counter", 0),
            ("attempts_total", "counter", 1),
            ("attempt_seconds", "histogram", 13),
            ("answer_seconds", "histogram", 13),
            ("limits_total", "counter", 6),
            ("reloads_total", "counter", 2),
            ("waiting_records", "gauge", 1),
            ("waiting_bytes", "gauge", 1),
            ("oldest_record_seconds", "gauge", 1),
        ] {
            let family = families.get(format!("action_triggers_{name}").as_str());
            assert_eq!(family, Some(&(kind, samples)), "{name}");
        }
        assert_eq!(
            service.metric("attempts_total{code=\"delivered\"}"),
            Some(1)
        );
        assert_eq!(service.metric("attempt_seconds_count"), Some(1));
        assert_eq!(service.metric("waiting_records"), Some(0));
        assert_eq!(service.metric("perhaps_twice_records_total"), Some(0));
        // Written, and the answer is lost.
        failing.inject(Fault::DropAfterStoring, 1);
        assert_eq!(service.post("/v1/events", &sale("2")).status, 202);
        service.counts("records_total{state=\"delivered\"}", 2);
        assert_eq!(service.metric("perhaps_twice_records_total"), Some(1));
    })
    .await;
}

/// How long the oldest record has waited, in seconds.
fn oldest(service: &Service) -> f64 {
    let age = service.sample("oldest_record_seconds").unwrap();
    age.parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_wait_grow_old_and_those_that_end_are_counted_by_why() {
    let proxy = Arc::new(proxy().await);
    let config = serving(&proxy.url());
    let failing = Arc::clone(&proxy);
    blocking(move || {
        let service = Service::start(&config);
        let post = |id: &str| assert_eq!(service.post("/v1/events", &sale(id)).status, 202);
        failing.inject(Fault::Records { code: 40_301 }, 1);
        post("1");
        service.counts("records_total{state=\"dead\"}", 1);
        for name in ["dead_records_total", "attempts_total"] {
            let name = format!("{name}{{code=\"unauthorized\"}}");
            assert_eq!(service.metric(&name), Some(1), "{name}");
        }
        assert_eq!(service.sample("oldest_record_seconds"), Some("0".into()));
        failing.inject(Fault::Status(503), usize::MAX);
        post("2");
        until(|| oldest(&service) > 0.0);
        assert_eq!(service.metric("waiting_records"), Some(1));
        failing.clear_faults();
        service.counts("records_total{state=\"delivered\"}", 1);
        service.counts("waiting_records", 0);
        assert_eq!(service.sample("oldest_record_seconds"), Some("0".into()));
    })
    .await;
}

#[test]
fn a_record_goes_on_growing_old_over_a_restart() {
    const HOUR_MS: i64 = 3_600_000;
    let mut service = Service::start(&durable());
    assert_eq!(service.post("/v1/events", &sale("1")).status, 202);
    service.running.signal("-KILL");
    service.running.end();
    let file = rusqlite::Connection::open(service.place.path("outbox.db")).unwrap();
    for earlier in [
        "UPDATE waiting SET accepted_ms = accepted_ms - ?1",
        "UPDATE counts SET oldest_ms = oldest_ms - ?1 WHERE records > 0",
    ] {
        assert_eq!(file.execute(earlier, [HOUR_MS]), Ok(1), "{earlier}");
    }
    drop(file);
    let service = service.again();
    assert!(oldest(&service) >= 3_600.0);
}

/// Gives a scrape to the checker that Prometheus has for it.
#[test]
fn promtool_finds_no_fault_with_the_metrics() {
    let service = Service::start_in(Place::new(&durable()));
    assert_eq!(service.post("/v1/events", &sale("1")).status, 202);
    let mut promtool = Command::new("promtool");
    promtool.args(["check", "metrics"]).stdin(Stdio::piped());
    promtool.stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(mut promtool) = promtool.spawn() else {
        println!("skipped: there is no promtool");
        return;
    };
    let mut scrape = promtool.stdin.take().unwrap();
    let text = service.get("/metrics").text;
    scrape.write_all(text.as_bytes()).unwrap();
    drop(scrape);
    let output = promtool.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
}
