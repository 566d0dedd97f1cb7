//! Composes rules, engine and facade to one component without imports.
//!
//! The graph has ONE instance of the rules: the engine hands its records to it, and the
//! facade asks the same one what was handed over. A tool that plugs exports into imports
//! (`wac plug`) makes an instance for each plug; every check passes then, and every
//! record is lost. The rules compare both sides and refuse such a composition.

use wac_graph::{CompositionGraph, EncodeOptions, PackageId, types::Package};

const SETTINGS: &str = "action-triggers:engine/settings@0.2.0";
const KAFKA: &str = "action-triggers:engine/kafka@0.2.0";
const TRIGGERS: &str = "action-triggers:engine/triggers@0.2.0";
const TYPES: &str = "action-triggers:edge/types@0.1.0";
const DESK: &str = "action-triggers:edge/desk@0.1.0";
const PUBLISHER: &str = "action-triggers:edge/publisher@0.1.0";

/// The three components do not fit together.
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

/// Composes `edge.wasm`.
///
/// # Errors
///
/// A part is not the component that it should be.
pub fn compose(parts: Parts<'_>) -> Result<Vec<u8>, ComposeError> {
    let mut graph = CompositionGraph::new();
    let rules = register(&mut graph, "action-triggers:rules", parts.rules)?;
    let engine = register(&mut graph, "action-triggers:engine", parts.engine)?;
    let facade = register(&mut graph, "action-triggers:facade", parts.facade)?;

    let rules = graph.instantiate(rules);
    let [settings, kafka, types, desk] =
        [SETTINGS, KAFKA, TYPES, DESK].map(|name| graph.alias_instance_export(rules, name));
    let (settings, kafka) = (settings.map_err(failed)?, kafka.map_err(failed)?);
    let (types, desk) = (types.map_err(failed)?, desk.map_err(failed)?);

    let engine = graph.instantiate(engine);
    for (name, argument) in [(SETTINGS, settings), (KAFKA, kafka)] {
        graph
            .set_instantiation_argument(engine, name, argument)
            .map_err(failed)?;
    }
    let triggers = graph
        .alias_instance_export(engine, TRIGGERS)
        .map_err(failed)?;

    let facade = graph.instantiate(facade);
    // Of `kafka` the facade needs the types that `triggers` uses.
    for (name, argument) in [
        (KAFKA, kafka),
        (TRIGGERS, triggers),
        (TYPES, types),
        (DESK, desk),
    ] {
        graph
            .set_instantiation_argument(facade, name, argument)
            .map_err(failed)?;
    }
    let publisher = graph
        .alias_instance_export(facade, PUBLISHER)
        .map_err(failed)?;
    graph.export(types, TYPES).map_err(failed)?;
    graph.export(publisher, PUBLISHER).map_err(failed)?;
    graph.encode(EncodeOptions::default()).map_err(failed)
}

fn register(
    graph: &mut CompositionGraph,
    name: &str,
    bytes: &[u8],
) -> Result<PackageId, ComposeError> {
    let package = Package::from_bytes(name, None, bytes, graph.types_mut()).map_err(failed)?;
    graph.register_package(package).map_err(failed)
}
