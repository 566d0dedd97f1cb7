//! The body of an answer as it comes, decompressed where it is compressed.
//!
//! What it is its first bytes say: gateways name an encoding that a body does not have,
//! and compress one without a word.

use std::io::{self, Write};

use action_triggers_core::rest::Condensed;
use flate2::write::MultiGzDecoder;

/// With these a body in gzip begins, and none in JSON.
const GZIP: &[u8] = &[0x1f, 0x8b];

/// What came of a body so far.
pub(super) struct Body(State);

enum State {
    /// Too few bytes to tell.
    Beginning(Vec<u8>, Sink),
    Plain(Sink),
    Gzip(Box<MultiGzDecoder<Sink>>),
}

/// Why a body is not read on.
#[derive(Debug)]
pub(super) enum Problem {
    /// It has more bytes than are read.
    TooLarge,
    /// It is not the gzip that it begins as.
    Broken,
}

/// Where the bytes go that are kept.
struct Sink(Condensed);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let read = self.0.read(bytes);
        read.map_err(|_| io::ErrorKind::FileTooLarge)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::FileTooLarge => Self::TooLarge,
            _ => Self::Broken,
        }
    }
}

impl Body {
    /// Keeps so many bytes at most.
    pub(super) fn new(cap: usize) -> Self {
        Self(State::Beginning(Vec::new(), Sink(Condensed::new(cap))))
    }

    /// Reads on.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Result<(), Problem> {
        match &mut self.0 {
            State::Beginning(begun, _) => {
                begun.extend_from_slice(bytes);
                if begun.len() >= GZIP.len() {
                    return self.begin();
                }
            }
            State::Plain(sink) => sink.write_all(bytes)?,
            State::Gzip(decoder) => decoder.write_all(bytes)?,
        }
        Ok(())
    }

    /// Reads the beginning as what it is.
    fn begin(&mut self) -> Result<(), Problem> {
        let empty = State::Plain(Sink(Condensed::new(0)));
        let (begun, sink) = match std::mem::replace(&mut self.0, empty) {
            State::Beginning(begun, sink) => (begun, sink),
            other => {
                self.0 = other;
                return Ok(());
            }
        };
        self.0 = if begun.starts_with(GZIP) {
            State::Gzip(Box::new(MultiGzDecoder::new(sink)))
        } else {
            State::Plain(sink)
        };
        self.read(&begun)
    }

    /// What was kept.
    pub(super) fn into_bytes(mut self) -> Vec<u8> {
        // What is broken was told of while it was read.
        self.begin().ok();
        match self.0 {
            State::Beginning(_, sink) | State::Plain(sink) => sink.0.into_bytes(),
            State::Gzip(mut decoder) => {
                // A missing end leaves what comes before it.
                decoder.flush().ok();
                std::mem::replace(decoder.get_mut(), Sink(Condensed::new(0)))
                    .0
                    .into_bytes()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn read(bytes: &[u8], piece: usize) -> Vec<u8> {
        let mut body = Body::new(10_000);
        for piece in bytes.chunks(piece) {
            body.read(piece).unwrap();
        }
        body.into_bytes()
    }

    #[test]
    fn a_body_is_what_its_first_bytes_say_however_it_is_cut() {
        let text = b"{\"offsets\":[]}".repeat(20);
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&text).unwrap();
        let gzip = encoder.finish().unwrap();
        for piece in [1, 2, 3, 7, 1_000] {
            assert_eq!(read(&text, piece), text);
            assert_eq!(read(&gzip, piece), text);
            assert_eq!(read(&gzip[..gzip.len() - 8], piece), text, "no checksum");
            let twice = [text.as_slice(), &text].concat();
            assert_eq!(read(&gzip.repeat(2), piece), twice, "two members");
        }
        assert_eq!(read(b"", 1), b"");
        assert_eq!(read(b"\x1f", 1), b"\x1f");
    }

    #[test]
    fn what_is_broken_is_told_and_what_came_before_is_kept() {
        let mut body = Body::new(10_000);
        assert!(matches!(
            body.read(b"\x1f\x8bno gzip at all"),
            Err(Problem::Broken)
        ));
        assert_eq!(body.into_bytes(), b"");
    }
}
