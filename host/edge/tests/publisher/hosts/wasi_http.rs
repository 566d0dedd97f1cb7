//! `app.wasm` in hosts of wasi:http: our small one by wasmtime's library, and `jco serve`.
//! The small one is built when its tests are asked for:
//!
//! `cargo test --package action-triggers-edge --test publisher -- --ignored wasi_http`

use std::{
    io::{BufRead as _, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
    time::Duration,
};

use action_triggers_dev_proxy::Fault;
use action_triggers_edge::{AppOptions, app};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{
    super::{
        app::{SECRET, from_environment, guarded},
        baked::{Folder, many},
        caller::client,
        delivery::{WRITTEN, proxy, sale},
        start::{config, trigger},
    },
    files::{host, kept, skipped},
    jobs::{few, sales_among_hostile_events},
    node::jco,
};

/// The small host, built once; none where its crates cannot be had.
fn wasmtime_host() -> Option<&'static Path> {
    static HOST: OnceLock<Option<PathBuf>> = OnceLock::new();
    let built = HOST.get_or_init(|| {
        let target = kept("wasi-http");
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--locked", "--quiet", "--manifest-path"]);
        cargo.arg(host("wasi-http").join("Cargo.toml"));
        cargo.arg("--target-dir").arg(&target);
        let built = cargo.status().is_ok_and(|status| status.success());
        built.then(|| target.join("debug/wasi-http-host"))
    });
    if built.is_none() {
        skipped("the host of wasi:http cannot be built");
    }
    built.as_deref()
}

/// An app that is served.
struct Served {
    process: Child,
    url: String,
    http: reqwest::Client,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// The file, beside its configuration.
fn written(folder: &Folder, wasm: &[u8]) -> PathBuf {
    let file = folder.config().with_file_name("app.wasm");
    std::fs::write(&file, wasm).unwrap();
    file
}

impl Served {
    fn by_wasmtime(host: &Path, app: &Path, variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(host);
        command.arg(app).stdout(Stdio::piped());
        if !variables.is_empty() {
            command.arg("--environment").envs(variables.iter().copied());
        }
        let mut process = command.spawn().unwrap();
        let mut url = String::new();
        let printed = process.stdout.take().unwrap();
        BufReader::new(printed).read_line(&mut url).unwrap();
        Self {
            process,
            url: url.trim().to_owned(),
            http: client(),
        }
    }

    fn by_jco(jco: &Path, app: &Path) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let mut command = Command::new(jco.join("node_modules/.bin/jco"));
        command.args(["serve", "--host", "127.0.0.1", "--port", &port.to_string()]);
        command.arg(app).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        // It says that it listens.
        let said = BufReader::new(process.stderr.take().unwrap());
        let mut lines = said.lines().map_while(Result::ok);
        let listens = lines.find(|line| line.contains(&port.to_string()));
        assert!(listens.is_some(), "jco ended before it listened");
        // What it says from now on is read too, or it would wait for that one day.
        std::thread::spawn(move || lines.for_each(|line| println!("jco: {line}")));
        Self {
            process,
            url: format!("http://127.0.0.1:{port}"),
            http: client(),
        }
    }

    async fn send(&self, body: impl Into<String>, kind: &str) -> (u16, Value) {
        let url = format!("{}/v1/events", self.url);
        let request = self.http.post(url).header("content-type", kind);
        let response = request.body(body.into()).send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap())
    }

    /// The status of the answer, and that of each event.
    async fn post(&self, body: impl Into<String>, expected: (u16, &[&str])) -> Value {
        self.publish(body, "application/json", expected).await
    }

    async fn publish(
        &self,
        body: impl Into<String>,
        kind: &str,
        expected: (u16, &[&str]),
    ) -> Value {
        let (status, answer) = self.send(body, kind).await;
        let events = answer["events"].as_array();
        let statuses: Vec<_> = events
            .into_iter()
            .flatten()
            .map(|event| event["status"].as_str().unwrap())
            .collect();
        assert_eq!((status, statuses.as_slice()), expected, "{answer}");
        answer
    }

    /// The code with which the whole request is refused.
    async fn refused(&self, body: impl Into<String>, kind: &str) -> (u16, String) {
        let (status, answer) = self.send(body, kind).await;
        let code = answer["errors"][0]["code"].as_str();
        (status, code.unwrap_or_default().to_owned())
    }
}

/// A configuration with so many triggers that do not fire, and one that does.
fn among(count: usize, url: &str) -> Folder {
    let mut config = config(url, &many(count));
    config["triggers"].as_array_mut().unwrap().push(trigger());
    config["values"] = json!({});
    Folder::of(&config)
}

