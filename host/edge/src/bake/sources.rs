//! The texts of a configuration, gathered while it is read.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use action_triggers_config::{ClusterFault, ConfigError, Configuration, Surroundings};
use action_triggers_core::{cluster::Cluster, rest::access, settings::Environment};
use action_triggers_host::read_file;

use super::bindings::types;

/// A configuration file and the files that it names, but for those of secrets.
pub(super) struct Sources {
    file: PathBuf,
    texts: Mutex<BTreeMap<PathBuf, String>>,
}

impl Sources {
    /// Reads a configuration file as a host without secrets does.
    pub(super) fn read(file: &Path) -> Result<(Configuration, Self), ConfigError> {
        let sources = Self {
            file: file.to_owned(),
            texts: Mutex::default(),
        };
        Ok((Configuration::read(file, None, &sources)?, sources))
    }

    /// What the publisher is to read: files have the names that the configuration
    /// writes, which is not told where it is.
    pub(super) fn for_the_publisher(self) -> types::Configuration {
        let mut texts = self.texts.into_inner();
        let texts = texts.as_mut().unwrap_or_else(|error| error.get_mut());
        let text = texts.remove(&self.file).unwrap_or_default();
        let folder = self.file.parent().unwrap_or(Path::new(""));
        let files = std::mem::take(texts)
            .into_iter()
            .map(|(path, text)| types::File {
                path: written(folder, &path),
                text,
            });
        let is_toml = self.file.extension().is_some_and(|ending| ending == "toml");
        types::Configuration {
            text,
            syntax: if is_toml {
                types::Syntax::Toml
            } else {
                types::Syntax::Json
            },
            files: files.collect(),
        }
    }
}

/// A path as the configuration in this folder writes it.
pub(super) fn written(folder: &Path, path: &Path) -> String {
    let written = path.strip_prefix(folder).unwrap_or(path);
    written.display().to_string()
}

impl Surroundings for Sources {
    fn read(&self, path: &Path, most: u64) -> io::Result<Vec<u8>> {
        let bytes = read_file(path, most)?;
        if let Ok(text) = str::from_utf8(&bytes) {
            let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
            texts.insert(path.to_owned(), text.to_owned());
        }
        Ok(bytes)
    }

    fn has_file(&self, path: &Path) -> bool {
        path.is_file()
    }

    fn read_secret(&self, _path: &Path) -> io::Result<Vec<u8>> {
        Ok(Vec::new())
    }

    fn secret_variable(&self, _name: &str) -> Option<String> {
        Some(String::new())
    }

    fn environment(&self) -> Arc<dyn Environment> {
        Arc::new(Nothing)
    }

    fn fault(&self, cluster: &Cluster) -> Option<ClusterFault> {
        let error = access::check(cluster).err()?;
        Some(ClusterFault {
            code: error.code(),
            message: error.to_string(),
        })
    }
}

/// Settings have their values at the start, not here.
struct Nothing;

impl Environment for Nothing {
    fn variable(&self, _name: &str) -> Option<String> {
        None
    }

    fn file(&self, path: &Path) -> Result<String, String> {
        Err(format!(
            "the file `{}` is read at the start",
            path.display()
        ))
    }
}
