//! `check` held against `render` on configurations made at random: what passes
//! `check` is rendered, and a queue that is refused for every event was told of.

mod bounds;
mod coincidences;
mod configurations;
mod payloads;

use std::{collections::BTreeMap, path::Path};

use action_triggers_host::{Event, Problem, Runtime, Signal, schema};
use proptest::test_runner::{Config as Cases, TestCaseError, TestRunner};
use serde_json::{Value, json};

use self::{
    coincidences::{changed, coincidences},
    configurations::{configuration, text},
};
use crate::{configured::examined, remedies::edited};

/// Two instances with all that the templates ask for, one with little.
fn events() -> Vec<Event> {
    let event = |place: u8, instance: &str| {
        Event::new(
            format!("event-{place}"),
            Signal::PostSave,
            "shop.sale",
            instance,
        )
    };
    vec![
        event(0, r#"{"id": 7, "quantity": 3, "region": "eu"}"#).before("{}"),
        event(1, r#"{"id": "x-1", "quantity": 2, "region": "us"}"#),
        event(2, r#"{"quantity": null}"#).before(r#"{"quantity": 1}"#),
    ]
}

/// By trigger and queue the codes of its refusals, and how often it was rendered.
type Rendered = BTreeMap<(String, u32), (Vec<String>, usize)>;

async fn rendered(runtime: &Runtime) -> Result<Rendered, String> {
    let mut rendered = Rendered::new();
    for one in runtime.render(events()).await {
        let queues = one
            .outcome
            .map_err(|failure| format!("a good event is refused: {}", failure.code()))?;
        for queue in queues {
            let (codes, count) = rendered
                .entry((queue.trigger.to_string(), queue.queue))
                .or_default();
            match queue.outcome {
                Ok(_) => *count += 1,
                Err(failure) => codes.push(failure.code),
            }
        }
    }
    published(runtime, &mut rendered).await;
    Ok(rendered)
}

/// What is rendered may still find no room in its call. Of a queue that is refused there nothing
/// counts as rendered.
async fn published(runtime: &Runtime, rendered: &mut Rendered) {
    let mut taken: BTreeMap<(String, u32), usize> = BTreeMap::new();
    for one in runtime.process(events()).await {
        for queue in one.outcome.unwrap_or_default() {
            let place = (queue.trigger.to_string(), queue.queue);
            match queue.outcome {
                Ok(_) => *taken.entry(place).or_default() += 1,
                Err(failure) => {
                    let (codes, _) = rendered.entry(place).or_default();
                    codes.push(failure.code);
                }
            }
        }
    }
    for (place, (_, count)) in rendered {
        *count = (*count).min(taken.get(place).copied().unwrap_or(0));
    }
}

/// Where `check` may tell of a queue of the trigger at this place: in the trigger,
/// or at what the whole configuration shares.
fn tells_of(problem: &Problem, place: &str, code: &str) -> bool {
    let is_there = problem.path().starts_with(place) || !problem.path().starts_with("$.triggers");
    let is_placed = problem.excerpt().is_some();
    let same = problem.code() == code || code == "invalid_destination";
    problem.is_error() && is_there && is_placed && same
}

/// Whether events choose the topic of a queue.
fn chooses_topic(config: &Value, place: &str, queue: u32) -> bool {
    let trigger = place
        .trim_start_matches("$.")
        .replace(['.', '['], "/")
        .replace(']', "");
    let path = format!("/{trigger}/msg_broker_queues/{queue}/record/topic");
    let topic = config.pointer(&path).and_then(Value::as_str);
    topic.is_some_and(|topic| topic.contains("{{"))
}

/// Says whether `check` finds no errors.
async fn hold(file: &Path, config: &Value) -> Result<bool, String> {
    let (built, problems) = examined(file).await;
    let errors: Vec<_> = problems.iter().filter(|one| one.is_error()).collect();
    let Some(runtime) = built else {
        let is_told = errors.iter().any(|one| one.excerpt().is_some());
        return is_told
            .then_some(false)
            .ok_or_else(|| "it is refused, and `check` passes it".to_owned());
    };
    let loaded = runtime.loaded();
    let triggers: Vec<_> = loaded.triggers.iter().map(|one| &*one.name).collect();
    for ((trigger, queue), (codes, count)) in rendered(&runtime).await? {
        let place = triggers.iter().position(|one| *one == trigger).unwrap();
        let list = if config["triggers"].is_object() {
            "$.triggers.triggers"
        } else {
            "$.triggers"
        };
        let place = format!("{list}[{place}]");
        let chooses = chooses_topic(config, &place, queue);
        let queue = format!("{place}.msg_broker_queues[{queue}]");
        if count > 0 {
            let mut alarms = errors.iter().filter(|one| one.path().starts_with(&queue));
            if let Some(alarm) = alarms.next() {
                return Err(format!("{queue} is rendered, and check says {alarm:?}"));
            }
            continue;
        }
        // How many bytes the records before take is only known in part, and which triggers fire
        // beside this one not at all.
        let is_bounded = config["limits"]["record_bytes_per_call"].is_number();
        if (is_bounded || triggers.len() > 1) && codes.iter().all(|code| code == "too_many") {
            continue;
        }
        // These events come to a few topics, and each may have a bound; others that are allowed have not.
        if chooses && codes.iter().all(|code| code == "too_large") {
            continue;
        }
        let is_told = |code: &String| errors.iter().any(|one| tells_of(one, &place, code));
        if !codes.iter().any(is_told) {
            let codes = codes.join(", ");
            return Err(format!(
                "{queue} is refused for every event ({codes}), and check says {errors:?}"
            ));
        }
    }
    Ok(errors.is_empty())
}

#[test]
fn what_check_passes_is_rendered_and_what_every_event_is_refused_for_was_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.json");
    std::fs::write(folder.path().join("topic.txt"), "sales\n").unwrap();
    let cases = std::env::var("AGREEMENT_CASES").ok();
    let cases = cases.and_then(|text| text.parse().ok()).unwrap_or(96);
    let mut runner = TestRunner::new(Cases {
        cases,
        failure_persistence: None,
        max_shrink_iters: 200,
        ..Cases::default()
    });
    let tokio = tokio::runtime::Runtime::new().unwrap();
    let passed = std::cell::Cell::new(0);
    let drawn = (configuration(folder.path().into()), coincidences());
    let outcome = runner.run(&drawn, |(config, changes)| {
        let config = changed(config, changes);
        std::fs::write(&file, text(&config)).unwrap();
        let is_well = tokio
            .block_on(hold(&file, &config))
            .map_err(|why| TestCaseError::fail(format!("{why}\n{config}")))?;
        passed.set(passed.get() + u32::from(is_well));
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    // Neither kind is rare.
    assert!(
        passed.get() > cases / 10,
        "{} of {cases} pass",
        passed.get()
    );
    assert!(passed.get() < cases, "nothing is ever wrong");
}

/// The places of all numbers that a configuration may have beside its triggers, as the schema has them.
fn numbers() -> Vec<String> {
    let schema: Value = serde_json::from_str(&schema::configuration()).unwrap();
    let mut found = Vec::new();
    walk(&schema, &schema, String::new(), &mut found);
    found
}

fn walk(schema: &Value, node: &Value, place: String, found: &mut Vec<String>) {
    let types = node["type"].as_array().cloned().unwrap_or_default();
    let is_one = |name: &str| node["type"] == name || types.contains(&name.into());
    if (is_one("integer") || is_one("number")) && !is_one("string") {
        found.push(place);
        return;
    }
    if let Some(name) = node["$ref"].as_str() {
        let target = schema.pointer(name.trim_start_matches('#')).unwrap();
        walk(schema, target, place.clone(), found);
    }
    for choice in node["anyOf"].as_array().into_iter().flatten() {
        walk(schema, choice, place.clone(), found);
    }
    for (name, member) in node["properties"].as_object().into_iter().flatten() {
        if name != "triggers" {
            walk(schema, member, format!("{place}/{name}"), found);
        }
    }
    // Names are of one's own choice only where servers, brokers, topics and values have theirs.
    if place == "/clusters" || place.ends_with("/topic_max_record_bytes") {
        let member = &node["additionalProperties"];
        walk(schema, member, format!("{place}/k:1"), found);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_is_too_large_is_said_to_be_and_any_other_is_fine() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.json");
    let mut places = numbers();
    assert!(
        places.contains(&"/limits/memory_bytes".to_owned()),
        "{places:?}"
    );
    assert!(places.len() > 25, "{places:?}");
    places.push("/triggers/0/msg_broker_queues/0/timeout_secs".to_owned());
    for (place, number) in places
        .iter()
        .flat_map(|place| [(place, u64::MAX), (place, 1 << 62)])
    {
        let config = edited(&[(place, number.into())]);
        std::fs::write(&file, config.to_string()).unwrap();
        let (built, problems) = examined(&file).await;
        let codes = problems.iter().map(Problem::code);
        // The bounds of an outbox in a file stand here without its path.
        let codes: Vec<_> = codes.filter(|code| *code != "outbox_key_unused").collect();
        let is_refused = matches!(codes[..], ["out_of_range" | "invalid_timeout"]);
        assert_eq!(built.is_none(), is_refused, "{place} = {number}: {codes:?}");
        assert!(
            is_refused || codes.is_empty(),
            "{place} = {number}: {codes:?}"
        );
    }
}

const PAYLOAD: &str = "/triggers/0/payload";
const API: &str = "/clusters/k:1/api";

#[tokio::test]
async fn what_fails_for_every_event_is_told_and_keeps_no_other_trigger_from_firing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.json");
    let when = "/triggers/0/when";
    let record = "/triggers/0/msg_broker_queues/0/record";
    let native = ("/triggers/0/payload_types", json!("native"));
    for (edits, code) in [
        (
            vec![(PAYLOAD, json!("{{ id|divisibleby:0 }}"))],
            "template_failed",
        ),
        (
            vec![(PAYLOAD, json!("{% for a in 5 %}{% endfor %}"))],
            "template_failed",
        ),
        (
            vec![(PAYLOAD, json!(["{{ 1e999 }}"])), native],
            "payload_not_json",
        ),
        (
            vec![(PAYLOAD, json!("{\"a\": {{ \"tr\" }}ue}"))],
            "payload_ambiguous",
        ),
        (
            vec![(
                PAYLOAD,
                json!("{\"a\": {{ \"tr\" }}ue, \"b\": \"{{ id }}\"}"),
            )],
            "payload_ambiguous",
        ),
        (vec![(when, json!("id|divisibleby:0"))], "template_failed"),
        (
            vec![(record, json!({"key": "{{ id|ljust:'x' }}"}))],
            "template_failed",
        ),
        (
            vec![
                (record, json!({"headers": {"a": "{{ 5|first }}"}})),
                (API, json!("v3")),
            ],
            "template_failed",
        ),
    ] {
        std::fs::write(&file, edited(&edits).to_string()).unwrap();
        let (built, problems) = examined(&file).await;
        assert!(built.is_some(), "{edits:?}");
        let found: Vec<_> = problems
            .iter()
            .map(|one| (one.code(), one.is_error()))
            .collect();
        assert_eq!(found, [(code, true)], "{edits:?}");
    }
}