fn within(seconds: u64) -> AppOptions {
    let mut options = AppOptions::default();
    options.deadline = Duration::from_secs(seconds);
    options
}

/// Refuses this record of the next request for good: by a code that is about it alone, so that
/// it is not sent once more without its neighbours.
fn refusal(nth: usize) -> Fault {
    Fault::Record { nth, code: 40402 }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "its host has a wasmtime of its own, which takes minutes to build"]
async fn what_is_posted_is_written_and_its_answer_is_the_verdict() {
    let Some(host) = wasmtime_host() else { return };
    let proxy = proxy().await;
    for count in [0, 999] {
        let folder = among(count, &proxy.url());
        let app = app(&folder.config(), &within(5)).await.unwrap();
        let file = written(&folder, &app.wasm);
        let served = Served::by_wasmtime(host, &file, &[]);
        let before = proxy.records("sales").len();

        let answer = served.post(sale("1"), (200, &["written"])).await;
        let record = &answer["events"][0]["records"][0];
        assert_eq!(record["topic"], "sales");
        assert!(record["offset"].is_u64(), "{answer}");
        let two = format!("[{}, {}]", sale("2"), sale("3"));
        served.post(two, (200, &["written"; 2])).await;
        let lines = format!("{}\n{}\n", sale("4"), sale("5"));
        let ndjson = "application/x-ndjson";
        served.publish(lines, ndjson, (200, &["written"; 2])).await;
        assert_eq!(proxy.records("sales").len(), before + 5);

        let other = r#"{"signal":"post_save","content_type":"no.model","instance":{}}"#;
        served.post(other, (200, &["nothing_fired"])).await;
        proxy.inject(refusal(1), 1);
        let two = format!("[{}, {}]", sale("6"), sale("7"));
        served.post(two, (207, &["written", "failed"])).await;
        let two = format!("[{}, {{}}]", sale("8"));
        served.post(two, (207, &["written", "rejected"])).await;
        proxy.inject(refusal(0), 1);
        served.post(sale("9"), (503, &["failed"])).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "its host has a wasmtime of its own, which takes minutes to build"]
async fn what_is_not_answered_in_time_is_unknown_and_what_is_no_request_is_refused() {
    let Some(host) = wasmtime_host() else { return };
    let proxy = proxy().await;
    let folder = among(0, &proxy.url());
    let app = app(&folder.config(), &within(2)).await.unwrap();
    let served = Served::by_wasmtime(host, &written(&folder, &app.wasm), &[]);
    // No retry comes after the answer.
    proxy.inject(Fault::Hang, 9);
    served.post(sale("1"), (503, &["unknown"])).await;

    served.post("{}", (422, &["rejected"])).await;
    let json = "application/json";
    assert_eq!(served.refused("[{}", json).await.0, 400);
    let form = "application/x-www-form-urlencoded";
    assert_eq!(served.refused("a=b", form).await.0, 415);
    let large = (413, "body_too_large".to_owned());
    assert_eq!(served.refused(" ".repeat(9 << 20), json).await, large);
    let many = (413, "too_many_events".to_owned());
    let body = format!("[{}{{}}]", "{},".repeat(10_000));
    assert_eq!(served.refused(body, json).await, many);
    let elsewhere = format!("{}/v1/event", served.url);
    let found = served.http.post(elsewhere).send().await.unwrap();
    assert_eq!(found.status(), 404);
    assert!(found.text().await.unwrap().contains("unknown_path"));
    let events = format!("{}/v1/events", served.url);
    let found = served.http.get(events).send().await.unwrap();
    assert_eq!(found.status(), 405);
    assert_eq!(found.headers()["allow"], "POST");
    assert!(found.text().await.unwrap().contains("wrong_method"));

    let address = served.url.strip_prefix("http://").unwrap();
    let mut slow = TcpStream::connect(address).await.unwrap();
    let head =
        "POST /v1/events HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\nconnection: close\r\n\r\n{";
    slow.write_all(head.as_bytes()).await.unwrap();
    let answer = read_until(&mut slow, "body_too_slow").await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    // The same at once is read.
    served.post("{}", (422, &["rejected"])).await;
}

/// Reads until these words have come.
async fn read_until(from: &mut TcpStream, words: &str) -> String {
    let mut read = Vec::new();
    let mut piece = [0; 4096];
    while !String::from_utf8_lossy(&read).contains(words) {
        let count = from.read(&mut piece).await.unwrap();
        assert!(count > 0, "{}", String::from_utf8_lossy(&read));
        read.extend_from_slice(&piece[..count]);
    }
    String::from_utf8_lossy(&read).into_owned()
}

/// Answers one request as a proxy that wrote its record, and gives the request's head.
async fn answer_one(listener: tokio::net::TcpListener) -> String {
    let (mut client, _) = listener.accept().await.unwrap();
    let request = read_until(&mut client, "\"records\"").await;
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/vnd.kafka.v2+json\r\ncontent-length: {}\r\n\r\n{WRITTEN}",
        WRITTEN.len()
    );
    client.write_all(answer.as_bytes()).await.unwrap();
    client.shutdown().await.unwrap();
    request
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "its host has a wasmtime of its own, which takes minutes to build"]
async fn secrets_come_from_the_environment_where_that_was_asked_for() {
    let Some(host) = wasmtime_host() else { return };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let folder = Folder::of(&guarded(&url, &json!({"env": "THE_APPS_TOKEN"})));
    let app = app(&folder.config(), &from_environment()).await.unwrap();
    let file = written(&folder, &app.wasm);

    let served = Served::by_wasmtime(host, &file, &[("ANOTHER", "x")]);
    let refused = served.refused(sale("1"), "application/json").await;
    assert_eq!(refused, (503, "secret_unavailable".to_owned()));

    let served = Served::by_wasmtime(host, &file, &[("THE_APPS_TOKEN", SECRET)]);
    let posted = served.post(sale("1"), (200, &["written"]));
    let (_, request) = tokio::join!(posted, answer_one(listener));
    let header = format!("authorization: Bearer {SECRET}").to_lowercase();
    assert!(request.to_lowercase().contains(&header), "{request}");
}

