//! A host in Rust with nothing but wasmtime: its bindings are made from `wit/`, the
//! component is a file. It knows no crate of this project.

use std::path::Path;

use wasmtime::{
    Config, Engine, Error, Result, Store,
    component::{Component, HasSelf, Linker},
};

use self::bindings::{
    ActionTriggers,
    action_triggers::engine::{kafka, settings},
    exports::action_triggers::engine::triggers::{Decision, Input, Limits},
};

#[allow(
    clippy::all,
    clippy::pedantic,
    reason = "generated; documented in wit/"
)]
mod bindings {
    wasmtime::component::bindgen!({ path: "../../wit", world: "action-triggers" });
}

const TRIGGERS: &str = r#"[{
    "config_signals": ["post_save"],
    "content_types": ["shop.sale"],
    "msg_broker_queues": [{
        "name": "kafka_1",
        "conn_details": {"bootstrap_servers": "localhost:9092"},
        "parameters": {"topic": "{{ shop.settings.TOPIC }}"},
        "record": {"key": "{{ id }}"}
    }],
    "payload": "{\"customer\": \"{{ customer }}\", \"price\": {{ price }}}"
}]"#;
const SALE: &str = r#"{"signal": "post_save", "content_type": "shop.sale",
    "instance": {"id": 7, "customer": "Alice", "price": "10.50"}}"#;

/// What the component may ask of this host, and what it published.
#[derive(Default)]
struct Host {
    published: Vec<kafka::Message>,
}

impl settings::Host for Host {
    fn get(&mut self, path: String) -> Result<String, settings::SettingsError> {
        match &*path {
            "shop.settings.TOPIC" => Ok(r#""sales""#.into()),
            _ => Err(settings::SettingsError::NotAllowed),
        }
    }
}

impl kafka::Host for Host {
    fn publish(&mut self, message: kafka::Message) -> Result<kafka::Receipt, kafka::PublishError> {
        let number = u32::try_from(self.published.len()).unwrap();
        self.published.push(message);
        Ok(kafka::Receipt { number })
    }
}

/// Lets one sale be saved, and says what was published: topic, key and value.
pub(super) fn publish_a_sale(component: &Path) -> Result<Vec<String>> {
    let engine = Engine::new(&Config::new())?;
    let component = Component::from_file(&engine, component)?;
    let mut linker = Linker::new(&engine);
    ActionTriggers::add_to_linker::<_, HasSelf<_>>(&mut linker, |host: &mut Host| host)?;
    let mut store = Store::new(&engine, Host::default());
    let instance = ActionTriggers::instantiate(&mut store, &component, &linker)?;
    let triggers = instance.action_triggers_engine_triggers();
    let limits = Limits {
        fuel: 1_000_000,
        call_fuel: 20_000_000,
        output_bytes: 2 << 20,
        records: 10_000,
        depth: 128,
        content_types: Vec::new(),
    };
    let brokers = [kafka::Broker {
        name: "kafka_1".into(),
        conn_details: Vec::new(),
        parameters: Vec::new(),
        topics: Vec::new(),
    }];
    triggers
        .call_load(&mut store, TRIGGERS, &brokers, &limits)?
        .map_err(|refusal| Error::msg(format!("refused: {:?}", refusal.diagnostics)))?;
    let event = Input {
        text: SALE.into(),
        id: "e1".into(),
    };
    for outcome in triggers.call_process(&mut store, &[event])? {
        let Decision::Done(publications) = outcome.decision else {
            return Err(Error::msg(format!("not decided: {:?}", outcome.decision)));
        };
        for publication in publications {
            publication
                .receipt
                .map_err(|failure| Error::msg(failure.message))?;
        }
    }
    Ok(store.data().published.iter().map(shown).collect())
}

fn shown(message: &kafka::Message) -> String {
    let destination = message.destination.as_ref().unwrap();
    let parameters: serde_json::Value = serde_json::from_str(&destination.parameters).unwrap();
    let topic = parameters["topic"].as_str().unwrap();
    let key = message.key.as_deref().unwrap_or_default();
    let kafka::Payload::Json(value) = &message.value else {
        panic!("not JSON: {:?}", message.value);
    };
    format!("{topic} {key} {value}")
}
