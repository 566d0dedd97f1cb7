//! The files that show the service deployed.

use std::path::{Path, PathBuf};

use crate::cli::support::binary;

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
