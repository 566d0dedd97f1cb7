//! `app.wasm` as a file: which secrets stand in it, and how large it grows.

use action_triggers_edge::{AppOptions, BakeError, app};
use action_triggers_host::EMBEDDED;
use serde_json::{Value, json};
use wasmparser::{Parser, Payload};

use super::{
    baked::Folder,
    caller::artefact,
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

/// The most pages of each memory in a component.
fn bounds(wasm: &[u8]) -> Vec<Option<u64>> {
    let payloads = Parser::new(0).parse_all(wasm).map(Result::unwrap);
    let memories = payloads.filter_map(|payload| match payload {
        Payload::MemorySection(memories) => Some(memories),
        _ => None,
    });
    let memories = memories.flat_map(|memories| memories.into_iter().map(Result::unwrap));
    memories.map(|memory| memory.maximum).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_module_of_a_component_has_a_bounded_memory() {
    let folder = Folder::of(&guarded("http://proxy", &json!({"env": "TOKEN"})));
    let app = app(&folder.config(), &from_environment()).await.unwrap();
    let pages = Some(256 << 4);
    assert_eq!(bounds(EMBEDDED), [pages]);
    assert_eq!(bounds(&artefact("edge.wasm")), [pages; 3]);
    assert_eq!(bounds(&app.wasm), [pages; 4]);
}
