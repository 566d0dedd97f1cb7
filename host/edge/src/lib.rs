//! What runs where the host library cannot: components for edge runtimes, as files.

use std::io::{self, Write as _};

use action_triggers_host::artefacts::Artefact;

/// The component without the filters that only web pages need: `engine-small.wasm`. A
/// template that names one of them is refused with `template_left_out`.
pub fn components() -> Vec<Artefact> {
    let small: &[u8] = include_bytes!(env!("ACTION_TRIGGERS_SMALL"));
    vec![Artefact::new("engine-small.wasm", small)]
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
