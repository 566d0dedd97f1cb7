//! Components with a configuration loaded ahead: what they hold, what they do not, and
//! who takes them.

use std::path::Path;

use action_triggers_edge::{AppOptions, BakeError, Baked, app, bake, components};
use action_triggers_host::{
    BuildError, Component, Config, EMBEDDED, Events, Problem, Runtime, StartError,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use wasmparser::{Operator, Parser, Payload};

use super::{
    caller::{Caller, artefact},
    delivery::{proxy, sale},
    start::{config, trigger},
};

/// What no component may have in it.
const CANARY: &str = "s3cr3t-c4n4ry";

/// A folder with a configuration.
pub(super) struct Folder(TempDir);

impl Folder {
    pub(super) fn of(config: &Value) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("config.json", &config.to_string());
        folder
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.path().join(name), text).unwrap();
    }

    pub(super) fn config(&self) -> std::path::PathBuf {
        self.0.path().join("config.json")
    }

    pub(super) async fn baked(&self) -> Baked {
        bake(&self.config()).await.unwrap()
    }
}

/// So many triggers of the usual kind: a condition, a payload of several templates.
pub(super) fn many(count: usize) -> Value {
    let one = |number: usize| {
        let mut trigger = trigger();
        trigger["name"] = json!(format!("sold_{number}"));
        trigger["content_types"] = json!([format!("shop.model{number}")]);
        trigger["when"] = json!("quantity > 3 and customer.country == 'AT'");
        trigger["payload"] = json!({
            "customer": "{{ customer.name|upper }}",
            "text": "{% for one in items %}{{ one.name }}: {{ one.price|floatformat:2 }} {% endfor %}",
            "quantity": "{{ quantity }}",
            "number": number,
        });
        trigger
    };
    (0..count).map(one).collect()
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

async fn runtime(engine: &[u8], file: &Path) -> Result<Runtime, BuildError> {
    let config = Config::read(file, None).unwrap();
    let component = Component::Bytes(engine.to_vec());
    config.builder().component(component).build().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_baked_publisher_is_started_with_its_secrets_and_publishes() {
    let proxy = proxy().await;
    let mut config = config(&proxy.url(), &json!("sets/triggers.json"));
    config["clusters"]["a:9092"]["auth"] = json!({"bearer": {"env": "TOKEN"}});
    config["clusters"]["a:9092"]["headers"] = json!({"X-Key": {"file": "key"}});
    let folder = Folder::of(&config);
    std::fs::create_dir(folder.0.path().join("sets")).unwrap();
    folder.write("sets/triggers.json", &json!([trigger()]).to_string());
    folder.write("key", CANARY);
    let baked = folder.baked().await;
    let engine = wasmtime::Engine::default();
    let component = wasmtime::component::Component::new(&engine, &baked.edge).unwrap();
    let mut caller = Caller::of(&engine, &component).unwrap();
    assert_eq!(
        caller.process(&[sale("1")]).unwrap_err().code,
        "not_started"
    );
    let problems = caller.start(&[("TOKEN", CANARY)]).unwrap_err();
    assert_eq!(problems[0].code, "secret_unavailable");
    caller.start(&[("TOKEN", CANARY), ("key", CANARY)]).unwrap();
    let step = caller.process(&[sale("1")]).unwrap().step;
    let authorization = ("authorization".to_owned(), format!("Bearer {CANARY}"));
    assert!(step.requests[0].headers.contains(&authorization));
    let reports = caller.deliver(step).await;
    assert!(reports[0].outcome.is_ok(), "{reports:?}");
    assert_eq!(proxy.records("sales").len(), 1);
    // Another configuration is for another component.
    let problems = caller.configure(&config.to_string()).unwrap_err();
    assert_eq!(problems[0].code, "already_configured");
}

/// The only test that changes the environment of this process, for a name of its own.
#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_in_what_is_baked() {
    let mut config = config("http://proxy", &json!([trigger()]));
    // Whatever cargo set stands for a secret of whoever bakes.
    config["clusters"]["a:9092"]["auth"] =
        json!({"basic": {"username": "u", "password": {"env": "CARGO_MANIFEST_DIR"}}});
    config["clusters"]["a:9092"]["headers"] = json!({"X-Key": {"file": "key"}});
    config["values"] =
        json!({"shop.TOPIC": {"env": "CARGO_MANIFEST_DIR"}, "shop.KEY": {"file": "key"}});
    let folder = Folder::of(&config);
    folder.write("key", CANARY);
    let baked = folder.baked().await;
    let secrets = [CANARY, env!("CARGO_MANIFEST_DIR")];
    for bytes in [&baked.engine, &baked.edge] {
        for secret in secrets {
            assert!(!contains(bytes, secret), "{secret}");
        }
        assert!(contains(bytes, "sold"), "the triggers are not in it");
    }
    // Nor where it is that was baked.
    let place = folder.0.path().display().to_string();
    assert!(!contains(&baked.edge, &place));
    assert_eq!(folder.baked().await.edge, baked.edge);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_configuration_is_not_baked_and_tells_all_its_faults() {
    let mut wrong = [trigger(), trigger()];
    wrong[0]["payload"] = json!("{{ a|uper }}");
    wrong[1]["name"] = json!("other");
    wrong[1]["config_signals"] = json!(["post_sav"]);
    let folder = Folder::of(&config("http://proxy", &json!(wrong)));
    let Err(BakeError::Config(error)) = bake(&folder.config()).await else {
        panic!("it was baked")
    };
    let told: Vec<_> = error.problems().iter().map(Problem::code).collect();
    assert_eq!(told, ["template_unknown_filter", "unknown_signal"]);
    let shown = format!("{:#}", error.problems()[0]);
    assert!(shown.contains("config.json"), "{shown}");
    assert!(shown.contains("^^^^"), "{shown}");

    let folder = Folder::of(&json!({"text_encoding": "jsn", "clusters": {"a": {}}}));
    let error = bake(&folder.config()).await.unwrap_err();
    assert_eq!(error.code(), "invalid_config");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_baked_engine_for_other_brokers_is_refused_until_it_is_baked_again() {
    let good = config("http://proxy", &json!([trigger()]));
    let folder = Folder::of(&good);
    let baked = folder.baked().await;
    assert!(baked.warnings.is_empty(), "{:?}", baked.warnings);
    let taken = runtime(&baked.engine, &folder.config()).await.unwrap();
    assert_eq!(taken.loaded().triggers.len(), 1);
    let rendered = taken.render(Events::ndjson(sale("1"))).await;
    let plain = runtime(EMBEDDED, &folder.config()).await.unwrap();
    let expected = plain.render(Events::ndjson(sale("1"))).await;
    assert_eq!(format!("{rendered:?}"), format!("{expected:?}"));
    assert!(format!("{rendered:?}").contains("sales"), "{rendered:?}");

    let changes = [
        (
            "brokers",
            "/ACTION_TRIGGERS/brokers/kafka/params",
            json!({"topic": "t"}),
        ),
        ("limits", "/limits", json!({"trigger_fuel": 7})),
        ("triggers", "/triggers", json!([])),
    ];
    for (what, place, value) in changes {
        let mut other = good.clone();
        let (parent, member) = place.rsplit_once('/').unwrap();
        other.pointer_mut(parent).unwrap()[member] = value;
        let folder = Folder::of(&other);
        let error = runtime(&baked.engine, &folder.config()).await.err();
        let Some(BuildError::Start(error @ StartError::Baked { .. })) = error else {
            panic!("{what}: {error:?}")
        };
        assert_eq!(error.code(), "baked_mismatch");
        assert!(error.to_string().contains(what), "{error}");
        if what == "brokers" {
            let again = folder.baked().await;
            assert!(runtime(&again.engine, &folder.config()).await.is_ok());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runtime_without_triggers_of_its_own_takes_those_that_were_baked() {
    let folder = Folder::of(&json!({"triggers": [trigger()]}));
    let baked = folder.baked().await;
    let component = Component::Bytes(baked.engine);
    let runtime = Runtime::builder().component(component).build().await;
    assert_eq!(&*runtime.unwrap().loaded().triggers[0].name, "sold");
}

/// The sizes of what is made of so many triggers.
async fn sizes(count: usize) -> [(&'static str, usize); 3] {
    let mut config = config("http://proxy", &many(count));
    config["values"] = json!({});
    let folder = Folder::of(&config);
    let baked = folder.baked().await;
    let app = app(&folder.config(), &AppOptions::default()).await.unwrap();
    [
        ("engine.wasm", baked.engine.len()),
        ("edge.wasm", baked.edge.len()),
        ("app.wasm", app.wasm.len()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trigger_takes_five_kilobytes_at_most() {
    let [one, many] = [sizes(1).await, sizes(201).await];
    for ((file, one), (_, many)) in one.into_iter().zip(many) {
        let each = (many - one) / 200;
        println!("{file}: {each} bytes for each trigger");
        assert!(each <= 5_000, "{file}: {each}");
    }
    // What a memory holds without any.
    assert!(one[0].1 <= EMBEDDED.len() + 100_000, "{one:?}");
    assert!(one[1].1 <= artefact("edge.wasm").len() + 200_000, "{one:?}");
}

/// What wizer cannot put down. It refuses a component that has it; here it has a name.
#[test]
fn no_component_changes_its_tables_or_drops_its_data() {
    let mut functions = 0;
    for file in components().unwrap() {
        if !Parser::is_component(&file.bytes) || !file.name.ends_with(".wasm") {
            continue;
        }
        for payload in Parser::new(0).parse_all(&file.bytes) {
            let Payload::CodeSectionEntry(body) = payload.unwrap() else {
                continue;
            };
            functions += 1;
            for operator in body.get_operators_reader().unwrap() {
                let operator = operator.unwrap();
                let is_lost = matches!(
                    operator,
                    Operator::TableSet { .. }
                        | Operator::TableGrow { .. }
                        | Operator::TableFill { .. }
                        | Operator::TableCopy { .. }
                        | Operator::TableInit { .. }
                        | Operator::DataDrop { .. }
                        | Operator::ElemDrop { .. }
                );
                assert!(!is_lost, "{}: {operator:?}", file.name);
            }
        }
    }
    assert!(functions > 1_000, "{functions}");
}
