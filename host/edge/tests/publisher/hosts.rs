//! `edge.wasm` in Node and in Python, by the hosts of tests/hosts, which are a few lines
//! each: what they publish arrives, and a hostile template fails alone.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use action_triggers_dev_proxy::DevProxy;
use serde_json::{Value, json};

use super::{
    caller::artefact,
    delivery::{proxy, sale},
    start::{config, trigger},
};

/// What makes a JavaScript module of a component.
const JCO: &str = "@bytecodealliance/jco@1.35.0";
const WASMTIME: &str = "wasmtime==50.0.1";

fn root() -> PathBuf {
    let edge = Path::new(env!("CARGO_MANIFEST_DIR"));
    edge.ancestors().nth(2).unwrap().to_owned()
}

/// Runs a command; none if it is not there or fails.
fn run(command: &mut Command) -> Option<String> {
    let output = command.output().ok()?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        println!("{command:?}: {said}");
        return None;
    }
    String::from_utf8(output.stdout).ok()
}

/// Where tools are kept between runs.
fn tools(name: &str) -> PathBuf {
    let folder = root().join("target/hosts").join(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Node's module of the component, where it can be made.
fn module(folder: &Path) -> Option<PathBuf> {
    let tools = tools("node");
    let jco = tools.join("node_modules/.bin/jco");
    if !jco.exists() {
        let install = ["install", "--silent", "--no-audit", "--no-fund", "--prefix"];
        run(Command::new("npm").args(install).arg(&tools).arg(JCO))?;
    }
    let module = folder.join("edge");
    let transpile = ["transpile", "--quiet", "edge.wasm", "-o", "edge"];
    run(Command::new(jco).args(transpile).current_dir(folder))?;
    Some(module.join("edge.js"))
}

/// A Python that has wasmtime, where it can be made.
fn python() -> Option<PathBuf> {
    let tools = tools("python");
    let python = tools.join("bin/python");
    let has_wasmtime = |python: &Path| run(Command::new(python).args(["-c", "import wasmtime"]));
    if has_wasmtime(&python).is_none() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&tools))?;
        let install = ["-m", "pip", "install", "--quiet", WASMTIME];
        run(Command::new(&python).args(install))?;
    }
    Some(python)
}

/// A folder with the component, a configuration and events, one of them hostile.
fn prepared(name: &str, proxy: &DevProxy) -> PathBuf {
    let loops = "{% for a in xs %}{% for b in xs %}{% for c in xs %}{{ a }}{% endfor %}";
    let mut hostile = trigger();
    hostile["name"] = json!("hostile");
    hostile["content_types"] = json!(["shop.bomb"]);
    hostile["payload"] = json!(format!("{loops}{{% endfor %}}{{% endfor %}}"));
    let config = config(&proxy.url(), &json!([trigger(), hostile]));
    let instance = json!({"id": 1, "xs": (0..500).collect::<Vec<_>>()});
    let bomb = json!({"id": "bomb", "signal": "post_save", "content_type": "shop.bomb", "instance": instance});
    let folder = tools(name).join("run");
    fs::create_dir_all(&folder).unwrap();
    let files = [
        ("edge.wasm", artefact("edge.wasm")),
        ("config.json", config.to_string().into_bytes()),
        (
            "events.ndjson",
            format!("{}\n{bomb}\n{}\n", sale("1"), sale("2")).into_bytes(),
        ),
    ];
    for (name, bytes) in files {
        fs::write(folder.join(name), bytes).unwrap();
    }
    folder
}

/// What a host printed says that two records were written and the bomb failed.
fn check(printed: &str, proxy: &DevProxy) {
    let lines: Vec<Value> = printed
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(printed.contains("template_out_of_fuel"), "{printed}");
    let attempts = lines.iter().filter(|line| line.get("attempts").is_some());
    assert_eq!(attempts.count(), 2, "{printed}");
    let mut records = proxy.records("sales");
    records.sort_by(|a, b| a.value.cmp(&b.value));
    let values: Vec<_> = records
        .iter()
        .map(|record| String::from_utf8(record.value.clone().unwrap().to_vec()).unwrap())
        .collect();
    assert_eq!(
        values,
        [
            r#"{"id":"1","text":"a \"b\""}"#,
            r#"{"id":"2","text":"a \"b\""}"#
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn node_publishes() {
    let proxy = proxy().await;
    let folder = prepared("node", &proxy);
    let Some(module) = module(&folder) else {
        return println!("skipped: there is no Node, or no {JCO} for it");
    };
    let host = root().join("tests/hosts/node/publish.mjs");
    let files = ["config.json", "events.ndjson"];
    let mut node = Command::new("node");
    node.arg(host).arg(module).args(files).current_dir(&folder);
    check(&run(&mut node).unwrap(), &proxy);
}

#[tokio::test(flavor = "multi_thread")]
async fn python_publishes() {
    let proxy = proxy().await;
    let folder = prepared("python", &proxy);
    let Some(python) = python() else {
        return println!("skipped: there is no Python, or no {WASMTIME} for it");
    };
    let host = root().join("tests/hosts/python/publish.py");
    let files = ["edge.wasm", "config.json", "events.ndjson"];
    let mut python = Command::new(python);
    python.arg(host).args(files).current_dir(&folder);
    check(&run(&mut python).unwrap(), &proxy);
}
