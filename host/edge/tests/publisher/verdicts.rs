//! The core's tables of what real proxies answer, through the publisher: what each says
//! of a batch's records.

use serde_json::json;

use super::{
    caller::{Caller, Now, Report},
    delivery::{answered, sale},
    start::{config, trigger},
};

const NOW: Now = Now {
    monotonic_ms: 0,
    unix_ms: 1_700_000_000_000,
};

/// Flavor, API and table.
const TABLES: &[(&str, &str, &str)] = &[
    (
        "confluent",
        "v2",
        include_str!("../../../core/src/rest/tests/answers/confluent_v2.txt"),
    ),
    (
        "confluent",
        "v3",
        include_str!("../../../core/src/rest/tests/answers/confluent_v3.txt"),
    ),
    (
        "karapace",
        "v2",
        include_str!("../../../core/src/rest/tests/answers/karapace.txt"),
    ),
    (
        "strimzi",
        "v2",
        include_str!("../../../core/src/rest/tests/answers/strimzi.txt"),
    ),
    (
        "redpanda",
        "v2",
        include_str!("../../../core/src/rest/tests/answers/redpanda.txt"),
    ),
    (
        "confluent",
        "v2",
        include_str!("../../../core/src/rest/tests/answers/gateways.txt"),
    ),
];

/// A publisher whose proxy is of this flavor.
fn caller(flavor: &str, api: &str) -> Caller {
    let mut config = config("http://proxy", &json!([trigger()]));
    let cluster = &mut config["clusters"]["a:9092"];
    cluster["flavor"] = json!(flavor);
    cluster["api"] = json!(api);
    if api == "v3" {
        cluster["cluster_id"] = json!("c");
    }
    Caller::started(&config.to_string())
}

/// What a verdict comes to at once: `delivered` with its place, or the code of a failure
/// that is final; else that the record goes on.
fn at_once(verdict: &str) -> &str {
    match verdict.split_once(' ') {
        Some(("delivered", _)) => verdict,
        Some(("permanent", code)) => code,
        _ => "goes on",
    }
}

fn told(report: &Report) -> String {
    let number = |number: Option<u64>| number.map_or_else(|| "?".to_owned(), |n| n.to_string());
    match &report.outcome {
        Ok(place) => {
            let partition = number(place.partition.map(u64::from));
            format!("delivered {partition}@{}", number(place.offset))
        }
        Err(failure) => failure.code.clone(),
    }
}

/// What a row is found to say, and what it says: by record, and whether those that go on
/// may have been written.
fn judged(caller: &mut Caller, records: usize, status: u16, body: &str) -> Vec<(String, bool)> {
    let events: Vec<_> = (0..records).map(|id| sale(&id.to_string())).collect();
    let step = caller.process_at(&events, NOW).unwrap().step;
    let [request] = &step.requests[..] else {
        panic!("{} requests", step.requests.len())
    };
    let mut ended = caller.answer_at(request.id, &answered(status, body), NOW);
    // Some answers make it ask the proxy what topics there are, which this one does not tell.
    while let Some(place) = ended.requests.iter().position(|one| one.method == "GET") {
        let question = ended.requests.remove(place);
        let mut next = caller.answer_at(question.id, &answered(404, "{}"), NOW);
        ended.requests.append(&mut next.requests);
        ended.reports.append(&mut next.reports);
    }
    let goes_on = ended.requests.is_empty();
    let mut left = caller.give_up().reports;
    let mut judged = Vec::new();
    for id in 0..records {
        let of = |report: &&Report| report.id.event == id.to_string();
        judged.push(if let Some(report) = ended.reports.iter().find(of) {
            (told(report), false)
        } else {
            let report = left.iter().find(of).unwrap();
            // One that was sent again at once is under way.
            ("goes on".to_owned(), report.may_be_written && goes_on)
        });
    }
    ended.reports.append(&mut left);
    assert_eq!(ended.reports.len(), records, "one report a record");
    judged
}

#[test]
fn what_proxies_answer_means_the_same_through_the_publisher() {
    let mut rows = 0;
    let mut faults = Vec::new();
    for (flavor, api, table) in TABLES {
        let mut caller = caller(flavor, api);
        for row in table.lines().skip(1) {
            let cells: Vec<_> = row.split('|').map(str::trim).collect();
            let [case, records, status, body, expected] = cells[..] else {
                panic!("{row}");
            };
            rows += 1;
            let records: usize = records.parse().unwrap();
            let body = body.replace("\\r\\n", "\r\n");
            let found = judged(&mut caller, records, status.parse().unwrap(), &body);
            // Neighbours with one verdict share its name.
            let mut found: Vec<_> = found.into_iter().collect();
            found.dedup();
            let mut verdicts: Vec<_> = expected.split(", ").collect();
            let mut expected: Vec<_> = verdicts
                .drain(..)
                .map(|verdict| (at_once(verdict).to_owned(), verdict.starts_with("unknown")))
                .collect();
            expected.dedup();
            if expected != found {
                faults.push(format!(
                    "{flavor} {api}, {case}: {found:?} for {expected:?}"
                ));
            }
        }
    }
    assert!(rows > 100, "{rows} rows");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
