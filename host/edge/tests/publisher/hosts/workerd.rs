//! workerd, which Cloudflare Workers run in: a worker that lives long.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
    time::Duration,
};

use action_triggers_dev_proxy::Fault;
use serde_json::{Value, json};

use super::{
    super::{
        caller::client,
        delivery::{proxy, sale},
        start::{config, trigger},
    },
    files::{copy, host, skipped},
    jobs::Jobs,
    node::{installed, npm},
};

const WORKERD: &str = "workerd@1.20261117.1";

/// A server that ends with the test.
pub(super) struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// The modules of the worker: its own, and those of the package.
fn modules(folder: &Path) -> String {
    let package = "node_modules/action-triggers-edge";
    let mut modules = Vec::new();
    for place in ["src", "edge"] {
        for entry in fs::read_dir(folder.join(package).join(place)).unwrap() {
            let file = entry.unwrap().file_name().into_string().unwrap();
            let kind = match file.rsplit_once('.') {
                Some((_, "wasm")) => "wasm",
                Some((name, "js")) if !["node", "browser"].contains(&name) => "esModule",
                _ => continue,
            };
            let file = format!("{place}/{file}");
            modules.push(format!(
                r#"(name = "{file}", {kind} = embed "{package}/{file}"),"#
            ));
        }
    }
    modules.join("\n    ")
}

fn workerd() -> Option<&'static Path> {
    static TOOLS: OnceLock<Option<PathBuf>> = OnceLock::new();
    TOOLS.get_or_init(|| npm("workerd", WORKERD)).as_deref()
}

fn skip() {
    skipped(&format!("there is no Node here, or no {WORKERD}"));
}

/// A folder with the worker, and the command that serves it.
pub(super) fn worker(folder: &str) -> Option<(PathBuf, PathBuf)> {
    let workerd = workerd()?.join("node_modules/.bin/workerd");
    let folder = installed(folder)?;
    copy(&host("workerd"), &folder, &["worker.mjs"]);
    let config = fs::read_to_string(host("workerd/config.capnp")).unwrap();
    let config = config.replace("# modules of the package", &modules(&folder));
    fs::write(folder.join("config.capnp"), config).unwrap();
    Some((workerd, folder))
}

/// Starts workerd, and says where it listens.
pub(super) fn serve(workerd: &Path, folder: &Path) -> (Server, String) {
    let mut command = Command::new(workerd);
    command.args(["serve", "config.capnp", "--control-fd=1"]);
    command.current_dir(folder).stdout(Stdio::piped());
    let mut server = Server(command.spawn().unwrap());
    let mut line = String::new();
    let printed = server.0.stdout.take().unwrap();
    BufReader::new(printed).read_line(&mut line).unwrap();
    let listens: Value = serde_json::from_str(&line).unwrap();
    let address = format!("http://127.0.0.1:{}", listens["port"]);
    (server, address)
}

#[tokio::test(flavor = "multi_thread")]
async fn workerd_publishes_and_keeps_its_publisher_from_request_to_request() {
    let Some((workerd, folder)) = worker("worker") else {
        return skip();
    };
    let (_server, address) = serve(&workerd, &folder);
    let http = client();
    let jobs = Jobs::start().await;
    let mut printed = Vec::new();
    for line in jobs.lines() {
        let answer = http.post(&address).body(line).send().await.unwrap();
        printed.push(answer.text().await.unwrap());
    }
    jobs.check("workerd", &printed.join("\n"));
    let kept = |line: &str| serde_json::from_str::<Value>(line).unwrap()[0]["kept"].clone();
    let last = jobs.lines().pop().unwrap();
    let again = http.post(&address).body(last).send().await.unwrap();
    let again = again.text().await.unwrap();
    assert_eq!(kept(&again), kept(printed.last().unwrap()), "{again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_at_the_same_time_are_answered_with_their_own_reports() {
    let Some((workerd, folder)) = worker("worker-at-once") else {
        return skip();
    };
    let (_server, address) = serve(&workerd, &folder);
    let proxy = proxy().await;
    let config = config(&proxy.url(), &json!([trigger()])).to_string();
    let http = client();
    let post = async |id: &str| {
        let job = json!({"config": config, "events": [sale(id)]}).to_string();
        let answer = http.post(&address).body(job).send().await.unwrap();
        let answer: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        let ended = answer.as_array().unwrap().iter();
        let ended = ended.filter(|one| one.get("attempts").is_some());
        ended.map(|one| one["event"].clone()).collect::<Vec<_>>()
    };
    // From here on there is one publisher for all.
    assert_eq!(post("0").await, ["0"]);
    // The first waits for its answer while the second comes.
    proxy.inject(Fault::Delay(Duration::from_millis(500)), 1);
    let (one, other) = tokio::join!(post("1"), post("2"));
    assert_eq!((one, other), (vec![json!("1")], vec![json!("2")]));
}
