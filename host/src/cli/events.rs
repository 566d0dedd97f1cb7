//! Where events come from: a file or standard input, cut into pieces of whole
//! lines.

use std::{
    fs::File,
    io::{self, BufRead, BufReader},
    path::Path,
    thread,
};

use futures_util::{Stream, StreamExt as _, stream};
use tokio::sync::mpsc;

use super::error::CliError;

/// Bytes that are read at once, and about what a piece has.
const PIECE: usize = 64 * 1024;
/// Pieces that are read ahead.
const AHEAD: usize = 8;
/// Where a line without an end is cut. It is far more than an event may have.
const LONGEST_LINE: usize = 64 << 20;

/// Whole lines.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) lines: Vec<u8>,
    /// The number of the first one, from 1.
    pub(crate) first_line: u64,
}

/// Reads events until their end, or until the process is interrupted.
pub(crate) fn read(path: &Path) -> Result<impl Stream<Item = Result<Piece, CliError>>, CliError> {
    let unreadable = |error| CliError::Events {
        path: path.to_owned(),
        error,
    };
    let (sender, receiver) = mpsc::channel(AHEAD);
    // Its own thread, since a read of standard input cannot be given up.
    let reader: Box<dyn FnOnce() + Send> = if path == Path::new("-") {
        Box::new(move || forward(io::stdin().lock(), &sender))
    } else {
        let file = BufReader::with_capacity(PIECE, File::open(path).map_err(unreadable)?);
        Box::new(move || forward(file, &sender))
    };
    thread::Builder::new()
        .name("events".into())
        .spawn(reader)
        .map_err(CliError::Threads)?;
    let pieces = stream::unfold(receiver, async |mut receiver| {
        let piece: io::Result<Piece> = receiver.recv().await?;
        Some((piece, receiver))
    });
    let path = path.to_owned();
    let pieces = pieces.map(move |piece| {
        let path = path.clone();
        piece.map_err(|error| CliError::Events { path, error })
    });
    Ok(pieces.take_until(Box::pin(async {
        // Where no signal can be waited for, none stops it.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })))
}

fn forward(mut reader: impl BufRead, sender: &mpsc::Sender<io::Result<Piece>>) {
    let mut first_line = 1;
    let mut rest = Vec::new();
    loop {
        let next = next_piece(&mut reader, &mut rest);
        let is_last = !matches!(next, Ok(Some(_)));
        if let Some(lines) = next.transpose() {
            let piece = lines.map(|lines| {
                let count = lines.iter().filter(|byte| **byte == b'\n').count();
                let piece = Piece { lines, first_line };
                first_line += count as u64;
                piece
            });
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

/// The whole lines that one read brings; the beginning of the next stays in `rest`.
fn next_piece(reader: &mut impl BufRead, rest: &mut Vec<u8>) -> io::Result<Option<Vec<u8>>> {
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
            let room = LONGEST_LINE.saturating_sub(rest.len());
            rest.extend(read.iter().take(room));
            reader.consume(length);
            continue;
        };
        let mut piece = std::mem::take(rest);
        piece.extend_from_slice(lines);
        rest.extend_from_slice(after);
        reader.consume(length);
        return Ok(Some(piece));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str, capacity: usize) -> Vec<String> {
        let mut reader = BufReader::with_capacity(capacity, text.as_bytes());
        let mut rest = Vec::new();
        std::iter::from_fn(|| next_piece(&mut reader, &mut rest).unwrap())
            .map(|piece| String::from_utf8(piece).unwrap())
            .collect()
    }

    #[test]
    fn pieces_are_whole_lines_whatever_a_read_brings() {
        let text = "a\nbb\n\ncccccc\nd";
        for capacity in 1..20 {
            let pieces = pieces(text, capacity);
            assert_eq!(pieces.concat(), text);
            let (last, others) = pieces.split_last().unwrap();
            assert!(
                others.iter().all(|piece| piece.ends_with('\n')),
                "{pieces:?}"
            );
            assert_eq!(last, "d");
        }
        assert!(pieces("", 8).is_empty());
    }

    #[test]
    fn pieces_know_the_number_of_their_first_line() {
        let (sender, mut receiver) = mpsc::channel(10);
        forward(
            BufReader::with_capacity(4, "a\nb\nc\nd\n".as_bytes()),
            &sender,
        );
        drop(sender);
        let mut numbers = Vec::new();
        while let Some(piece) = receiver.blocking_recv() {
            numbers.push(piece.unwrap().first_line);
        }
        assert_eq!(numbers, [1, 3]);
    }
}
