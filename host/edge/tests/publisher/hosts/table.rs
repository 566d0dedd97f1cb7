//! Sizes and cold starts, as host/docs/elsewhere.md has them. This prints them:
//!
//! `cargo test --package action-triggers-edge --test publisher -- --ignored --nocapture sizes_and_cold`

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use action_triggers_edge::compressed;
use serde_json::json;

use super::{
    super::{
        caller::{Caller, client},
        delivery::{proxy, sale},
        start::{config, trigger},
    },
    browser,
    files::{checked, fresh, root, run},
    jobs::JOBS,
    module, node, python, wasi_http, workerd,
};

/// The shortest of three runs.
fn shortest(mut run: impl FnMut()) -> Duration {
    let mut timed = || {
        let start = Instant::now();
        run();
        start.elapsed()
    };
    let first = timed();
    first.min(timed()).min(timed())
}

fn print_sizes() {
    println!("\n| file | bytes | gzip | brotli |\n|---|---|---|---|");
    for name in [
        "engine.wasm",
        "engine-small.wasm",
        "engine.core.wasm",
        "edge.wasm",
    ] {
        let bytes = fs::read(checked(name)).unwrap();
        let sizes = compressed(&bytes).unwrap();
        println!(
            "| `{name}` | {} | {} | {} |",
            bytes.len(),
            sizes.gzip,
            sizes.brotli
        );
    }
}

fn print_row(runtime: &str, file: &str, took: Option<Duration>) {
    let took = took.map_or("not here".to_owned(), |took| {
        format!("{} ms", took.as_millis())
    });
    println!("| {runtime} | `{file}` | {took} |");
}

/// How long a command takes, if it is there.
fn command(command: Option<Command>) -> Option<Duration> {
    let mut command = command?;
    Some(shortest(|| {
        run(&mut command).unwrap();
    }))
}

/// The same of a host of the core module, which reads these calls.
fn with_calls(host: Option<Command>, calls: &Path) -> Option<Duration> {
    let mut host = host?;
    Some(shortest(|| {
        host.stdin(fs::File::open(calls).unwrap());
        run(&mut host).unwrap();
    }))
}

/// The calls that decide the sale of a job.
fn calls(folder: &Path, text: &str) -> std::path::PathBuf {
    let load = json!({"load": {"set": json!([trigger()]).to_string()}});
    let process = json!({"process": {"events": [{"text": text, "id": "e"}]}});
    let file = folder.join("calls.ndjson");
    fs::write(&file, format!("{load}\n{process}\n")).unwrap();
    file
}

/// From nothing to one sale that is delivered, or decided where the host delivers.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "it measures; its numbers stand in host/docs/elsewhere.md"]
async fn sizes_and_cold_starts_as_a_table() {
    let proxy = proxy().await;
    let config = config(&proxy.url(), &json!([trigger()])).to_string();
    let job = json!({"config": config, "events": [sale("1")]}).to_string();
    let folder = fresh("table");
    fs::write(folder.join(JOBS), &job).unwrap();
    println!("| runtime | file | a cold start, with one sale |\n|---|---|---|");

    let in_process = shortest(|| {
        let (engine, component) = super::super::caller::compile();
        let mut caller = Caller::of(&engine, &component).unwrap();
        caller.configure(&config).unwrap();
        caller.start(&[]).unwrap();
        caller.process(&[sale("1")]).unwrap();
    });
    print_row("wasmtime, compiling", "edge.wasm", Some(in_process));
    print_row(
        "Node, a few lines",
        "edge.wasm",
        command(node::few_lines(&folder)),
    );
    let compiling = command(python::few_lines(&folder));
    print_row("Python, a few lines, compiling", "edge.wasm", compiling);
    let package = python::installed().map(|python| {
        let mut example = Command::new(python);
        example.arg(root().join("host/edge/python/example/publish.py"));
        example.arg(proxy.url());
        example
    });
    print_row(
        "Python, the package, from its cache",
        "edge.wasm",
        command(package),
    );
    let page = browser::page().and_then(|(page, folder)| {
        fs::write(folder.join(JOBS), &job).unwrap();
        command(Some(page))
    });
    print_row("Chromium, with its own start", "edge.wasm", page);
    if let Some((workerd, folder)) = workerd::worker("worker") {
        let start = Instant::now();
        let (_server, address) = workerd::serve(&workerd, &folder);
        let post = || client().post(&address).body(job.clone()).send();
        post().await.unwrap();
        let first = start.elapsed();
        let start = Instant::now();
        post().await.unwrap();
        let again = start.elapsed();
        print_row("workerd, the first request", "edge.wasm", Some(first));
        print_row("workerd, the second request", "edge.wasm", Some(again));
    }
    let calls = calls(&folder, &sale("1"));
    print_row(
        "Go, wazero",
        "engine.core.wasm",
        with_calls(module::go(), &calls),
    );
    print_row(
        "Java, Chicory",
        "engine.core.wasm",
        with_calls(module::java(), &calls),
    );
    println!("\n| triggers in `app.wasm` | a request on a fresh instance, wasmtime |\n|---|---|");
    for triggers in [1, 1_000] {
        let cost = wasi_http::cost(triggers).await;
        let cost = cost.as_deref().unwrap_or("not here");
        println!("| {triggers} | {cost} |");
    }
    // It takes a minute or two without optimization.
    print_sizes();
}
