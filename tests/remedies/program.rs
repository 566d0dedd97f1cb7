//! Remedies for what keeps a command or a runtime from starting.

use std::{
    fs,
    net::TcpListener,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use action_triggers_host::{
    Broker, Builder, Cluster, Component, Config, Event, Runtime, Settings, Signal,
};
use serde_json::json;

use super::cases::good;
use crate::{
    cli::support::{Place, Running, binary, code, config, sale},
    configured::quick,
};

/// Area and code of what is raised here and whose remedies are followed.
pub(super) fn codes() -> impl Iterator<Item = (&'static str, &'static str)> {
    let apart = [
        ("Configurations", "invalid_config"),
        ("The program", "needs_start"),
        ("The program", "events_unreadable"),
        ("The program", "file_not_written"),
        ("The program", "cannot_listen"),
        ("The program", "output_failed"),
    ];
    let built = BUILT.iter().map(|built| (built.area, built.code));
    built.chain(apart)
}

/// What a builder is given that keeps it from building, and what is right.
struct Built {
    area: &'static str,
    code: &'static str,
    wrong: fn(Builder) -> Builder,
    right: fn(Builder) -> Builder,
}

const BUILT: &[Built] = &[
    Built {
        area: "Configurations",
        code: "duplicate_broker",
        wrong: |builder| builder.brokers(["kafka_1", "kafka_1"].map(broker)),
        right: |builder| builder.brokers(["kafka_1", "kafka_2"].map(broker)),
    },
    Built {
        area: "Configurations",
        code: "duplicate_cluster",
        wrong: |builder| builder.clusters([cluster(), cluster()]),
        right: |builder| builder.clusters([cluster()]),
    },
    Built {
        area: "Configurations",
        code: "zero_timeout",
        wrong: |builder| builder.max_broker_timeout(Some(Duration::ZERO)),
        right: |builder| builder.max_broker_timeout(None),
    },
    Built {
        area: "The program",
        code: "component_unreadable",
        wrong: |builder| builder.component(Component::File("nothing.wasm".into())),
        right: |builder| builder.component(Component::Embedded),
    },
    Built {
        area: "The program",
        code: "invalid_component",
        wrong: |builder| builder.component(Component::Bytes(b"\0asm".into())),
        right: |builder| builder.component(Component::Embedded),
    },
    Built {
        area: "The program",
        code: "invalid_triggers",
        wrong: |builder| builder.triggers("no JSON"),
        right: |builder| builder.triggers("[]"),
    },
];

fn broker(name: &str) -> Broker {
    Broker::kafka(name).bootstrap_servers("k:1").topic("sales")
}

fn cluster() -> Cluster {
    Cluster::new("k:1", "http://127.0.0.1:9".parse().unwrap())
}

#[tokio::test]
async fn what_a_remedy_says_of_a_builder_helps() {
    for built in BUILT {
        let refused = (built.wrong)(quick(Runtime::builder())).build().await;
        assert_eq!(
            refused.map_err(|error| error.code()).err(),
            Some(built.code)
        );
        let right = (built.right)(quick(Runtime::builder())).build().await;
        assert!(right.is_ok(), "{}: {:?}", built.code, right.err());
    }
}

#[tokio::test]
async fn a_limit_that_a_reload_cannot_raise_is_raised_by_a_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.json");
    let mut larger = good();
    larger["limits"] = json!({"stack_bytes": 8 << 20});
    fs::write(&file, larger.to_string()).unwrap();
    let larger = || quick(Config::read(&file, None).unwrap().builder());
    let running = quick(Runtime::builder()).build().await.unwrap();
    let refused = running.reload(larger()).await;
    assert_eq!(refused.map_err(|error| error.code()), Err("needs_start"));
    drop(running);
    larger().build().await.unwrap();
}

