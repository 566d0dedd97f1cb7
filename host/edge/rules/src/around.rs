//! What a configuration finds around it where there are no files and no variables:
//! what the caller hands in.

use std::{
    collections::BTreeMap,
    fmt, io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use action_triggers_config::{ClusterFault, Surroundings};
use action_triggers_core::{
    cluster::{Cluster, Origin},
    rest::access,
    settings::{Environment, without_line_break},
};

/// The files that a configuration names, and no secret: those come later.
pub(crate) struct Around {
    pub(crate) files: BTreeMap<PathBuf, String>,
    pub(crate) given: Arc<Given>,
}

impl Surroundings for Around {
    fn read(&self, path: &Path, _most: u64) -> io::Result<Vec<u8>> {
        match self.files.get(path) {
            Some(text) => Ok(text.as_bytes().to_vec()),
            None => Err(io::Error::new(
                io::ErrorKind::NotFound,
                "it is not among the files that were given",
            )),
        }
    }

    fn has_file(&self, path: &Path) -> bool {
        self.files.contains_key(path)
    }

    fn read_secret(&self, _path: &Path) -> io::Result<Vec<u8>> {
        Ok(Vec::new())
    }

    fn secret_variable(&self, _name: &str) -> Option<String> {
        Some(String::new())
    }

    fn environment(&self) -> Arc<dyn Environment> {
        Arc::<Given>::clone(&self.given)
    }

    fn fault(&self, cluster: &Cluster) -> Option<ClusterFault> {
        let error = access::check(cluster).err()?;
        Some(ClusterFault {
            code: error.code(),
            message: error.to_string(),
        })
    }
}

/// Secrets by the name of their variable or the path of their file, once they are
/// known. `Debug` shows none.
#[derive(Default)]
pub(crate) struct Given(RwLock<BTreeMap<String, String>>);

impl Given {
    pub(crate) fn replace(&self, secrets: BTreeMap<String, String>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = secrets;
    }

    /// The secret from there.
    pub(crate) fn secret(&self, origin: &Origin) -> Option<String> {
        match origin {
            Origin::Env(name) => self.get(name),
            Origin::File(path) => self.get(&path.display().to_string()),
            _ => None,
        }
    }

    fn get(&self, name: &str) -> Option<String> {
        let secrets = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Some(without_line_break(secrets.get(name)?).to_owned())
    }
}

impl fmt::Debug for Given {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Given")
    }
}

impl Environment for Given {
    fn variable(&self, name: &str) -> Option<String> {
        self.get(name)
    }

    fn file(&self, path: &Path) -> Result<String, String> {
        let name = path.display().to_string();
        self.get(&name)
            .ok_or_else(|| format!("no secret was given for the file `{name}`"))
    }
}
