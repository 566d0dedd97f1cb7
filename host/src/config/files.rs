//! The files that a configuration is read from, to notice when they change.

use std::{
    cell::RefCell,
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use action_triggers_config::{ClusterFault, Configuration, Surroundings};
use sha2::{Digest as _, Sha256};

use crate::{cluster::Cluster, file, process::Process, settings::Environment};

/// Largest file whose content is compared, in bytes: that of a configuration.
const MOST: u64 = 64 << 20;

/// The files that a configuration is read from: itself, its triggers, and the secrets and
/// certificates that it names. Those that are not there count too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigFiles(BTreeSet<PathBuf>);

impl ConfigFiles {
    /// The files of this configuration, as far as it can be read.
    pub fn of(file: &Path, triggers: Option<&Path>) -> Self {
        let noting = Noting::default();
        // What is wrong with it is said to whoever reads it.
        Configuration::examine(file, triggers, &noting).ok();
        Self(noting.0.into_inner())
    }

    /// The SHA-256 of all their content. The same content at the end of another symbolic
    /// link is the same.
    pub fn digest(&self) -> [u8; 32] {
        let mut all = Sha256::new();
        for path in &self.0 {
            // A digest for each, so that nothing moves from one into another.
            let content = file::read(path, MOST).map(Sha256::digest);
            all.update(path.as_os_str().as_encoded_bytes());
            all.update([0, u8::from(content.is_ok())]);
            all.update(content.unwrap_or_default());
        }
        all.finalize().into()
    }
}

/// This process's files and variables, and which files were asked for.
#[derive(Default)]
struct Noting(RefCell<BTreeSet<PathBuf>>);

impl Noting {
    fn note(&self, path: &Path) {
        self.0.borrow_mut().insert(path.to_owned());
    }
}

impl Surroundings for Noting {
    fn read(&self, path: &Path, most: u64) -> io::Result<Vec<u8>> {
        self.note(path);
        Process.read(path, most)
    }

    fn has_file(&self, path: &Path) -> bool {
        self.note(path);
        Process.has_file(path)
    }

    fn secret_variable(&self, name: &str) -> Option<String> {
        Process.secret_variable(name)
    }

    fn environment(&self) -> Arc<dyn Environment> {
        Process.environment()
    }

    fn fault(&self, cluster: &Cluster) -> Option<ClusterFault> {
        Process.fault(cluster)
    }
}
