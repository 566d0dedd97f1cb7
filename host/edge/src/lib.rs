//! What runs where the host library cannot: components for edge runtimes, as files.

mod bake;
mod compose;
mod parts;

use std::io::{self, Write as _};

use action_triggers_host::artefacts::Artefact;

use self::parts::{MODULE, SMALL};
pub use self::{
    bake::{App, AppOptions, BakeError, Baked, app, bake},
    compose::{ComposeError, Parts, compose},
};

/// Components for edge runtimes:
///
/// - `engine-small.wasm`, the engine without the filters that only web pages need;
/// - `engine.core.wasm`, the engine as a core module: JSON in, JSON out, without any import.
///   `engine.core.md` documents it;
/// - `edge.wasm`, the publisher: the engine with what our own host does with records, and
///   without any import. `edge/*.wit` documents it.
///
/// # Errors
///
/// The publisher's parts do not fit together.
pub fn components() -> Result<Vec<Artefact>, ComposeError> {
    let publisher = compose(Parts::embedded())?;
    Ok(vec![
        Artefact::new("engine-small.wasm", SMALL),
        Artefact::new("engine.core.wasm", MODULE),
        Artefact::new(
            "engine.core.md",
            &include_bytes!("../../docs/module.md")[..],
        ),
        Artefact::new("edge.wasm", publisher),
        Artefact::new(
            "wit/edge/types.wit",
            &include_bytes!("../wit/types.wit")[..],
        ),
        Artefact::new(
            "wit/edge/publisher.wit",
            &include_bytes!("../wit/publisher.wit")[..],
        ),
        Artefact::new(
            "wit/edge/world.wit",
            &include_bytes!("../wit/world.wit")[..],
        ),
        Artefact::new("wit/edge/desk.wit", &include_bytes!("../wit/desk.wit")[..]),
        Artefact::new(
            "wit/edge/front.wit",
            &include_bytes!("../wit/front.wit")[..],
        ),
    ])
}

/// How many bytes go over the wire for a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compressed {
    /// By gzip at its best level.
    pub gzip: usize,
    /// By brotli at its best level.
    pub brotli: usize,
}

/// Compresses a file both ways.
///
/// # Errors
///
/// Memory is written to, so none that is known.
pub fn compressed(bytes: &[u8]) -> io::Result<Compressed> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(bytes)?;
    let mut brotli = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: 11,
        lgwin: 22,
        ..Default::default()
    };
    brotli::BrotliCompress(&mut io::Cursor::new(bytes), &mut brotli, &parameters)?;
    Ok(Compressed {
        gzip: gzip.finish()?.len(),
        brotli: brotli.len(),
    })
}
