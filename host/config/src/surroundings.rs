//! What a configuration needs from around it.

use std::{io, path::Path, sync::Arc};

use super::{cluster::Cluster, settings::Environment};

/// Largest secret or certificate, in bytes.
pub const MOST_SECRET_BYTES: u64 = 1 << 20;

/// Files and variables that a configuration names, and a second opinion on its
/// clusters.
pub trait Surroundings {
    /// The bytes of a plain file.
    ///
    /// # Errors
    ///
    /// It cannot be read, or has more bytes than these.
    fn read(&self, path: &Path, most: u64) -> io::Result<Vec<u8>>;

    /// Whether there is a plain file of this name.
    fn has_file(&self, path: &Path) -> bool;

    /// The bytes of a file that holds a secret or a certificate: at most
    /// [`MOST_SECRET_BYTES`].
    ///
    /// # Errors
    ///
    /// It cannot be read, or is larger.
    fn read_secret(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.read(path, MOST_SECRET_BYTES)
    }

    /// The text of an environment variable that holds a secret, if it is set to one.
    fn secret_variable(&self, name: &str) -> Option<String>;

    /// Where settings are read.
    fn environment(&self) -> Arc<dyn Environment>;

    /// What only the client can tell of a cluster, such as a certificate that it cannot
    /// use.
    fn fault(&self, cluster: &Cluster) -> Option<ClusterFault>;
}

/// Why a cluster cannot be reached as it is configured. Never holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterFault {
    /// Stable, such as `invalid_tls`.
    pub code: &'static str,
    /// What is wrong and what to do.
    pub message: String,
}
