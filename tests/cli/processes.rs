//! The process among others: pipes, terminals, signals.

use std::process::{ChildStdin, Command, Stdio};

use serde_json::json;

#[cfg(unix)]
use super::support::SlowProxy;
use super::support::{Place, Running, binary, code, config, lines, proxy, sale, stderr};

/// Runs what blocks away from the proxy's thread.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

#[cfg(unix)]
#[test]
fn a_run_that_is_asked_to_stop_delivers_what_it_accepted() {
    for signal in ["-INT", "-TERM"] {
        let proxy = SlowProxy::start();
        let place = Place::new(&config(&proxy.url));
        let mut run = Running::start(place.command("run"));
        run.send(&sale("1"));
        proxy.met();
        run.signal(signal);
        // Standard input stays open: it is the signal that ends the reading.
        run.says("stopping");
        proxy.answer();
        let output = run.end();
        assert_eq!((code(&output), lines(&output).len()), (0, 1), "{output:?}");
        assert_eq!(lines(&output)[0]["offset"], 0);
        assert_eq!(
            stderr(&output),
            "outbox in memory: 1 accepted, 1 delivered, 0 dead, 0 left waiting\n\
             1 event, 1 record delivered, 0 failed"
        );
    }
}

#[cfg(unix)]
#[test]
fn whoever_asks_twice_does_not_wait() {
    let proxy = SlowProxy::start();
    let mut config = config(&proxy.url);
    config["clusters"]["localhost:9092"]["time_to_live_secs"] = json!(3600);
    config["clusters"]["localhost:9092"]["request_timeout_secs"] = json!(3600);
    // So that events wait for room, too.
    config["outbox"] = json!({"messages": 1});
    let place = Place::new(&config);
    let mut run = Running::start(place.command("run"));
    let events: Vec<_> = (1..20).map(|id| sale(&id.to_string())).collect();
    run.send(&events.concat());
    proxy.met();
    run.signal("-INT");
    run.says("stopping");
    run.signal("-INT");
    let output = run.end();
    assert_eq!(code(&output), 1, "{output:?}");
    // What was accepted is reported all the same.
    let reports = lines(&output);
    assert_eq!(reports[0]["event"], "1", "{output:?}");
    for (place, report) in reports.iter().enumerate() {
        // The first one was being sent.
        let expected = ["outcome_unknown", "shut_down"][place.min(1)];
        assert_eq!(report["error"]["code"], expected, "{report}");
    }
}

#[cfg(unix)]
#[test]
fn whoever_asks_twice_does_not_wait_for_a_reader() {
    let events: String = (0..50_000).map(|id| sale(&id.to_string())).collect();
    for command in ["render", "explain"] {
        let place = Place::new(&config("http://localhost:1"));
        place.write("events.ndjson", &events);
        let mut call = place.command(command);
        call.arg("events.ndjson");
        // Of what it prints one line is read, and the pipe is full.
        let (mut run, stdout) = Running::unread(call);
        let mut first = [0];
        let mut stdout = stdout;
        std::io::Read::read_exact(&mut stdout, &mut first).unwrap();
        run.signal("-INT");
        run.says("stopping");
        run.signal("-INT");
        assert_eq!(run.status().code(), Some(0), "{command}");
    }
}

