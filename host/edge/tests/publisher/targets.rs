//! Which worlds of WASI a component is made for, as `wac targets` finds out: it compares the
//! types of all imports and exports, not their names alone.

use std::{path::PathBuf, process::Command};

use action_triggers_edge::{AppOptions, app};
use action_triggers_host::EMBEDDED;
use serde_json::{Value, json};
use wac_graph::types::{
    ItemKind, Package, TargetValidationReport, Type, Types, WorldId, validate_target,
};
use wit_parser::Resolve;

use super::{
    app::{from_environment, guarded},
    baked::Folder,
    start::{config, trigger},
};

/// The WIT of WASI 0.2 that the front is written for: its crate has it.
fn wasi() -> PathBuf {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--locked", "--format-version", "1"]);
    cargo.args(["--filter-platform", "wasm32-unknown-unknown"]);
    cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
    let metadata = cargo.output().unwrap();
    let said = String::from_utf8_lossy(&metadata.stderr);
    assert!(metadata.status.success(), "{said}");
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let wasip2 = packages.iter().find(|one| one["name"] == "wasip2");
    let manifest = wasip2.unwrap()["manifest_path"].as_str().unwrap();
    PathBuf::from(manifest).with_file_name("wit")
}

/// A world of a package of WASI.
fn world(types: &mut Types, package: &str, world: &str) -> WorldId {
    let mut resolve = Resolve::new();
    resolve.push_dir(wasi()).unwrap();
    let mut packages = resolve.package_names.iter();
    let found = packages.find(|(name, _)| format!("{}:{}", name.namespace, name.name) == package);
    let encoded = wit_component::encode(&resolve, *found.unwrap().1).unwrap();
    let package = Package::from_bytes(package, None, encoded, types).unwrap();
    let Some(ItemKind::Type(Type::World(world))) = types[package.ty()].exports.get(world) else {
        panic!("{:?}", types[package.ty()].exports.keys())
    };
    let Some(ItemKind::Component(world)) = types[*world].exports.values().next() else {
        panic!("{:?}", types[*world].exports)
    };
    *world
}

/// Why a component is not made for the world `wasi:http/proxy`.
fn beyond_proxy(wasm: &[u8]) -> TargetValidationReport {
    let mut types = Types::default();
    let world = world(&mut types, "wasi:http", "proxy");
    let component = Package::from_bytes("app", None, wasm, &mut types).unwrap();
    validate_target(&types, world, component.ty())
        .err()
        .unwrap_or_default()
}

/// Its faults: imports that the world has not, exports that it needs, and types that differ.
fn faults(report: &TargetValidationReport) -> [Vec<&str>; 3] {
    [
        report.imports_not_in_target().collect(),
        report.missing_exports().map(|(name, _)| name).collect(),
        report.mismatched_types().map(|(name, _, _)| name).collect(),
    ]
}

/// A component without secrets, and one that reads a secret from its environment.
async fn apps() -> [Vec<u8>; 2] {
    let mut plain = config("http://proxy", &json!([trigger()]));
    plain["values"] = json!({});
    let folder = Folder::of(&plain);
    let plain = app(&folder.config(), &AppOptions::default()).await.unwrap();
    assert!(!plain.has_secrets);
    let folder = Folder::of(&guarded("http://proxy", &json!({"env": "TOKEN"})));
    let reading = app(&folder.config(), &from_environment()).await.unwrap();
    assert!(!reading.has_secrets);
    [plain.wasm, reading.wasm]
}

#[tokio::test(flavor = "multi_thread")]
async fn the_app_is_a_proxy_of_wasi_http_and_imports_one_thing_more_for_secrets() {
    let [plain, reading] = apps().await;
    let none = Vec::<&str>::new;
    assert_eq!(faults(&beyond_proxy(&plain)), [none(), none(), none()]);
    let report = beyond_proxy(&reading);
    let environment = "wasi:cli/environment@0.2.12";
    assert_eq!(faults(&report), [vec![environment], none(), none()]);
    // An import that the world has not, one whose type it has not, and an export that it needs.
    let report = beyond_proxy(EMBEDDED);
    let [imports, exports, _] = faults(&report);
    assert_eq!(
        imports,
        [
            "action-triggers:engine/kafka@0.2.0",
            "action-triggers:engine/settings@0.2.0"
        ]
    );
    assert_eq!(exports, ["wasi:http/incoming-handler@0.2.12"]);
    let renamed = renamed(plain, b"[method]fields.entries", b"[method]fields.entryes");
    let report = beyond_proxy(&renamed);
    assert_eq!(faults(&report)[2], ["wasi:http/types@0.2.12"]);
}

/// The same bytes but for a name.
fn renamed(mut wasm: Vec<u8>, from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut found = 0;
    for place in 0..=wasm.len() - from.len() {
        let there = &mut wasm[place..place + from.len()];
        if there == from {
            there.copy_from_slice(to);
            found += 1;
        }
    }
    assert!(found > 0);
    wasm
}
