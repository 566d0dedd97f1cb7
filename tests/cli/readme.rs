//! The README's tutorial, done as it says.

use std::process::Output;

use super::support::{Place, proxy};

const README: &str = include_str!("../../README.md");

/// The fenced blocks of a language, in order.
fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    let behind = README.split(fence.as_str()).skip(1);
    behind
        .map(|text| text.split("```").next().unwrap())
        .collect()
}

/// Every command of the tutorial, without the name of the binary, and what it
/// prints.
fn commands() -> Vec<(&'static str, &'static str)> {
    let calls = blocks("console")
        .into_iter()
        .flat_map(|block| block.split("$ action-triggers ").skip(1));
    calls.map(|call| call.split_once('\n').unwrap()).collect()
}

fn printed(output: &Output) -> String {
    [&output.stderr[..], &output.stdout]
        .map(String::from_utf8_lossy)
        .concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tutorial_prints_what_it_says() {
    let proxy = proxy().await;
    let [config, triggers, events] = blocks("json")[..3] else {
        panic!("the tutorial has three files");
    };
    let place = Place::new(&serde_json::Value::Null);
    place.write(
        "config.json",
        config.replace("http://localhost:8082", &proxy.url()),
    );
    place.write("triggers.json", triggers);
    place.write("events.ndjson", events);
    let commands = commands();
    assert_eq!(commands.len(), 4);
    for (command, expected) in commands {
        if command.starts_with("check") {
            place.write("triggers.json", triggers.replace("|upper", "|uper"));
        }
        let words: Vec<&str> = command.split(' ').collect();
        let mut call = place.command(words[0]);
        // After the command and its configuration.
        let output = call.args(&words[3..]).output().unwrap();
        let printed = printed(&output);
        for part in expected.split("…\n") {
            assert!(printed.contains(part), "{command}\n{printed}");
        }
    }
}
