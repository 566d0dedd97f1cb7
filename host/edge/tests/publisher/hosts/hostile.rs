//! How long hostile templates keep Node and Python busy before they are stopped. This prints
//! it as a table:
//!
//! `cargo test --package action-triggers-edge --test publisher -- --ignored --nocapture hostile`
//!
//! What a template gets out of its steps is tested by counting instructions.

use std::{fs, path::Path, process::Command};

use serde_json::{Value, json};

use super::{
    super::{
        hostile::kinds::{Kind, kinds},
        start::{config, trigger},
    },
    files::{fresh, run},
    jobs::JOBS,
    node, python,
};

/// A configuration with the template, and an event for it.
fn job(kind: &Kind) -> String {
    let mut hostile = trigger();
    hostile["payload"] = json!([kind.payload]);
    let mut config = config("http://proxy", &json!([hostile]));
    config["values"] = json!({});
    config["limits"] = json!({"output_bytes": 1 << 30});
    json!({"config": config.to_string(), "events": [kind.event()]}).to_string()
}

/// How long each job took, in milliseconds, as the host says it.
fn took(host: &mut Command, folder: &Path, jobs: &[String]) -> Vec<f64> {
    fs::write(folder.join(JOBS), jobs.join("\n")).unwrap();
    let printed = run(host).unwrap();
    let took = printed.lines().map(|line| {
        assert!(line.contains("template_out_of_fuel"), "{line}");
        let line: Value = serde_json::from_str(line).unwrap();
        line[0]["ms"].as_f64().unwrap()
    });
    took.collect()
}

/// In Node each is the first call of a process: the engine is compiled while it runs.
#[test]
#[ignore = "it measures; its numbers stand in host/docs/elsewhere.md"]
fn hostile_templates_as_a_table() {
    let kinds = kinds();
    let jobs: Vec<_> = kinds.iter().map(job).collect();
    let folder = fresh("hostile");
    let by_node = node::few_lines(&folder).map(|mut node| -> Vec<_> {
        let each = jobs.chunks(1);
        each.flat_map(|job| took(&mut node, &folder, job)).collect()
    });
    let by_python = python::few_lines(&folder).map(|mut python| took(&mut python, &folder, &jobs));
    let shown = |took: Option<&f64>| took.map_or("not here".to_owned(), |ms| format!("{ms:.0}"));
    println!("| what three loops do | Node, ms | Python, ms |\n|---|---|---|");
    for (place, kind) in kinds.iter().enumerate() {
        let node = shown(by_node.as_ref().and_then(|all| all.get(place)));
        let python = shown(by_python.as_ref().and_then(|all| all.get(place)));
        println!("| `{}` | {node} | {python} |", kind.name);
    }
}
