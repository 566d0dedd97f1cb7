//! The composition that every check passes and that loses every record.

use action_triggers_edge::Parts;
use serde_json::json;
use wac_graph::{CompositionGraph, EncodeOptions, NodeId, types::Package};
use wasmtime::{Engine, component::Component};

use super::{
    caller::Caller,
    delivery::sale,
    start::{config, trigger},
};

const SETTINGS: &str = "action-triggers:engine/settings@0.2.0";
const KAFKA: &str = "action-triggers:engine/kafka@0.2.0";
const TRIGGERS: &str = "action-triggers:engine/triggers@0.2.0";
const TYPES: &str = "action-triggers:edge/types@0.1.0";
const DESK: &str = "action-triggers:edge/desk@0.1.0";
const PUBLISHER: &str = "action-triggers:edge/publisher@0.1.0";

/// An instance of the component, with each of these from where it is exported.
fn instance(
    graph: &mut CompositionGraph,
    (name, bytes): (&str, &[u8]),
    needs: &[(NodeId, &str)],
) -> NodeId {
    let package = Package::from_bytes(name, None, bytes, graph.types_mut()).unwrap();
    let package = graph.register_package(package).unwrap();
    let instance = graph.instantiate(package);
    for (from, name) in needs {
        let given = graph.alias_instance_export(*from, name).unwrap();
        graph
            .set_instantiation_argument(instance, name, given)
            .unwrap();
    }
    instance
}

/// What `wac plug` makes: whoever needs the rules has an instance of its own of them.
fn plugged() -> Vec<u8> {
    let parts = Parts::embedded();
    let mut graph = CompositionGraph::new();
    let of_engine = instance(&mut graph, ("test:rules-of-engine", parts.rules), &[]);
    let of_facade = instance(&mut graph, ("test:rules-of-facade", parts.rules), &[]);
    let engine = ("test:engine", parts.engine);
    let needs = [(of_engine, SETTINGS), (of_engine, KAFKA)];
    let engine = instance(&mut graph, engine, &needs);
    let facade = ("test:facade", parts.facade);
    let needs = [
        (of_facade, KAFKA),
        (engine, TRIGGERS),
        (of_facade, TYPES),
        (of_facade, DESK),
    ];
    let facade = instance(&mut graph, facade, &needs);
    for (from, name) in [(of_facade, TYPES), (facade, PUBLISHER)] {
        let export = graph.alias_instance_export(from, name).unwrap();
        graph.export(export, name).unwrap();
    }
    graph.encode(EncodeOptions::default()).unwrap()
}

#[test]
fn a_publisher_composed_of_two_rules_says_that_it_is_composed_wrongly() {
    let wasm = Engine::default();
    let component = Component::new(&wasm, plugged()).unwrap();
    let mut caller = Caller::of(&wasm, &component).unwrap();
    let config = config("http://proxy", &json!([trigger()])).to_string();
    caller.configure(&config).unwrap();
    caller.start(&[]).unwrap();
    let misuse = caller.process(&[sale("1")]).unwrap_err();
    assert_eq!(misuse.code, "wrong_composition");
    assert!(misuse.message.contains("no other instance"), "{misuse:?}");
}
