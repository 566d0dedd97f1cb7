//! `app.wasm` as a file: what it imports, and which secrets stand in it.

use action_triggers_edge::{AppOptions, BakeError, app};
use serde_json::{Value, json};
use wasmtime::{Engine, component::Component};

use super::{
    baked::Folder,
    start::{config, trigger},
};

pub(super) const SECRET: &str = "s3cr3t-of-the-app";

/// Secrets that are read when it runs.
pub(super) fn from_environment() -> AppOptions {
    let mut options = AppOptions::default();
    options.env_secrets = true;
    options
}

/// A configuration whose proxy asks for a token.
pub(super) fn guarded(url: &str, token: &Value) -> Value {
    let mut config = config(url, &json!([trigger()]));
    config["clusters"]["a:9092"]["auth"] = json!({"bearer": token});
    config["values"] = json!({});
    config
}

/// What the world `wasi:http/proxy` imports. That the types are its own too, the host of
/// tests/hosts/wasi-http finds out: it has nothing else.
const PROXY: &[&str] = &[
    "wasi:cli/stderr",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:http/outgoing-handler",
    "wasi:http/types",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/random",
];

/// Imports that are not the proxy's, without their versions, which are 0.2.
fn beyond_proxy(wasm: &[u8]) -> Vec<String> {
    let engine = Engine::default();
    let component = Component::new(&engine, wasm).unwrap();
    let kind = component.component_type();
    let plain = |name: &str| {
        let (name, version) = name.split_once('@').unwrap();
        assert!(version.starts_with("0.2."), "{name}: {version}");
        name.to_owned()
    };
    let exports: Vec<_> = kind.exports(&engine).map(|(name, _)| plain(name)).collect();
    assert_eq!(exports, ["wasi:http/incoming-handler"]);
    let imports = kind.imports(&engine).map(|(name, _)| plain(name));
    imports
        .filter(|name| !PROXY.contains(&name.as_str()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_a_proxy_of_wasi_http_and_imports_one_thing_more_for_secrets() {
    let mut config = config("http://proxy", &json!([trigger()]));
    config["values"] = json!({});
    let folder = Folder::of(&config);
    let plain = app(&folder.config(), &AppOptions::default()).await.unwrap();
    assert!(!plain.has_secrets);
    assert!(beyond_proxy(&plain.wasm).is_empty());

    let folder = Folder::of(&guarded("http://proxy", &json!({"env": "TOKEN"})));
    let app = app(&folder.config(), &from_environment()).await.unwrap();
    assert!(!app.has_secrets);
    assert_eq!(beyond_proxy(&app.wasm), ["wasi:cli/environment"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_stands_in_it_only_where_it_was_named() {
    let folder = Folder::of(&guarded("http://proxy", &json!({"file": "token"})));
    folder.write("token", SECRET);
    let contains = |wasm: &[u8]| {
        wasm.windows(SECRET.len())
            .any(|one| one == SECRET.as_bytes())
    };

    let none = AppOptions::default();
    let error = app(&folder.config(), &none).await.unwrap_err();
    assert!(matches!(&error, BakeError::SecretNotNamed(names) if names == &["token"]));
    assert_eq!(error.code(), "secret_not_named");
    // A file is not in the environment.
    let error = app(&folder.config(), &from_environment())
        .await
        .unwrap_err();
    assert_eq!(error.code(), "secret_not_named");

    let mut named = AppOptions::default();
    named.secrets = vec!["token".to_owned()];
    let made = app(&folder.config(), &named).await.unwrap();
    assert!(made.has_secrets && contains(&made.wasm));
    assert!(!format!("{made:?}").contains(SECRET));

    named.secrets.push("tokken".to_owned());
    let error = app(&folder.config(), &named).await.unwrap_err();
    assert_eq!(error.code(), "unknown_secret");
    std::fs::remove_file(folder.config().with_file_name("token")).unwrap();
    named.secrets.pop();
    let error = app(&folder.config(), &named).await.unwrap_err();
    assert_eq!(error.code(), "secret_unavailable");
}
