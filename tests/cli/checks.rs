//! `check`: every fault at once.

use serde_json::json;

use super::support::{Place, binary, code, config, stderr};

#[tokio::test]
async fn check_tells_good_from_bad() {
    let good = config("http://localhost:8082");
    assert_eq!(code(&Place::new(&good).call("check", "").await), 0);
    let mut bad = good.clone();
    bad["triggers"][0]["config_signals"][0]["signal"] = json!("post_sav");
    bad["clusters"]["localhost:9092"]["api"] = json!("v9");
    let output = Place::new(&bad).call("check", "").await;
    let text = stderr(&output);
    assert_eq!(code(&output), 1, "{text}");
    assert!(
        text.contains("unknown_signal") && text.contains("unknown_value"),
        "{text}"
    );
    assert_eq!(code(&Place::new(&bad).call("run", "").await), 2);
    let missing = binary()
        .args(["check", "--config", "/nowhere.json"])
        .output()
        .unwrap();
    assert_eq!(code(&missing), 2);
}
