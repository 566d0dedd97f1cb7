//! The component as files, for hosts that do not use this library.

use std::borrow::Cow;

use sha2::{Digest as _, Sha256};

use crate::runtime::EMBEDDED;

/// A file that another host needs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Artefact {
    /// Its path, relative to where the files are put.
    pub name: Cow<'static, str>,
    /// What stands in it.
    pub bytes: Cow<'static, [u8]>,
}

impl Artefact {
    /// A file of this name.
    pub fn new(name: impl Into<Cow<'static, str>>, bytes: impl Into<Cow<'static, [u8]>>) -> Self {
        Self {
            name: name.into(),
            bytes: bytes.into(),
        }
    }

    /// The SHA-256 of its bytes, in hexadecimal.
    pub fn sha256(&self) -> String {
        format!("{:x}", Sha256::digest(&self.bytes))
    }
}

/// The component; its WIT package as text and in the binary form, which keeps the
/// documentation; and its bill of materials (`CycloneDX`), where this library built
/// the component itself.
pub fn component() -> Vec<Artefact> {
    let bill: &[u8] = include_bytes!(env!("ACTION_TRIGGERS_BILL"));
    let package: &[u8] = include_bytes!(env!("ACTION_TRIGGERS_WIT_PACKAGE"));
    let mut files = vec![
        Artefact::new("engine.wasm", EMBEDDED),
        Artefact::new("engine.wit.wasm", package),
    ];
    if !bill.is_empty() {
        files.push(Artefact::new("engine.cdx.json", bill));
    }
    let texts = [
        ("wit/kafka.wit", include_str!("../../wit/kafka.wit")),
        ("wit/settings.wit", include_str!("../../wit/settings.wit")),
        ("wit/triggers.wit", include_str!("../../wit/triggers.wit")),
        ("wit/world.wit", include_str!("../../wit/world.wit")),
        ("wit/MIGRATION.md", include_str!("../../wit/MIGRATION.md")),
    ];
    files.extend(texts.map(|(name, text)| Artefact::new(name, text.as_bytes())));
    files
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;

    /// Bytes of a page of linear memory.
    const PAGE: u64 = 64 << 10;

    #[test]
    fn the_components_memory_has_a_maximum_above_our_own_bound() {
        let mut found = Vec::new();
        for payload in wasmparser::Parser::new(0).parse_all(EMBEDDED) {
            if let wasmparser::Payload::MemorySection(memories) = payload.unwrap() {
                found.extend(memories.into_iter().map(|memory| memory.unwrap().maximum));
            }
        }
        let [Some(pages)] = found[..] else {
            panic!("{found:?}")
        };
        assert_eq!(pages * PAGE, 256 << 20);
        assert!(pages * PAGE >= Limits::default().memory_bytes as u64);
    }
}
