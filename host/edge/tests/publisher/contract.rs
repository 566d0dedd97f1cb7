//! What the real django-action-triggers does, case by case, through the publisher: each
//! record is read from the request that carries it.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::caller::{Caller, Now, Step};

#[path = "../../../../tests/fixtures/oracle/cases.rs"]
pub(super) mod cases;

#[path = "../../../../tests/fixtures/oracle/configurations.rs"]
pub(super) mod configurations;

#[path = "../../../../tests/fixtures/oracle/engines.rs"]
pub(super) mod engines;

use configurations::{SKIPPED, json_or_text};
use engines::expected;

/// How a cluster is reached: its address tells which it is.
fn cluster(place: usize) -> Value {
    let url = format!("http://{place}");
    json!({"rest_url": url, "linger_ms": 0, "max_batch_records": 1, "max_in_flight": 100})
}

/// Bootstrap servers, topic and value of every record, in any order.
fn sent(case: &Value, caller: &mut Caller, mut step: Step) -> Vec<String> {
    let servers: Vec<_> = configurations::servers(case).into_iter().collect();
    let mut sent = Vec::new();
    while !step.requests.is_empty() {
        let mut next = Vec::new();
        for request in step.requests {
            let address = request.url.strip_prefix("http://").unwrap();
            let (place, topic) = address.split_once("/topics/").unwrap();
            // A number is an IPv4 address to a URL.
            let place: usize = place.rsplit('.').next().unwrap().parse().unwrap();
            let body: Value = serde_json::from_slice(&request.body.unwrap()).unwrap();
            let value = body["records"][0]["value"].as_str().unwrap();
            let value = String::from_utf8(STANDARD.decode(value).unwrap()).unwrap();
            sent.push(json!([servers[place], topic, json_or_text(&value)]).to_string());
            let answer = json!({"offsets": [{"partition": 0, "offset": 0}]}).to_string();
            let answered =
                caller.answer_at(request.id, &super::delivery::answered(200, &answer), NOW);
            next.extend(answered.requests);
        }
        step.requests = next;
    }
    sent.sort();
    sent
}

const NOW: Now = Now {
    monotonic_ms: 0,
    unix_ms: 1_700_000_000_000,
};

/// A fault of a case, if it has one.
fn fault(case: &Value) -> Option<String> {
    let expected = expected(case);
    let mut caller = Caller::new();
    if let Err(problems) = caller.configure(&configurations::config(case, cluster).to_string()) {
        // Upstream takes what it can never run; here the configuration is refused.
        return (!expected.is_empty()).then(|| format!("{}: {problems:?}", case["name"]));
    }
    caller.start(&[]).unwrap();
    let processed = caller
        .process_at(&configurations::events(case), NOW)
        .unwrap();
    let sent = sent(case, &mut caller, processed.step);
    (sent != expected).then(|| {
        format!(
            "{}:\n  expected {expected:?}\n  sent {sent:?}",
            case["name"]
        )
    })
}

#[test]
fn contract_cases_get_upstreams_answers_through_the_publisher() {
    let cases = cases::all();
    let cases: Vec<_> = cases
        .iter()
        .filter(|case| cases::skipped(case, SKIPPED).is_none())
        .collect();
    assert!(cases.len() > 100, "{} cases", cases.len());
    let faults: Vec<_> = cases.iter().filter_map(|case| fault(case)).collect();
    assert!(
        faults.is_empty(),
        "{} of {}:\n{}",
        faults.len(),
        cases.len(),
        faults.join("\n")
    );
}
