//! `serve`, from POST to answer: against a bare axum handler that appends as many records
//! to `SQLite`, those of several callers in one commit too. Both are processes of their own.

use std::{
    env,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use serde_json::json;
use tempfile::TempDir;
use tokio::runtime::Runtime as Tokio;

use crate::{
    bare,
    binary::{self, Server},
    measure, sale_event,
};

const CONNECTIONS: [usize; 3] = [1, 8, 64];
/// Events of a body, and the POSTs of all connections together.
const BODIES: [(usize, usize); 2] = [(1, 2_000), (100, 256)];
const ROUNDS: usize = 3;
/// Most records of a round where the outbox is in memory, which holds 10,000 by default.
const HELD: usize = 6_400;

/// Prints, for each count of connections and events, how long answers take and how many
/// records are accepted in a second.
pub(crate) fn report(tokio: &Tokio) {
    for is_durable in [true, false] {
        for connections in CONNECTIONS {
            for (events, posts) in BODIES {
                let load = Load {
                    connections,
                    events,
                    posts: if is_durable {
                        posts
                    } else {
                        posts.min(HELD / events)
                    },
                };
                let [serve, bare] = load.measure(tokio, is_durable);
                println!(
                    "serve, {:<6} {connections:>2} connections, {events:>3} events a POST: {serve}   bare {bare}   {:.2} of its speed",
                    if is_durable { "file," } else { "memory," },
                    serve.records_per_second() / bare.records_per_second(),
                );
            }
        }
    }
}

/// What callers do.
#[derive(Clone, Copy)]
struct Load {
    connections: usize,
    events: usize,
    posts: usize,
}

/// How long each POST took until its answer, and each round with its count of records.
#[derive(Default)]
struct Answers {
    times: Vec<Duration>,
    rounds: Vec<Duration>,
    records: usize,
}

impl Answers {
    /// In the median of the rounds.
    fn records_per_second(&self) -> f64 {
        self.records as f64 / measure::median(self.rounds.clone()).as_secs_f64()
    }
}

impl std::fmt::Display for Answers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut times = self.times.clone();
        times.sort_unstable();
        let milliseconds =
            |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1e3;
        write!(
            f,
            "p50 {:>6.2} ms p99 {:>6.2} ms {:>6.0} records/s",
            milliseconds(50),
            milliseconds(99),
            self.records_per_second()
        )
    }
}

impl Load {
    /// The answers of `serve` and those of the bare handler, in turn, each with a new file.
    fn measure(self, tokio: &Tokio, is_durable: bool) -> [Answers; 2] {
        let mut answers = [Answers::default(), Answers::default()];
        for _ in 0..ROUNDS {
            let folder = TempDir::new().unwrap();
            for (start, answers) in [start_serve, start_bare].iter().zip(&mut answers) {
                let server = start(folder.path(), is_durable);
                tokio.block_on(self.run(&server.url, answers));
            }
        }
        answers
    }

    /// Sends the POSTs, each connection one after another.
    async fn run(self, url: &str, answers: &mut Answers) {
        let started = Instant::now();
        let posts_of_each = self.posts.div_ceil(self.connections);
        let callers = (0..self.connections).map(|caller| {
            let url = format!("{url}/v1/events");
            let numbers = caller * posts_of_each..(caller + 1) * posts_of_each;
            tokio::spawn(post_all(
                url,
                numbers.map(move |post| self.body(post)).collect(),
            ))
        });
        for times in futures_util::future::join_all(callers).await {
            answers.times.extend(times.unwrap());
        }
        answers.rounds.push(started.elapsed());
        answers.records = posts_of_each * self.connections * self.events;
    }

    /// Sales with ids of their own, one a line.
    fn body(self, post: usize) -> String {
        let numbers = post * self.events..(post + 1) * self.events;
        numbers.map(|number| sale_event(number) + "\n").collect()
    }
}

/// Sends bodies over one connection, and tells how long each answer took.
async fn post_all(url: String, bodies: Vec<String>) -> Vec<Duration> {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut times = Vec::with_capacity(bodies.len());
    for body in bodies {
        let started = Instant::now();
        let request = client
            .post(&url)
            .header("content-type", "application/x-ndjson")
            .body(body);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 202);
        answer.bytes().await.unwrap();
        times.push(started.elapsed());
    }
    times
}

/// Records are accepted and wait, for nobody answers at the cluster's address.
fn start_serve(folder: &Path, is_durable: bool) -> Server {
    let outbox = if is_durable {
        json!({"path": folder.join("outbox.db")})
    } else {
        json!("memory")
    };
    let cluster = json!({"rest_url": "http://127.0.0.1:1"});
    let config = binary::write_config(folder, "localhost:9092", (&cluster, &outbox));
    let mut command = Command::new(binary::BINARY);
    Server::start(
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--config"])
            .arg(config),
    )
}

fn start_bare(folder: &Path, is_durable: bool) -> Server {
    let file = if is_durable {
        folder.join("bare.db")
    } else {
        ":memory:".into()
    };
    let mut command = Command::new(env::current_exe().unwrap());
    Server::start(command.arg(bare::SERVE).arg(file))
}
