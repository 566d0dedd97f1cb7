//! `app.wasm`: a proxy for wasi:http, made of a baked publisher and the front, which holds
//! what the call says.

use std::{collections::BTreeSet, fmt, path::Path, time::Duration};

use action_triggers_config::{MOST_SECRET_BYTES, Problem};
use action_triggers_core::cluster::Origin;
use action_triggers_host::read_file;
use wasmtime::{
    Engine, Store,
    component::{Component, Linker},
};

use super::{
    baked::baked,
    bindings::{Front, setup},
    error::BakeError,
    image::{Image, Opened, STATE},
    sources::written,
};
use crate::{
    compose::{Parts, compose_app},
    parts::{FRONT, FRONT_WITH_ENVIRONMENT},
};

/// How `app.wasm` is made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AppOptions {
    /// How long a request may take until it is answered: 10 s by default.
    pub deadline: Duration,
    /// The secrets that are to stand in the file, by the names of their variables or
    /// the paths of their files, as the configuration writes them.
    pub secrets: Vec<String>,
    /// Whether the other ones come from the environment of whoever runs it, which is an
    /// import more.
    pub env_secrets: bool,
}

impl Default for AppOptions {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(10),
            secrets: Vec::new(),
            env_secrets: false,
        }
    }
}

/// A proxy for wasi:http.
#[derive(Clone)]
pub struct App {
    /// The component.
    pub wasm: Vec<u8>,
    /// Whether secrets stand in it.
    pub has_secrets: bool,
    /// What of the configuration is hardly meant.
    pub warnings: Vec<Problem>,
}

impl fmt::Debug for App {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("App")
            .field("bytes", &self.wasm.len())
            .field("has_secrets", &self.has_secrets)
            .field("warnings", &self.warnings)
            .finish()
    }
}

/// Makes a component of the world `wasi:http/proxy` that publishes by this configuration
/// what is posted to it. Takes seconds; must be called within a tokio runtime.
///
/// # Errors
///
/// As [`bake`](super::bake) fails; or a secret of the configuration is neither named nor
/// to come from the environment.
pub async fn app(config: &Path, options: &AppOptions) -> Result<App, BakeError> {
    let (baked, origins) = baked(config).await?;
    let folder = config.parent().unwrap_or(Path::new(""));
    let setup = setup(folder, &origins, options)?;
    let has_secrets = !setup.secrets.is_empty();
    let bytes = if options.env_secrets {
        FRONT_WITH_ENVIRONMENT
    } else {
        FRONT
    };
    let front = tokio::task::spawn_blocking(move || prepared(bytes, &setup)).await;
    let front = front.map_err(BakeError::failed)??;
    let parts = Parts {
        rules: &baked.rules,
        engine: &baked.engine,
        ..Parts::embedded()
    };
    Ok(App {
        wasm: compose_app(parts, &front)?,
        has_secrets,
        warnings: baked.warnings,
    })
}

/// Sorts the secrets of a configuration into those that are built in and those that are
/// read when it runs.
fn setup(
    folder: &Path,
    origins: &BTreeSet<Origin>,
    options: &AppOptions,
) -> Result<setup::Options, BakeError> {
    let mut setup = setup::Options {
        deadline_ms: u64::try_from(options.deadline.as_millis()).unwrap_or(u64::MAX),
        secrets: Vec::new(),
        variables: Vec::new(),
    };
    let mut unnamed = Vec::new();
    let mut known = Vec::new();
    for origin in origins {
        let name = match origin {
            Origin::Env(name) => name.clone(),
            Origin::File(path) => written(folder, path),
            _ => continue,
        };
        if options.secrets.contains(&name) {
            let value = value(origin, &name)?;
            setup.secrets.push(setup::Secret {
                name: name.clone(),
                value,
            });
        } else if options.env_secrets && matches!(origin, Origin::Env(_)) {
            setup.variables.push(name.clone());
        } else {
            unnamed.push(name.clone());
        }
        known.push(name);
    }
    if !unnamed.is_empty() {
        return Err(BakeError::SecretNotNamed(unnamed));
    }
    match options.secrets.iter().find(|name| !known.contains(name)) {
        Some(unknown) => Err(BakeError::UnknownSecret(unknown.clone())),
        None => Ok(setup),
    }
}

fn value(origin: &Origin, name: &str) -> Result<String, BakeError> {
    let value = match origin {
        Origin::Env(name) => std::env::var(name).map_err(|error| error.to_string()),
        Origin::File(path) => read_file(path, MOST_SECRET_BYTES)
            .map_err(|error| error.to_string())
            .and_then(|bytes| String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())),
        _ => Ok(String::new()),
    };
    value.map_err(|why| BakeError::SecretUnavailable {
        name: name.to_owned(),
        why,
    })
}

/// The front, holding what it is set up with.
fn prepared(front: &[u8], options: &setup::Options) -> Result<Vec<u8>, BakeError> {
    let opened = Opened::new(front)?;
    let wasm = Engine::default();
    let component = Component::new(&wasm, opened.bytes()).map_err(BakeError::failed)?;
    let mut store = Store::new(&wasm, ());
    // Whatever it asked for now would be in it for ever.
    let mut linker = Linker::new(&wasm);
    linker
        .define_unknown_imports_as_traps(&component)
        .map_err(BakeError::failed)?;
    let instance = linker.instantiate(&mut store, &component);
    let instance = instance.map_err(BakeError::failed)?;
    let front = Front::new(&mut store, &instance).map_err(BakeError::failed)?;
    front
        .action_triggers_edge_setup()
        .call_prepare(&mut store, options)
        .map_err(BakeError::failed)?;
    opened.holding(Image::of(&mut store, (&component, &instance), STATE)?)
}
