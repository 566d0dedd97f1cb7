//! What only the inside shows. What a person is shown of a configuration is tested
//! where files and certificates are read, in the host.

mod growth;
mod schema;

use std::{io, path::Path, sync::Arc};

use super::*;

/// A configuration in memory, with nothing around it.
struct Memory<'a>(&'a str);

impl Surroundings for Memory<'_> {
    fn read(&self, _path: &Path, _most: u64) -> io::Result<Vec<u8>> {
        Ok(self.0.into())
    }

    fn has_file(&self, _path: &Path) -> bool {
        false
    }

    fn secret_variable(&self, _name: &str) -> Option<String> {
        None
    }

    fn environment(&self) -> Arc<dyn Environment> {
        Arc::new(Nothing)
    }

    fn fault(&self, _cluster: &Cluster) -> Option<ClusterFault> {
        None
    }
}

struct Nothing;

impl Environment for Nothing {
    fn variable(&self, _name: &str) -> Option<String> {
        None
    }

    fn file(&self, path: &Path) -> Result<String, String> {
        Err(format!("there is no file `{}`", path.display()))
    }
}

fn examined(text: &str) -> (Configuration, Vec<Problem>) {
    Configuration::examine(Path::new("config.json"), None, &Memory(text)).unwrap()
}
