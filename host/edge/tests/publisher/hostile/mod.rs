//! How much work a template gets out of the steps that it may take. Instructions of the
//! machine are counted, not time: they are the same on every machine.

pub(super) mod kinds;

use std::sync::OnceLock;

use serde_json::{Value, json};
use wasmtime::{Config, Engine, Instance, Memory, Module, Store, TypedFunc};

use self::kinds::{Kind, filters, kinds};
use super::caller::artefact;

/// Steps that a template may take here.
const STEPS: u64 = 50_000;
/// Most instructions that a template may get out of a step. Most kinds get about 1,000.
const MOST: u64 = 3_000;

/// The module, compiled so that its instructions are counted.
fn compiled() -> &'static Module {
    static MODULE: OnceLock<Module> = OnceLock::new();
    MODULE.get_or_init(|| {
        let mut config = Config::new();
        config.consume_fuel(true);
        let engine = Engine::new(&config).unwrap();
        Module::new(&engine, artefact("engine.core.wasm")).unwrap()
    })
}

/// A fresh instance of the core module.
struct Counted {
    store: Store<()>,
    memory: Memory,
    alloc: TypedFunc<i32, i32>,
    call: TypedFunc<(), i64>,
}

impl Counted {
    fn new() -> Self {
        let module = compiled();
        let mut store = Store::new(module.engine(), ());
        store.set_fuel(u64::MAX).unwrap();
        let instance = Instance::new(&mut store, module, &[]).unwrap();
        Self {
            memory: instance.get_memory(&mut store, "memory").unwrap(),
            alloc: instance.get_typed_func(&mut store, "alloc").unwrap(),
            call: instance.get_typed_func(&mut store, "call").unwrap(),
            store,
        }
    }

    /// The answer to a call, and the instructions that it took.
    fn ask(&mut self, call: &Value) -> (Value, u64) {
        let text = call.to_string();
        let length = i32::try_from(text.len()).unwrap();
        let place = self.alloc.call(&mut self.store, length).unwrap();
        let place = usize::try_from(place.cast_unsigned()).unwrap();
        let written = self.memory.write(&mut self.store, place, text.as_bytes());
        written.unwrap();
        let before = self.store.get_fuel().unwrap();
        let answer = self.call.call(&mut self.store, ()).unwrap().cast_unsigned();
        let took = before - self.store.get_fuel().unwrap();
        let place = usize::try_from(answer >> 32).unwrap();
        let length = usize::try_from(answer & u64::from(u32::MAX)).unwrap();
        let answer = &self.memory.data(&self.store)[place..place + length];
        (serde_json::from_slice(answer).unwrap(), took)
    }
}

/// The code that a template fails with, and the instructions that it took.
fn run(payload: &str, event: &str, steps: u64) -> (String, u64) {
    let mut instance = Counted::new();
    let set = json!([{
        "config_signals": ["post_save"],
        "content_types": ["shop.sale"],
        "msg_broker_queues": [{"name": "kafka", "parameters": {"topic": "sales"}}],
        "payload": [payload],
    }]);
    let limits = json!({"fuel": steps, "call_fuel": 1_000_000_000, "output_bytes": 1 << 30});
    let load = json!({"load": {"set": set.to_string(), "limits": limits}});
    let (loaded, _) = instance.ask(&load);
    assert!(loaded.get("ok").is_some(), "{payload}: {loaded}");
    let process = json!({"process": {"events": [{"text": event, "id": "e"}]}});
    let (answer, took) = instance.ask(&process);
    let code = answer["ok"][0]["done"][0]["failure"]["code"].as_str();
    (code.map_or_else(|| answer.to_string(), str::to_owned), took)
}

/// What a kind fails with, and the instructions that it gets out of a step.
fn measured(kind: &Kind) -> (String, u64) {
    let event = kind.event();
    // Reading an event and its values is done once, and bounded by its size.
    let (_, reading) = run(&kind.reading(), &event, 1_000_000_000);
    let (code, took) = run(&kind.payload, &event, STEPS);
    (code, took.saturating_sub(reading) / STEPS)
}

#[test]
fn no_kind_of_template_gets_much_work_out_of_its_steps() {
    let mut all = Vec::new();
    for kind in kinds() {
        let (code, work) = measured(&kind);
        assert_eq!(code, "template_out_of_fuel", "{}", kind.name);
        all.push((work, kind.name));
    }
    for kind in filters() {
        // Some filters refuse some values.
        let (_, work) = measured(&kind);
        all.push((work, kind.name));
    }
    all.sort();
    println!("most instructions for each step: {:?}", all.last());
    let much: Vec<_> = all.iter().filter(|(work, _)| *work > MOST).collect();
    assert!(much.is_empty(), "instructions for each step: {much:?}");
}