/// A few of the contract's cases, and hostile templates that fail alone.
async fn keeps_the_contract(serve: impl Fn(&Path) -> Served) {
    for case in few().await {
        let folder = Folder::of(&case.config());
        let app = app(&folder.config(), &within(10)).await.unwrap();
        let served = serve(&written(&folder, &app.wasm));
        let body = format!("[{}]", case.events().join(","));
        let (_, answer) = served.send(body, "application/json").await;
        let events = answer["events"].as_array().into_iter().flatten();
        let records = events.flat_map(|event| event["records"].as_array().unwrap());
        let written = records.filter(|record| record["status"] == "written");
        assert_eq!(written.count(), case.arrived_as_expected(), "{answer}");
    }
    let proxy = proxy().await;
    let (mut config, events) = sales_among_hostile_events(&proxy.url());
    config["values"] = json!({});
    let folder = Folder::of(&config);
    let app = app(&folder.config(), &within(10)).await.unwrap();
    let served = serve(&written(&folder, &app.wasm));
    let body = format!("[{}]", events.join(","));
    let statuses = ["written", "failed", "failed", "written"];
    let answer = served.post(body, (207, &statuses)).await.to_string();
    for code in ["template_out_of_fuel", "template_output_too_large"] {
        assert!(answer.contains(code), "{answer}");
    }
    assert_eq!(proxy.records("sales").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "its host has a wasmtime of its own, which takes minutes to build"]
async fn our_small_host_keeps_the_contract() {
    let Some(host) = wasmtime_host() else { return };
    keeps_the_contract(|app| Served::by_wasmtime(host, app, &[])).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jco_keeps_the_contract() {
    match jco() {
        Some(jco) => keeps_the_contract(|app| Served::by_jco(jco, app)).await,
        None => super::node::skip(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn jco_serves_it_request_after_request() {
    let Some(jco) = jco() else {
        return super::node::skip();
    };
    let proxy = proxy().await;
    let folder = among(0, &proxy.url());
    let app = app(&folder.config(), &within(10)).await.unwrap();
    let served = Served::by_jco(jco, &written(&folder, &app.wasm));
    served.post(sale("1"), (200, &["written"])).await;
    let two = format!("[{}, {{}}]", sale("2"));
    served.post(two, (207, &["written", "rejected"])).await;
    proxy.inject(refusal(0), 1);
    served.post(sale("3"), (503, &["failed"])).await;
    assert_eq!(proxy.records("sales").len(), 2);
}

/// What a request costs on a fresh instance with so many triggers, as the host says it.
pub(super) async fn cost(triggers: usize) -> Option<String> {
    let host = wasmtime_host()?;
    let folder = among(triggers - 1, "http://proxy");
    let app = app(&folder.config(), &AppOptions::default()).await.unwrap();
    let mut command = Command::new(host);
    command.arg(written(&folder, &app.wasm));
    let said = super::files::run(command.args(["--measure", "200"]))?;
    Some(format!("{} of {} bytes", said.trim(), app.wasm.len()))
}
