//! What accepting is measured against: a table of records and nothing else, in a loop and
//! behind a bare axum handler.

use std::{
    path::Path,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
};

use axum::{Router, body::Bytes, extract::State, http::StatusCode, routing::post};
use rusqlite::Connection;
use tokio::{net::TcpListener, sync::oneshot};

/// As the first argument, it has this program serve instead of measure. The file follows.
pub(crate) const SERVE: &str = "serve-bare";

/// A table of records in a file.
pub(crate) struct Bare(Connection);

impl Bare {
    /// Creates it in a file that does not exist, or in memory where its name is `:memory:`.
    pub(crate) fn create(path: &Path) -> Self {
        let connection = Connection::open(path).unwrap();
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
                 CREATE TABLE records (number INTEGER PRIMARY KEY, topic TEXT, event TEXT, value BLOB)",
            )
            .unwrap();
        Self(connection)
    }

    /// Appends so many records in one commit.
    pub(crate) fn append(&self, records: usize) {
        let insert = "INSERT INTO records (topic, event, value) VALUES ('sales', ?1, ?2)";
        let mut insert = self.0.prepare_cached(insert).unwrap();
        self.0.execute_batch("BEGIN IMMEDIATE").unwrap();
        for number in 0..records {
            let event = format!("019ac4c8-0000-7000-8000-{number:012}");
            insert.execute((event, crate::publish::VALUE)).unwrap();
        }
        self.0.execute_batch("COMMIT").unwrap();
    }
}

/// A body's count of lines, and whoever waits until they are there.
type Append = (usize, oneshot::Sender<()>);

/// Serves until the process is killed. Its first line is its address, as that of `serve` is.
pub(crate) async fn serve(path: &Path) {
    let (sender, appends) = sync_channel(1024);
    let bare = Bare::create(path);
    thread::spawn(move || append_all(&bare, &appends));
    let router = Router::new().route("/v1/events", post(answer));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    println!("{}", serde_json::json!({"listening": url}));
    axum::serve(listener, router.with_state(sender))
        .await
        .unwrap();
}

/// Appends what callers brought meanwhile in one commit, as the outbox does.
fn append_all(bare: &Bare, appends: &Receiver<Append>) {
    while let Ok(first) = appends.recv() {
        let appends: Vec<_> = [first].into_iter().chain(appends.try_iter()).collect();
        bare.append(appends.iter().map(|(records, _)| records).sum());
        for (_, waiter) in appends {
            waiter.send(()).ok();
        }
    }
}

async fn answer(State(appends): State<SyncSender<Append>>, body: Bytes) -> StatusCode {
    let records = body.iter().filter(|byte| **byte == b'\n').count();
    let (sender, is_there) = oneshot::channel();
    appends.send((records, sender)).unwrap();
    is_there.await.unwrap();
    StatusCode::ACCEPTED
}
