//! The built binary, called as its users call it.

#[cfg(unix)]
use std::net::{TcpListener, TcpStream};
use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::PathBuf,
    process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Output, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use action_triggers_dev_proxy::{DevProxy, Options};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Longer than anything takes, on a machine that is busy with much else; a test that waits
/// for it has failed.
pub(crate) const PATIENCE: Duration = Duration::from_mins(3);

/// Waits until this is so.
#[track_caller]
pub(crate) fn until(mut is_so: impl FnMut() -> bool) {
    let waiting = Instant::now();
    while !is_so() {
        assert!(waiting.elapsed() < PATIENCE, "it does not come to that");
        thread::sleep(Duration::from_millis(5));
    }
}

pub(crate) fn binary() -> Command {
    Command::new(env!("CARGO_BIN_EXE_action-triggers"))
}

pub(crate) async fn proxy() -> DevProxy {
    let address = ([127, 0, 0, 1], 0).into();
    let options = Options {
        address,
        ..Options::default()
    };
    DevProxy::start(options).await.unwrap()
}

pub(crate) fn sale(id: &str) -> String {
    let event = json!({"id": id, "signal": "post_save", "content_type": "myapp.sale",
        "instance": {"id": id, "quantity": 3, "customer": {"name": "Alice"}}});
    format!("{event}\n")
}

pub(crate) fn trigger() -> Value {
    json!({
        "config_signals": [{"signal": "post_save"}],
        "content_types": [{"app_label": "myapp", "model_name": "Sale"}],
        "msg_broker_queues": [{"name": "kafka_1"}],
        "payload": {"customer": "{{ customer.name }}", "quantity": "{{ quantity }}"},
    })
}

/// Where no proxy listens: records wait.
pub(crate) const NOWHERE: &str = "http://127.0.0.1:9";

/// A configuration whose records live as long as by default.
pub(crate) fn config(rest_url: &str) -> Value {
    json!({
        "ACTION_TRIGGERS": {"brokers": {"kafka_1": {
            "broker_type": "kafka",
            "conn_details": {"bootstrap_servers": "localhost:9092"},
            "params": {"topic": "sales"},
        }}},
        "ACTION_TRIGGER_SETTINGS": {},
        "clusters": {"localhost:9092": {"rest_url": rest_url}},
        "triggers": [trigger()],
    })
}

/// A folder with a configuration, and what is called there.
pub(crate) struct Place {
    directory: TempDir,
}

impl Place {
    pub(crate) fn new(config: &Value) -> Self {
        let place = Self {
            directory: TempDir::new().unwrap(),
        };
        place.write("config.json", config.to_string());
        place
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A call within the folder, on its configuration.
    pub(crate) fn command(&self, command: &str) -> Command {
        let mut call = binary();
        call.current_dir(self.directory.path())
            .args([command, "--config", "config.json"]);
        call
    }

    /// Calls a command and gives it these events.
    pub(crate) async fn call(self, command: &'static str, events: impl Into<Vec<u8>>) -> Output {
        let mut child = Running::start(self.command(command));
        let events = events.into();
        let call = move || {
            // A command that refuses its configuration reads nothing.
            child.stdin.take().unwrap().write_all(&events).ok();
            child.end()
        };
        // Away from this thread, so that the proxy goes on.
        let output = tokio::task::spawn_blocking(call).await.unwrap();
        drop(self);
        output
    }
}

/// A call under way. Its standard output is read line by line.
pub(crate) struct Running {
    child: Child,
    pub(crate) stdin: Option<ChildStdin>,
    /// Closed when standard output ends.
    lines: mpsc::Receiver<String>,
    errors: mpsc::Receiver<String>,
}

impl Drop for Running {
    /// A test that has ended leaves no process behind.
    fn drop(&mut self) {
        // It may have ended, and been waited for.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdin = child.stdin.take();
        let lines = lines_of(child.stdout.take().unwrap());
        let errors = lines_of(child.stderr.take().unwrap());
        Self {
            child,
            stdin,
            lines,
            errors,
        }
    }

    /// The same, with its standard output for the caller to read.
    #[cfg(unix)]
    pub(crate) fn unread(mut command: Command) -> (Self, ChildStdout) {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdout = child.stdout.take().unwrap();
        let errors = lines_of(child.stderr.take().unwrap());
        let started = Self {
            child,
            stdin: None,
            lines: mpsc::channel().1,
            errors,
        };
        (started, stdout)
    }