/// Sends events, each another one, until nobody takes them.
fn feed(mut stdin: ChildStdin) {
    use std::io::Write as _;

    let mut events = (0..).map(|number: u64| sale(&number.to_string()));
    while events
        .next()
        .is_some_and(|event| stdin.write_all(event.as_bytes()).is_ok())
    {}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_goes_away_ends_a_run() {
    let proxy = proxy().await;
    for command in ["run", "render", "explain"] {
        let place = Place::new(&config(&proxy.url()));
        let mut call = place.command(command);
        call.stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = call.spawn().unwrap();
        let stdout = child.stdout.take().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let output = blocking(move || {
            use std::io::{BufRead as _, BufReader, Write as _};

            stdin.write_all(sale("first").as_bytes()).unwrap();
            let mut line = String::new();
            BufReader::new(stdout).read_line(&mut line).unwrap();
            assert!(line.contains("first"), "{line}");
            // The reader is gone.
            feed(stdin);
            child.wait_with_output().unwrap()
        })
        .await;
        let text = stderr(&output);
        // What `run` delivered without telling anybody on standard output it says here.
        let expected = if command == "run" { 2 } else { 0 };
        assert_eq!(code(&output), expected, "{command}: {text}");
        assert!(!text.contains("panicked"), "{command}: {text}");
        if command == "run" {
            assert!(text.contains("no more events are taken"), "{text}");
            assert!(text.contains(r#""offset":"#), "{text}");
        }
    }
}

/// A disk that is full, as Linux makes one.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_full_standard_output_ends_a_run_and_what_was_accepted_is_printed_elsewhere() {
    let proxy = proxy().await;
    let place = Place::new(&config(&proxy.url()));
    let mut call = place.command("run");
    let full = std::fs::File::options().write(true).open("/dev/full");
    call.stdin(Stdio::piped())
        .stdout(full.unwrap())
        .stderr(Stdio::piped());
    let mut child = call.spawn().unwrap();
    let stdin = child.stdin.take().unwrap();
    let mut stderr_of_run = child.stderr.take().unwrap();
    let output = blocking(move || {
        use std::io::Read as _;

        // It is read as it comes, so that a lot of it holds up nothing.
        let errors = std::thread::spawn(move || {
            let mut errors = Vec::new();
            stderr_of_run.read_to_end(&mut errors).unwrap();
            errors
        });
        feed(stdin);
        let mut output = child.wait_with_output().unwrap();
        output.stderr = errors.join().unwrap();
        output
    })
    .await;
    let text = stderr(&output);
    assert_eq!(code(&output), 2, "{text}");
    assert!(text.contains("no more events are taken"), "{text}");
    assert!(text.contains(r#""offset":"#), "{text}");
    assert!(text.contains("No space left on device"), "{text}");
    assert!(!text.contains("panicked"), "{text}");
}

#[cfg(unix)]
#[test]
fn a_run_that_is_asked_to_stop_gives_up_what_its_grace_does_not_suffice_for() {
    let proxy = SlowProxy::start();
    let mut config = config(&proxy.url);
    config["clusters"]["localhost:9092"]["time_to_live_secs"] = json!(3600);
    config["clusters"]["localhost:9092"]["request_timeout_secs"] = json!(3600);
    config["outbox"] = json!({"shutdown_grace_secs": 0.1});
    let place = Place::new(&config);
    let mut run = Running::start(place.command("run"));
    run.send(&sale("1"));
    // The proxy has it and never answers.
    proxy.met();
    run.signal("-TERM");
    run.says("what was accepted is delivered for 0.1 s at most");
    let output = run.end();
    assert_eq!(code(&output), 1, "{output:?}");
    let reports = lines(&output);
    assert_eq!(reports.len(), 1, "{output:?}");
    assert_eq!(reports[0]["event"], "1");
    let error = &reports[0]["error"];
    assert_eq!(error["code"], "outcome_unknown");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("may have been written"), "{message}");
}

#[test]
fn progress_is_shown_on_a_terminal_only() {
    let place = Place::new(&config("http://localhost:1"));
    place.write("events.ndjson", sale("1"));
    let output = place
        .command("render")
        .arg("events.ndjson")
        .output()
        .unwrap();
    assert_eq!(stderr(&output), "1 event, 1 record rendered, 0 failed");
    // Both streams of what `script` runs are a terminal.
    let call = format!(
        "{} render --config {} {}",
        env!("CARGO_BIN_EXE_action-triggers"),
        place.path("config.json").display(),
        place.path("events.ndjson").display()
    );
    let mut script = Command::new("script");
    let terminal = script
        .args(["--quiet", "--return", "--command", &call, "/dev/null"])
        .output();
    let Ok(terminal) = terminal
        .as_ref()
        .map(|output| String::from_utf8_lossy(&output.stdout))
    else {
        println!("skipped: there is no `script` to make a terminal with");
        return;
    };
    assert!(terminal.contains('\u{1b}'), "{terminal}");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn dev_proxy_meets_faults_and_stops_when_asked() {
    let mut call = binary();
    call.args([
        "dev-proxy",
        "--listen",
        "127.0.0.1:0",
        "--fault",
        "records:50002",
    ]);
    let mut proxy = Running::start(call);
    let hint = proxy.line().unwrap();
    let url = hint.rsplit(' ').next().unwrap().trim().to_owned();
    let first = Place::new(&config(&url)).call("run", sale("1")).await;
    let second = Place::new(&config(&url)).call("run", sale("2")).await;
    assert_eq!((code(&first), code(&second)), (1, 0), "{hint}");
    proxy.signal("-TERM");
    let output = blocking(move || proxy.end()).await;
    assert_eq!(code(&output), 0);
}

#[test]
fn a_call_that_is_wrong_says_so() {
    for arguments in [
        &["run"][..],
        &["rnu"],
        &["run", "--config", "none.json"],
        &["run", "--config", "none.json", "none.ndjson"],
        &["dev-proxy", "--fault", "none"],
        &[],
    ] {
        let output = binary().args(arguments).output().unwrap();
        assert_eq!(code(&output), 2, "{arguments:?}");
        assert!(
            output.stdout.is_empty() && !output.stderr.is_empty(),
            "{output:?}"
        );
    }
}
