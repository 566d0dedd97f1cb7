//! Bodies cut into the JSON texts that their events are.

use action_triggers_vocabulary::Place;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::{
    error::{BodyError, DecodeError},
    shape::Layout,
};

/// What some editors begin a file with; it is no part of the first event.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// One event of a body.
#[derive(Debug)]
pub(super) struct Piece<'a> {
    pub(super) text: Result<&'a str, DecodeError>,
    /// The line on which it begins, from 1.
    pub(super) line: u64,
    /// Where in the body it is; in its line, where it has one.
    pub(super) place: Place,
}

/// Cuts a body. Whether each line is JSON is left to who reads it.
///
/// # Errors
///
/// The body is not JSON, where it is one text.
pub(super) fn cut(bytes: &[u8], layout: Layout) -> Result<Vec<Piece<'_>>, BodyError> {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    match layout {
        Layout::Lines => Ok(lines(bytes)),
        Layout::OneOrMany => one_or_many(text(bytes)?),
        Layout::One | Layout::Data => one(text(bytes)?),
        Layout::Many => many(text(bytes)?),
    }
}

/// Says of a line that it is not JSON; none where it is.
pub(super) fn not_json(text: &str) -> Option<DecodeError> {
    let error = serde_json::from_str::<IgnoredAny>(text).err()?;
    let message = format!(
        "this is not JSON: {} (column {})",
        what(&error),
        error.column()
    );
    Some(DecodeError::malformed(Place::root(), message))
}

fn text(bytes: &[u8]) -> Result<&str, BodyError> {
    str::from_utf8(bytes).map_err(|error| BodyError::NotUtf8 {
        offset: error.valid_up_to(),
    })
}

fn lines(bytes: &[u8]) -> Vec<Piece<'_>> {
    let lines = (1..).zip(bytes.split(|byte| *byte == b'\n'));
    let lines = lines.filter(|(_, line)| !line.trim_ascii().is_empty());
    let piece = |(line, bytes)| Piece {
        text: str::from_utf8(bytes).map_err(|error| DecodeError::not_utf8(error.valid_up_to())),
        line,
        place: Place::root(),
    };
    lines.map(piece).collect()
}

fn one_or_many(text: &str) -> Result<Vec<Piece<'_>>, BodyError> {
    if text.trim_ascii_start().starts_with('[') {
        many(text)
    } else {
        one(text)
    }
}

fn one(text: &str) -> Result<Vec<Piece<'_>>, BodyError> {
    let whole: &RawValue = serde_json::from_str(text).map_err(|error| malformed(text, &error))?;
    Ok(vec![Piece {
        text: Ok(whole.get()),
        line: LineCount::of(text).up_to(whole.get()),
        place: Place::root(),
    }])
}

fn many(text: &str) -> Result<Vec<Piece<'_>>, BodyError> {
    let items: Vec<&RawValue> =
        serde_json::from_str(text).map_err(|error| malformed(text, &error))?;
    let mut lines = LineCount::of(text);
    let mut pieces = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        pieces.push(Piece {
            text: Ok(item.get()),
            line: lines.up_to(item.get()),
            place: Place::root().item(index),
        });
    }
    Ok(pieces)
}

fn malformed(text: &str, error: &serde_json::Error) -> BodyError {
    let what = what(error);
    let message = if text.trim_ascii().is_empty() {
        "the body is empty: send an event, or an array of events".to_owned()
    } else if what == "trailing characters" {
        "the body is more than one JSON value: send an array, or one event a line as `application/x-ndjson`".to_owned()
    } else {
        format!("the body is not JSON: {what}")
    };
    BodyError::Malformed {
        message,
        line: error.line().max(1),
        column: error.column().max(1),
    }
}

/// What is wrong, without its place.
fn what(error: &serde_json::Error) -> String {
    let full = error.to_string();
    full.split(" at line ").next().unwrap_or(&full).to_owned()
}

/// Counts lines while parts of a text are met in their order.
struct LineCount<'a> {
    rest: &'a str,
    line: u64,
}

impl<'a> LineCount<'a> {
    fn of(text: &'a str) -> Self {
        Self {
            rest: text,
            line: 1,
        }
    }

    /// The line on which this part of the text begins.
    fn up_to(&mut self, part: &str) -> u64 {
        let offset = part
            .as_ptr()
            .addr()
            .saturating_sub(self.rest.as_ptr().addr());
        if let Some((before, rest)) = self.rest.split_at_checked(offset) {
            let breaks = before.bytes().filter(|byte| *byte == b'\n').count();
            self.line = self.line.saturating_add(breaks as u64);
            self.rest = rest;
        }
        self.line
    }
}
