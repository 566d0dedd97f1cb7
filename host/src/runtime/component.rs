//! The component that decides, and where it comes from.

use std::{borrow::Cow, path::PathBuf};

use super::error::BuildError;
use crate::{
    file,
    sandbox::{self, MAX_BYTES, StartError},
};

/// The component that this library was built with.
pub static EMBEDDED: &[u8] = include_bytes!(env!("ACTION_TRIGGERS_COMPONENT"));

/// Where the component comes from.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Component {
    /// The one this library was built with.
    #[default]
    Embedded,
    /// A component's bytes.
    Bytes(Vec<u8>),
    /// A component's file.
    File(PathBuf),
}

impl Component {
    pub(super) fn read(self) -> Result<Cow<'static, [u8]>, BuildError> {
        let bytes = match self {
            Self::Embedded => return Ok(EMBEDDED.into()),
            Self::Bytes(bytes) => bytes,
            Self::File(path) => {
                let most = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX);
                let read = file::read(&path, most);
                read.map_err(|error| BuildError::ComponentFile { path, error })?
            }
        };
        // It may be anybody's: what it costs to compile it is bounded first.
        sandbox::admit(&bytes).map_err(|message| StartError::Component { message })?;
        Ok(bytes.into())
    }
}
