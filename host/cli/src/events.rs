//! Where events come from: a file or standard input, cut into pieces of whole
//! lines.

use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
    thread,
};

use action_triggers_host::{
    Events,
    decode::{Body, Content, DecodeError, Decoder},
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use tokio::sync::mpsc;

use super::{error::CliError, interrupt};

/// Bytes that are read at once, and about what a piece has.
const PIECE: usize = 64 * 1024;
/// Pieces that are read ahead.
const AHEAD: usize = 8;
/// What some editors begin a file with; it is no part of the first event.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Whole lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) lines: Bytes,
    /// The number of the first one, from 1.
    pub(crate) first_line: u64,
    /// Lines of another format that are left empty here, by their numbers, and why.
    pub(crate) refused: Vec<(u64, DecodeError)>,
}

impl From<Piece> for Events {
    fn from(piece: Piece) -> Self {
        Self::ndjson(piece.lines).first_line(piece.first_line)
    }
}

/// How events of another tool become events.
#[derive(Debug)]
pub(crate) struct Foreign {
    pub(crate) decoder: Decoder,
    /// The name of their format.
    pub(crate) format: String,
    /// A longer line was cut when it was read.
    pub(crate) event_bytes: usize,
}

impl Foreign {
    /// The piece with an event in our own form on each line that had one of the format.
    pub(crate) fn decoded(&self, piece: Piece) -> Piece {
        let body = Body::new(&piece.lines)
            .content_type("application/x-ndjson")
            .format(self.format.as_str());
        let Ok(events) = self.decoder.decode(&body) else {
            return piece;
        };
        let mut events = events.into_iter().peekable();
        let mut lines = Vec::with_capacity(piece.lines.len());
        let mut refused = Vec::new();
        for (number, line) in (1..).zip(piece.lines.split(|byte| *byte == b'\n')) {
            if number > 1 {
                lines.push(b'\n');
            }
            let event = events.next_if(|event| event.line == number);
            match event.map(|event| event.content) {
                // Its length is the fault that is reported.
                Some(_) if line.len() > self.event_bytes => lines.extend_from_slice(line),
                // JSON that came as text may have line breaks, which are only spaces there.
                Some(Ok(Content::Event(text))) => {
                    lines.extend(
                        text.bytes()
                            .map(|byte| if byte == b'\n' { b' ' } else { byte }),
                    );
                }
                Some(Err(error)) => refused.push((piece.first_line + number - 1, error)),
                Some(Ok(_)) | None => {}
            }
        }
        Piece {
            lines: lines.into(),
            first_line: piece.first_line,
            refused,
        }
    }
}

impl Piece {
    /// A line by its number in the file, without its end.
    pub(crate) fn line(&self, number: u64) -> Option<&[u8]> {
        let place = usize::try_from(number.checked_sub(self.first_line)?).ok()?;
        self.lines.split(|byte| *byte == b'\n').nth(place)
    }
}

/// Where events are read: a file that is open, or standard input.
#[derive(Debug)]
pub(crate) struct EventSource {
    path: PathBuf,
    file: Option<File>,
}

impl EventSource {
    pub(crate) fn open(path: &Path) -> Result<Self, CliError> {
        let file = if path == Path::new("-") {
            None
        } else {
            let file = File::open(path).map_err(|error| CliError::Events {
                path: path.to_owned(),
                error,
            });
            Some(file?)
        };
        let path = path.to_owned();
        Ok(Self { path, file })
    }

    /// What a person calls them.
    pub(crate) fn name(&self) -> String {
        match self.file {
            Some(_) => self.path.display().to_string(),
            None => "standard input".to_owned(),
        }
    }

    /// Reads them until their end, or until the process is told to stop. Of a
    /// line with more bytes than an event may have, one more is kept, so that
    /// it is known for what it is.
    pub(crate) fn pieces(
        self,
        event_bytes: usize,
    ) -> Result<impl Stream<Item = Result<Piece, CliError>>, CliError> {
        let (sender, receiver) = mpsc::channel(AHEAD);
        let longest = event_bytes.saturating_add(1);
        let path = self.path;
        // Its own thread, since a read of standard input cannot be given up.
        let reader: Box<dyn FnOnce() + Send> = match self.file {
            None => Box::new(move || forward(io::stdin().lock(), longest, &sender)),
            Some(file) => {
                let file = BufReader::with_capacity(PIECE, file);
                Box::new(move || forward(file, longest, &sender))
            }
        };
        thread::Builder::new()
            .name("events".into())
            .spawn(reader)
            .map_err(CliError::Threads)?;
        let pieces = stream::unfold(receiver, async |mut receiver| {
            let piece: io::Result<Piece> = receiver.recv().await?;
            Some((piece, receiver))
        });
        let pieces = pieces.map(move |piece| {
            let path = path.clone();
            piece.map_err(|error| CliError::Events { path, error })
        });
        Ok(pieces.take_until(Box::pin(interrupt::once())))
    }
}

