//! The packages, made of a component that holds its configuration.

use std::{path::PathBuf, process::Command};

use serde_json::json;

use super::{
    super::{
        baked::Folder,
        start::{config, trigger},
    },
    files::{copy, fresh, root, run, write},
    node, python,
};

/// A folder as `action-triggers bake` writes it.
async fn folder(name: &str) -> PathBuf {
    let mut config = config("http://proxy", &json!([trigger()]));
    config["clusters"]["a:9092"]["auth"] = json!({"bearer": {"env": "TOKEN"}});
    config["values"] = json!({});
    let baked = Folder::of(&config).baked().await;
    let folder = fresh(name);
    write(&folder, baked.artefacts());
    folder
}

#[tokio::test(flavor = "multi_thread")]
async fn the_package_for_javascript_takes_a_baked_component() {
    let Some(package) = node::packed("baked", &folder("baked-for-javascript").await) else {
        return node::skip();
    };
    let folder = node::install("javascript-baked", &package);
    copy(&root().join("host/edge/js"), &folder, &["test"]);
    let mut tests = Command::new("node");
    tests.args(["--test", "test/baked.test.mjs"]);
    tests.env("ACTION_TRIGGERS_BAKED", "1").current_dir(&folder);
    let printed = run(&mut tests).unwrap();
    assert!(printed.contains("# pass 2"), "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_package_for_python_takes_a_baked_component() {
    let Some(mut tests) = python::with_package_of(&folder("baked-for-python").await) else {
        return python::skip();
    };
    let file = root().join("host/edge/python/tests/baked.py");
    run(tests.arg(file)).unwrap();
}