#[tokio::test]
async fn a_setting_whose_own_code_panics_stops_no_other_event_and_is_corrected() {
    let is_corrected = Arc::new(AtomicBool::new(false));
    let corrected = Arc::clone(&is_corrected);
    let topic = move || {
        assert!(corrected.load(Ordering::Relaxed), "not yet");
        Ok("sales".into())
    };
    let settings = Settings::builder()
        .closure("a.topic", topic)
        .allow("a.topic")
        .build();
    let set = good()["triggers"].clone();
    let mut named = set[0].clone();
    named["content_types"] = json!(["shop.named"]);
    named["msg_broker_queues"][0]["parameters"] = json!({"topic": "{{ a.topic }}"});
    let mut fixed = set[0].clone();
    fixed["msg_broker_queues"][0]["parameters"] = json!({"topic": "sales"});
    let runtime = quick(Runtime::builder())
        .settings(settings)
        .brokers([Broker::kafka("kafka_1").bootstrap_servers("k:1")])
        .clusters([cluster()])
        .triggers(json!([named, fixed]).to_string())
        .build()
        .await
        .unwrap();
    let code = async |content_type| {
        let event = Event::new("e", Signal::PostSave, content_type, r#"{"id": 7}"#);
        let outcome = runtime.process(event).await.remove(0).outcome;
        outcome.map_err(|failure| failure.code().to_owned()).err()
    };
    assert_eq!(code("shop.named").await.as_deref(), Some("engine_stopped"));
    assert_eq!(code("shop.sale").await, None);
    is_corrected.store(true, Ordering::Relaxed);
    assert_eq!(code("shop.named").await, None);
}

#[test]
fn a_configuration_whose_errors_are_corrected_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.json");
    let mut config = good();
    config["outbox"] = json!({"messages": 0, "bytes": "many"});
    fs::write(&file, config.to_string()).unwrap();
    let error = Config::read(&file, None).unwrap_err();
    assert_eq!(
        (error.code(), error.problems().len()),
        ("invalid_config", 2)
    );
    config["outbox"] = json!({"messages": 1});
    fs::write(&file, config.to_string()).unwrap();
    Config::read(&file, None).unwrap();
}

/// Calls a command that fails for this, and says what it tells.
fn refused(mut command: Command, expected: &str) {
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains(expected), "{expected}: {told}");
    assert_ne!(code(&output), 0, "{told}");
}

fn succeeds(mut command: Command) {
    let output = command.output().unwrap();
    assert_eq!(code(&output), 0, "{output:?}");
}

#[test]
fn a_path_that_is_corrected_is_read_and_written() {
    let place = Place::new(&config("http://127.0.0.1:9"));
    let render = || {
        let mut render = place.command("render");
        render.arg("events.ndjson");
        render
    };
    refused(render(), "events_unreadable");
    place.write("events.ndjson", sale("1"));
    succeeds(render());

    #[cfg(target_os = "linux")]
    {
        let mut full = render();
        full.stdout(fs::File::create("/dev/full").unwrap());
        let mut child = full.stderr(std::process::Stdio::piped()).spawn().unwrap();
        let mut told = String::new();
        std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut told).unwrap();
        assert!(told.contains("output_failed"), "{told}");
        assert!(!child.wait().unwrap().success());
    }

    place.write("taken", "");
    let component = |folder: &str| {
        let mut component = binary();
        component.args(["component", "-o"]).arg(place.path(folder));
        component
    };
    refused(component("taken"), "file_not_written");
    succeeds(component("free"));
}

#[cfg(unix)]
#[test]
fn another_port_can_be_listened_on() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = |address: &str| {
        let mut proxy = binary();
        proxy.args(["dev-proxy", "--listen", address]);
        proxy
    };
    refused(
        proxy(&taken.local_addr().unwrap().to_string()),
        "cannot_listen",
    );
    let mut running = Running::start(proxy("127.0.0.1:0"));
    assert!(
        running
            .line()
            .is_some_and(|line| line.contains("http://127.0.0.1:"))
    );
    running.signal("-TERM");
    running.status();
}