fn forward(mut reader: impl BufRead, longest: usize, sender: &mpsc::Sender<io::Result<Piece>>) {
    let mut first_line = 1;
    let mut rest = Vec::new();
    loop {
        let next = next_piece(&mut reader, longest, &mut rest);
        let is_last = !matches!(next, Ok(Some(_)));
        if let Some(lines) = next.transpose() {
            let piece = lines.map(|lines| piece(lines, &mut first_line));
            // Nobody waits for it when the command has ended.
            if sender.blocking_send(piece).is_err() {
                return;
            }
        }
        if is_last {
            return;
        }
    }
}

fn piece(lines: Vec<u8>, next_line: &mut u64) -> Piece {
    let first_line = *next_line;
    *next_line += lines.iter().filter(|byte| **byte == b'\n').count() as u64;
    let mut lines = Bytes::from(lines);
    if first_line == 1 && lines.starts_with(BYTE_ORDER_MARK) {
        lines = lines.split_off(BYTE_ORDER_MARK.len());
    }
    Piece {
        lines,
        first_line,
        refused: Vec::new(),
    }
}

/// The whole lines that one read brings; the beginning of the next stays in
/// `rest`, as much of it as the longest line may have.
fn next_piece(
    reader: &mut impl BufRead,
    longest: usize,
    rest: &mut Vec<u8>,
) -> io::Result<Option<Vec<u8>>> {
    loop {
        let read = match reader.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        if read.is_empty() {
            return Ok(Some(std::mem::take(rest)).filter(|lines| !lines.is_empty()));
        }
        let length = read.len();
        let end = read
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map(|at| at + 1);
        let Some((lines, after)) = end.and_then(|end| read.split_at_checked(end)) else {
            extend(rest, read, longest);
            reader.consume(length);
            continue;
        };
        let mut piece = std::mem::take(rest);
        if piece.is_empty() {
            piece.extend_from_slice(lines);
        } else {
            // The end of a line that began in an earlier read.
            let first = lines.iter().position(|byte| *byte == b'\n').unwrap_or(0);
            let (first, others) = lines.split_at_checked(first).unwrap_or((lines, &[]));
            extend(&mut piece, first, longest);
            piece.extend_from_slice(others);
        }
        rest.extend_from_slice(after);
        reader.consume(length);
        return Ok(Some(piece));
    }
}

/// Appends as much as there is room for.
fn extend(line: &mut Vec<u8>, more: &[u8], longest: usize) {
    let room = longest.saturating_sub(line.len()).min(more.len());
    line.extend_from_slice(more.get(..room).unwrap_or(more));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str, capacity: usize, longest: usize) -> Vec<String> {
        let mut reader = BufReader::with_capacity(capacity, text.as_bytes());
        let mut rest = Vec::new();
        std::iter::from_fn(|| next_piece(&mut reader, longest, &mut rest).unwrap())
            .map(|piece| String::from_utf8(piece).unwrap())
            .collect()
    }

    #[test]
    fn pieces_are_whole_lines_whatever_a_read_brings() {
        let text = "a\nbb\n\ncccccc\nd";
        for capacity in 1..20 {
            let pieces = pieces(text, capacity, 100);
            assert_eq!(pieces.concat(), text);
            let (last, others) = pieces.split_last().unwrap();
            assert!(
                others.iter().all(|piece| piece.ends_with('\n')),
                "{pieces:?}"
            );
            assert_eq!(last, "d");
        }
        assert!(pieces("", 8, 100).is_empty());
    }

    #[test]
    fn a_line_without_end_is_cut_and_its_followers_stay_whole() {
        for capacity in 1..20 {
            let kept = pieces("aaaaaaaaaaaa\nbbb\ncccccccccc", capacity, 4).concat();
            let lines: Vec<&str> = kept.split('\n').collect();
            assert_eq!(lines[1], "bbb", "{kept}");
            // What one read brings whole need not be cut.
            let fits = |line: &str, whole: usize| line.len() == 4 || line.len() == whole;
            assert!(
                lines[0].len() > 3 && lines[0].len() <= 12.max(capacity),
                "{kept}"
            );
            assert!(
                fits(lines[2], lines[2].len()) && lines[2].len() > 3,
                "{kept}"
            );
        }
    }

    fn sent(text: &str) -> Vec<Piece> {
        let (sender, mut receiver) = mpsc::channel(10);
        let reader = BufReader::with_capacity(4, text.as_bytes());
        forward(reader, 100, &sender);
        drop(sender);
        std::iter::from_fn(|| receiver.blocking_recv())
            .map(Result::unwrap)
            .collect()
    }

    #[test]
    fn pieces_know_the_numbers_of_their_lines() {
        let pieces = sent("a\nb\nc\nd\n");
        let numbers: Vec<u64> = pieces.iter().map(|piece| piece.first_line).collect();
        assert_eq!(numbers, [1, 3]);
        let lines = [1, 2, 3, 4].map(|number| pieces[1].line(number));
        assert_eq!(lines, [None, None, Some(&b"c"[..]), Some(&b"d"[..])]);
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_first_event() {
        let pieces = sent("\u{feff}{}\n");
        assert_eq!(pieces[0].line(1), Some(&b"{}"[..]));
    }
}
