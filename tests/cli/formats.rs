//! What the commands print when all is well.

use serde_json::json;

use super::support::{Place, binary, code, config, lines, proxy, sale, stderr, trigger};

#[test]
fn demo_prints_the_seed_record() {
    let output = binary().arg("demo").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(code(&output), 0, "{text}");
    let record = r#"{"customer_name":"Alice","product_name":"Widget","quantity":"3"}"#;
    let (_, read_back) = text.split_once("5. Read back").unwrap();
    assert!(read_back.contains(record), "{text}");
}

#[tokio::test]
async fn run_delivers_and_says_where() {
    let proxy = proxy().await;
    let output = Place::new(&config(&proxy.url()))
        .call("run", sale("1"))
        .await;
    assert_eq!(code(&output), 0, "{output:?}");
    let stored = proxy.records("sales");
    let value = br#"{"customer":"Alice","quantity":"3"}"#;
    assert_eq!(stored[0].value.as_deref(), Some(&value[..]));
    let partition = stored[0].partition;
    let expected = json!({"event": "1", "trigger": 0, "queue": 0, "topic": "sales", "partition": partition, "offset": 0});
    assert_eq!(lines(&output), [expected]);
    assert_eq!(
        stderr(&output),
        "outbox in memory: 1 accepted, 1 delivered, 0 dead, 0 left waiting\n\
             1 event, 1 record delivered, 0 failed"
    );
}

#[tokio::test]
async fn render_shows_the_record_and_publishes_nothing() {
    let proxy = proxy().await;
    let output = Place::new(&config(&proxy.url()))
        .call("render", sale("1"))
        .await;
    let expected = json!({
        "event": "1", "trigger": 0, "queue": 0, "broker": "kafka_1", "bootstrap_servers": "localhost:9092",
        "topic": "sales", "key": null, "headers": [], "partition": null,
        "value": r#"{"customer":"Alice","quantity":"3"}"#,
    });
    assert_eq!((code(&output), lines(&output)), (0, vec![expected]));
    assert!(proxy.records("sales").is_empty());
}

#[tokio::test]
async fn lines_of_another_tool_are_decoded_and_a_bad_one_is_named() {
    let mut config = config("http://localhost:1");
    config["sources"] = json!({"debezium": {"content_types": {"public.sales": "myapp.sale"}}});
    let place = Place::new(&config);
    let source = r#""source": {"schema": "public", "table": "sales"}"#;
    let row = r#"{"id": 7, "quantity": 3}"#;
    let events = [
        format!(r#"{{"op": "c", "after": {row}, {source}}}"#),
        "null".to_owned(),
        String::new(),
        format!(r#"{{"op": "x", "after": {row}, {source}}}"#),
        format!(r#"{{"op": "u", "after": {row}, "before": {row}, {source}}}"#),
    ];
    place.write("events.ndjson", events.join("\n"));
    let mut call = place.command("render");
    let output = call
        .args(["--format", "debezium", "events.ndjson"])
        .output()
        .unwrap();
    assert_eq!(code(&output), 1, "{output:?}");
    let printed = lines(&output);
    let failed: Vec<_> = printed
        .iter()
        .filter(|line| line["error"].is_object())
        .collect();
    assert_eq!(failed[0]["event"], "line 4");
    assert_eq!(failed[0]["error"]["code"], "event_malformed");
    assert_eq!((printed.len(), failed.len()), (3, 1));
    let value = r#"{"customer":"","quantity":"3"}"#;
    assert!(printed.iter().filter(|line| line["value"] == value).count() == 2);
}

#[tokio::test]
async fn triggers_may_come_with_the_call() {
    let mut named = trigger();
    named["name"] = json!("given");
    let place = Place::new(&config("http://localhost:1"));
    place.write("given.json", json!([named]).to_string());
    place.write("events.ndjson", sale("1"));
    let mut call = place.command("render");
    let output = call
        .args(["--triggers", "given.json", "events.ndjson"])
        .output()
        .unwrap();
    assert_eq!(
        (code(&output), &lines(&output)[0]["trigger"]),
        (0, &json!("given"))
    );
}

#[tokio::test]
async fn explain_names_the_clause_that_decided() {
    let mut config = config("http://localhost:1");
    config["ACTION_TRIGGERS"]["whitelisted_content_types"] = json!(["myapp.Sale", "myapp.gift"]);
    config["limits"] = json!({"event_bytes": 1000});
    let with = |member: &str, value| {
        let mut trigger = trigger();
        trigger[member] = value;
        trigger
    };
    config["triggers"] = json!([
        trigger(),
        with("active", json!(false)),
        with("config_signals", json!(["pre_save"])),
        with("content_types", json!(["myapp.gift"])),
        with("when", json!("quantity > 3")),
        with("when", json!("changed.quantity")),
    ]);
    let mut events = sale("1");
    events += &sale("2").replace("myapp.sale", "myapp.refund");
    events += &sale("3").replace("Alice", &"a".repeat(1000));
    let output = Place::new(&config).call("explain", events.clone()).await;
    let decided = lines(&output).into_iter().map(|line| {
        let told = line["reason"]
            .as_str()
            .or(line["error"]["message"].as_str());
        format!(
            "{} {} {} {}: {}",
            line["event"],
            line["trigger"],
            line["fires"],
            line["clause"],
            told.unwrap()
        )
    });
    insta::assert_snapshot!(decided.collect::<Vec<_>>().join("\n"));

    // `render` says the same.
    let rendered = Place::new(&config).call("render", events).await;
    let fired = lines(&rendered)
        .into_iter()
        .filter(|line| line["error"].is_null());
    let fired: Vec<_> = fired
        .map(|line| (line["event"].clone(), line["trigger"].clone()))
        .collect();
    assert_eq!(fired, [(json!("1"), json!(0))]);
    assert_eq!((code(&output), code(&rendered)), (1, 1));
}
