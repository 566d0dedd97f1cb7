//! The whole binary: 100,000 sale events through `render` and `run`.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Instant,
};

const EVENTS: usize = 100_000;
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_action-triggers");

/// Prints events per second and CPU per event of both commands.
pub(crate) fn report() {
    let folder = tempfile::tempdir().unwrap();
    let proxy = Server::start(Command::new(BINARY).args(["dev-proxy", "--listen", "127.0.0.1:0"]));
    let cluster = serde_json::json!({"rest_url": proxy.url});
    let outbox = serde_json::json!("memory");
    let config = write_config(folder.path(), "localhost:9092", (&cluster, &outbox));
    let events = write_events(folder.path(), EVENTS);
    for command in ["render", "run"] {
        let (wall, cpu) = time(command, folder.path(), (&config, &events));
        let lines = BufReader::new(File::open(folder.path().join("output")).unwrap())
            .lines()
            .count();
        assert_eq!(lines, EVENTS, "{command} prints a line per record");
        let events = EVENTS as f64;
        println!(
            "binary: {command:<7} {:>9.0} events/s   {:>5.1} us CPU per event",
            events / wall,
            cpu * 1e6 / events
        );
    }
}

/// Seconds on the clock and of CPU that a command takes for these events; what it prints is in
/// the folder's `output`.
pub(crate) fn time(command: &str, folder: &Path, (config, events): (&Path, &Path)) -> (f64, f64) {
    let cpu_before = children_cpu_seconds();
    let start = Instant::now();
    let output = File::create(folder.join("output")).unwrap();
    let status = Command::new(BINARY)
        .args([command, "--config"])
        .args([config, events])
        .stdout(output)
        .stderr(Stdio::null())
        .status()
        .unwrap();
    let wall = start.elapsed().as_secs_f64();
    assert!(status.success(), "{command}: {status}");
    (wall, children_cpu_seconds() - cpu_before)
}

/// A process that serves, and ends with this.
pub(crate) struct Server {
    process: Child,
    pub(crate) url: String,
}

impl Server {
    /// Starts it and reads its address from the first line that it prints.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut process = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let (_, rest) = line.split_once("http://").expect("it prints its address");
        let address = rest.split_whitespace().next().unwrap();
        let address = address.trim_end_matches(['"', ',', '}', '.']);
        Self {
            process,
            url: format!("http://{address}"),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// A configuration with the sale's trigger, this one cluster and this outbox.
pub(crate) fn write_config(
    folder: &Path,
    servers: &str,
    (cluster, outbox): (&serde_json::Value, &serde_json::Value),
) -> PathBuf {
    let path = folder.join("config.json");
    let config = serde_json::json!({
        "ACTION_TRIGGERS": {"brokers": {"kafka_1": {
            "broker_type": "kafka",
            "conn_details": {"bootstrap_servers": servers},
            "params": {"topic": "sales"},
        }}},
        "clusters": {servers: cluster},
        "outbox": outbox,
        "triggers": [crate::sale_trigger()],
    });
    fs::write(&path, config.to_string()).unwrap();
    path
}

/// So many sales as a file of NDJSON.
pub(crate) fn write_events(folder: &Path, count: usize) -> PathBuf {
    let path = folder.join("events.ndjson");
    let mut file = BufWriter::new(File::create(&path).unwrap());
    for number in 0..count {
        writeln!(file, "{}", crate::sale_event(number)).unwrap();
    }
    path
}

/// CPU seconds of all children waited for, as Linux counts them.
fn children_cpu_seconds() -> f64 {
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    // The command's name may hold spaces; fields are counted behind its bracket.
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    let ticks = |field: usize| fields[field - 3].parse::<f64>().unwrap();
    (ticks(16) + ticks(17)) / TICKS_PER_SECOND
}
