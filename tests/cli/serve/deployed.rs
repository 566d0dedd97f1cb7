//! The files that show the service deployed.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::client::{Service, serving};
use crate::cli::support::{NOWHERE, binary};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/deploy")
        .join(name)
}

#[test]
fn the_deployed_configuration_has_no_fault_and_is_the_one_that_is_served() {
    let output = binary()
        .args(["check", "--config"])
        .arg(file("config.json"))
        .env("ACTION_TRIGGERS_TOKEN", "a-token")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let unit = std::fs::read_to_string(file("action-triggers.service")).unwrap();
    let served = "serve --config /etc/action-triggers/config.json";
    assert!(unit.contains(&format!("action-triggers {served}\n")));
    let container = std::fs::read_to_string(file("Containerfile")).unwrap();
    let words: Vec<String> = served.split(' ').map(|word| format!("{word:?}")).collect();
    assert!(container.contains(&words.join(", ")), "{words:?}");
}

#[test]
fn the_alerts_are_about_what_the_service_measures() {
    let rules = std::fs::read_to_string(file("alerts.yaml")).unwrap();
    let service = Service::start(&serving(NOWHERE));
    let measured = service.get("/metrics").text;
    let mut expressions = 0;
    for line in rules.lines() {
        let Some(expression) = line.trim().strip_prefix("expr: ") else {
            continue;
        };
        expressions += 1;
        let is_of_name = |letter: char| letter.is_ascii_lowercase() || letter == '_';
        let words = expression.split(|letter| !is_of_name(letter));
        let mut names = words.filter(|word| word.starts_with("action_triggers_"));
        let name = names.next().unwrap();
        assert!(measured.contains(&format!("# TYPE {name} ")), "{name}");
        // Labels are those of a sample that is there from the start.
        if let Some((_, labels)) = expression.split_once('{') {
            let labels = labels.split('}').next().unwrap();
            assert!(
                measured.contains(&format!("{name}{{{labels}}} ")),
                "{expression}"
            );
        }
    }
    assert!(expressions > 0);
}

/// Calls a program of those who run the service; says so where it is not there.
fn finds_no_fault(program: &str, arguments: &[&str]) {
    match Command::new(program).args(arguments).output() {
        Ok(output) => assert!(output.status.success(), "{output:?}"),
        Err(_) => println!("skipped: there is no {program}"),
    }
}

#[test]
fn each_alert_fires_when_it_should_and_only_then() {
    let paths = ["alerts.yaml", "alerts_test.yaml"].map(file);
    let [rules, tests] = paths.each_ref().map(|path| path.to_str().unwrap());
    finds_no_fault("promtool", &["check", "rules", rules]);
    finds_no_fault("promtool", &["test", "rules", tests]);
}

#[test]
fn systemd_finds_no_fault_with_the_unit() {
    let unit = std::fs::read_to_string(file("action-triggers.service")).unwrap();
    let installed = "/usr/local/bin/action-triggers";
    assert!(unit.contains(installed));
    // Where the program is here.
    let unit = unit.replace(installed, env!("CARGO_BIN_EXE_action-triggers"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("action-triggers.service");
    std::fs::write(&path, unit).unwrap();
    finds_no_fault("systemd-analyze", &["verify", path.to_str().unwrap()]);
}