    /// The process's number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn send(&mut self, text: &str) {
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(text.as_bytes()).unwrap();
        stdin.flush().unwrap();
    }

    /// The next line of standard output.
    pub(crate) fn line(&self) -> Option<String> {
        self.lines.recv_timeout(PATIENCE).ok()
    }

    /// The next line of standard error.
    pub(crate) fn error(&self) -> String {
        self.errors.recv_timeout(PATIENCE).unwrap()
    }

    /// Waits for a line of standard error with these words.
    pub(crate) fn says(&self, words: &str) {
        while !self.error().contains(words) {}
    }

    /// Asks it to stop.
    #[cfg(unix)]
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args([name, &id]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for the end; `stdin` may still be open.
    pub(crate) fn status(&mut self) -> ExitStatus {
        let mut status = None;
        until(|| {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }

    /// Waits for the end, and takes what has not been read yet.
    pub(crate) fn end(&mut self) -> Output {
        let status = self.status();
        let rest = |lines: &mpsc::Receiver<String>| lines.iter().collect::<String>().into_bytes();
        Output {
            status,
            stdout: rest(&self.lines),
            stderr: rest(&self.errors),
        }
    }
}

/// Lines with their ends, as they come; bytes that are no text are replaced.
fn lines_of(stream: impl std::io::Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        let mut line = Vec::new();
        while stream.by_ref().read_until(b'\n', &mut line).is_ok() && !line.is_empty() {
            if sender
                .send(String::from_utf8_lossy(&line).into_owned())
                .is_err()
            {
                return;
            }
            line.clear();
        }
    });
    lines
}

/// The JSON lines of standard output.
pub(crate) fn lines(output: &Output) -> Vec<Value> {
    let text = str::from_utf8(&output.stdout).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The events that came through, and the code of each that did not.
pub(crate) fn outcomes(output: &Output) -> Vec<(String, String)> {
    let mut outcomes: Vec<_> = lines(output)
        .iter()
        .map(|line| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            (text(&line["event"]), text(&line["error"]["code"]))
        })
        .collect();
    outcomes.sort();
    outcomes
}

pub(crate) fn pair(event: &str, code: &str) -> (String, String) {
    (event.to_owned(), code.to_owned())
}

pub(crate) fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

/// Standard error without how long it took.
pub(crate) fn stderr(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let lines = text.lines().map(|line| match line.rsplit_once(" in ") {
        Some((summary, time)) if time.ends_with(" s") => summary,
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A REST proxy that tells of each record's POST and answers when it is told to.
#[cfg(unix)]
pub(crate) struct SlowProxy {
    pub(crate) url: String,
    met: mpsc::Receiver<()>,
    answers: mpsc::Sender<()>,
}

#[cfg(unix)]
impl SlowProxy {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (posts, met) = mpsc::channel();
        let (answers, answer) = mpsc::channel();
        thread::spawn(move || {
            for connection in listener.incoming() {
                serve(connection.unwrap(), &posts, &answer);
            }
        });
        Self { url, met, answers }
    }

    /// Waits for the next POST.
    pub(crate) fn met(&self) {
        self.met.recv_timeout(PATIENCE).unwrap();
    }

    /// Answers it: the record lies at offset 0.
    pub(crate) fn answer(&self) {
        self.answers.send(()).unwrap();
    }
}

#[cfg(unix)]
fn serve(connection: TcpStream, posts: &mpsc::Sender<()>, answer: &mpsc::Receiver<()>) {
    let mut connection = BufReader::new(connection);
    let mut length = 0;
    let mut line = String::new();
    while connection.read_line(&mut line).unwrap() > 2 {
        let lower = line.to_ascii_lowercase();
        if let Some(text) = lower.strip_prefix("content-length:") {
            length = text.trim().parse().unwrap();
        }
        line.clear();
    }
    connection.read_exact(&mut vec![0; length]).unwrap();
    posts.send(()).ok();
    // Nobody answers when the test is over.
    if answer.recv().is_err() {
        return;
    }
    let body = r#"{"offsets":[{"partition":0,"offset":0}]}"#;
    let head =
        "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.kafka.v2+json\r\nConnection: close";
    let text = format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    connection.get_mut().write_all(text.as_bytes()).ok();
}
