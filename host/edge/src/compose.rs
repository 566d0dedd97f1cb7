//! Composes rules, engine and facade to one component without imports, and that with the
//! front to a proxy for wasi:http.
//!
//! The graph has ONE instance of the rules: the engine hands its records to it, and the
//! facade asks the same one what was handed over. A tool that plugs exports into imports
//! (`wac plug`) makes an instance for each plug; every check passes then, and every
//! record is lost. The rules compare both sides and refuse such a composition.

use action_triggers_host::EMBEDDED;
use wac_graph::{CompositionGraph, EncodeOptions, NodeId, PackageId, types::Package};

use super::parts::{FACADE, RULES};

const SETTINGS: &str = "action-triggers:engine/settings@0.2.0";
const KAFKA: &str = "action-triggers:engine/kafka@0.2.0";
const TRIGGERS: &str = "action-triggers:engine/triggers@0.2.0";
const TYPES: &str = "action-triggers:edge/types@0.1.0";
const DESK: &str = "action-triggers:edge/desk@0.1.0";
const PUBLISHER: &str = "action-triggers:edge/publisher@0.1.0";

/// What a host of wasi:http calls, of the version that the front is written for.
const HANDLER: &str = "wasi:http/incoming-handler@0.2.12";

/// The components do not fit together.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the components do not fit together: {0}")]
pub struct ComposeError(String);

fn failed(error: impl std::fmt::Display) -> ComposeError {
    ComposeError(format!("{error:#}"))
}

/// The components to be composed.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    /// What gives the engine its imports and delivers what it hands over.
    pub rules: &'a [u8],
    /// The engine, as every other host runs it.
    pub engine: &'a [u8],
    /// What drives both.
    pub facade: &'a [u8],
}

impl Parts<'static> {
    /// The parts that this crate was built with.
    pub fn embedded() -> Self {
        Self {
            rules: RULES,
            engine: EMBEDDED,
            facade: FACADE,
        }
    }
}

/// Composes `edge.wasm`.
///
/// # Errors
///
/// A part is not the component that it should be.
pub fn compose(parts: Parts<'_>) -> Result<Vec<u8>, ComposeError> {
    let mut graph = CompositionGraph::new();
    Nodes::of(&mut graph, parts)?.export(&mut graph)?;
    graph.encode(EncodeOptions::default()).map_err(failed)
}

/// The same of a rules and an engine that show their state by an export of this name. The
/// composition shows both, each under a name of its own.
pub(crate) fn compose_open(
    parts: Parts<'_>,
    state: &str,
    [rules, engine]: [&str; 2],
) -> Result<Vec<u8>, ComposeError> {
    let mut graph = CompositionGraph::new();
    let nodes = Nodes::of(&mut graph, parts)?;
    nodes.export(&mut graph)?;
    for (node, name) in [(nodes.rules, rules), (nodes.engine, engine)] {
        let state = alias(&mut graph, node, state)?;
        graph.export(state, name).map_err(failed)?;
    }
    graph.encode(EncodeOptions::default()).map_err(failed)
}

/// Composes a proxy for wasi:http of the publisher and the front, which drives it. What
/// the front imports of WASI the composition imports.
pub(crate) fn compose_app(parts: Parts<'_>, front: &[u8]) -> Result<Vec<u8>, ComposeError> {
    let mut graph = CompositionGraph::new();
    let nodes = Nodes::of(&mut graph, parts)?;
    let front = register(&mut graph, "action-triggers:front", front)?;
    let front = graph.instantiate(front);
    let needs = [(TYPES, nodes.types), (PUBLISHER, nodes.publisher)];
    give(&mut graph, front, &needs)?;
    let handler = alias(&mut graph, front, HANDLER)?;
    graph.export(handler, HANDLER).map_err(failed)?;
    graph.encode(EncodeOptions::default()).map_err(failed)
}

/// The three instances, each with what it needs of the others.
struct Nodes {
    rules: NodeId,
    engine: NodeId,
    types: NodeId,
    publisher: NodeId,
}

impl Nodes {
    fn of(graph: &mut CompositionGraph, parts: Parts<'_>) -> Result<Self, ComposeError> {
        let rules = register(graph, "action-triggers:rules", parts.rules)?;
        let engine = register(graph, "action-triggers:engine", parts.engine)?;
        let facade = register(graph, "action-triggers:facade", parts.facade)?;

        let rules = graph.instantiate(rules);
        let settings = alias(graph, rules, SETTINGS)?;
        let kafka = alias(graph, rules, KAFKA)?;
        let types = alias(graph, rules, TYPES)?;
        let desk = alias(graph, rules, DESK)?;

        let engine = graph.instantiate(engine);
        give(graph, engine, &[(SETTINGS, settings), (KAFKA, kafka)])?;
        let triggers = alias(graph, engine, TRIGGERS)?;

        let facade = graph.instantiate(facade);
        // Of `kafka` the facade needs the types that `triggers` uses.
        let needs = [
            (KAFKA, kafka),
            (TRIGGERS, triggers),
            (TYPES, types),
            (DESK, desk),
        ];
        give(graph, facade, &needs)?;
        Ok(Self {
            rules,
            engine,
            types,
            publisher: alias(graph, facade, PUBLISHER)?,
        })
    }

    fn export(&self, graph: &mut CompositionGraph) -> Result<(), ComposeError> {
        graph.export(self.types, TYPES).map_err(failed)?;
        graph.export(self.publisher, PUBLISHER).map_err(failed)
    }
}

fn register(
    graph: &mut CompositionGraph,
    name: &str,
    bytes: &[u8],
) -> Result<PackageId, ComposeError> {
    let package = Package::from_bytes(name, None, bytes, graph.types_mut()).map_err(failed)?;
    graph.register_package(package).map_err(failed)
}

fn alias(
    graph: &mut CompositionGraph,
    instance: NodeId,
    export: &str,
) -> Result<NodeId, ComposeError> {
    graph
        .alias_instance_export(instance, export)
        .map_err(failed)
}

fn give(
    graph: &mut CompositionGraph,
    instance: NodeId,
    arguments: &[(&str, NodeId)],
) -> Result<(), ComposeError> {
    for (name, argument) in arguments {
        graph
            .set_instantiation_argument(instance, name, *argument)
            .map_err(failed)?;
    }
    Ok(())
}
