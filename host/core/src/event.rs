//! Events as the host takes them: what changed, and how.

mod error;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

pub use action_triggers_vocabulary::Signal;
use action_triggers_vocabulary::content_type::normalized;
use serde::Deserialize;
use serde_json::value::RawValue;

pub use self::error::EventError;

/// Longest id, in bytes: it travels with every record.
const MAX_ID: usize = 512;

/// A record was, or is about to be, saved or deleted.
///
/// The JSON texts stay text: only the sandbox takes them apart, so numbers and
/// member order reach the payload as they came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Names the event; every record that comes of it carries it.
    pub id: String,
    /// What happened.
    pub signal: Signal,
    /// `app_label.model`.
    pub content_type: String,
    /// The record, a JSON object.
    pub instance: String,
    /// The record before the change, a JSON object.
    pub before: Option<String>,
    /// When it happened, RFC 3339.
    pub time: Option<String>,
}

impl Event {
    /// An event without `before` and `time`; `instance` is a JSON object.
    pub fn new(
        id: impl Into<String>,
        signal: Signal,
        content_type: impl Into<String>,
        instance: impl Into<String>,
    ) -> Self {
        Self {
            id: id.into(),
            signal,
            content_type: content_type.into(),
            instance: instance.into(),
            before: None,
            time: None,
        }
    }

    /// Reads one line of NDJSON. An event without an id gets the one that
    /// `next_id` makes. `instance` and `before` stay text, however deep they are.
    ///
    /// ```
    /// use action_triggers_core::event::{Event, Signal};
    ///
    /// let line = r#"{"signal": "post_save", "content_type": "shop.sale", "instance": {"id": 7}}"#;
    /// let event = Event::from_json(line, || "line-1".into())?;
    /// assert_eq!((event.signal, event.id.as_str()), (Signal::PostSave, "line-1"));
    /// # Ok::<(), action_triggers_core::event::EventError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The line is not an event; the error says what is wrong with it.
    pub fn from_json(line: &str, next_id: impl FnOnce() -> String) -> Result<Self, EventError> {
        let body = line.trim_ascii_start();
        if body.starts_with('[') {
            // serde would take its items for the members, in order.
            let message = "an array, where an object is expected".to_owned();
            let offset = line.len() - body.len();
            return Err(EventError::malformed(line, offset, message));
        }
        let read = serde_json::from_str(line);
        let line: Line<'_> = read.map_err(|error| EventError::unreadable(line, &error))?;
        let signal = Signal::from_name(&line.signal);
        Ok(Self {
            id: line.id.map_or_else(|| Ok(next_id()), id)?,
            signal: signal.ok_or_else(|| EventError::UnknownSignal(beginning(&line.signal)))?,
            content_type: content_type(line.content_type)?,
            instance: object("instance", line.instance)?,
            before: line
                .before
                .filter(|before| before.get() != "null")
                .map(|before| object("before", before))
                .transpose()?,
            time: line.time,
        })
    }

    /// Reads one line of bytes, bounded before anything is parsed.
    ///
    /// # Errors
    ///
    /// The line is too large, not UTF-8, or not an event.
    pub fn from_bytes(
        line: &[u8],
        maximum: usize,
        next_id: impl FnOnce() -> String,
    ) -> Result<Self, EventError> {
        if line.len() > maximum {
            return Err(EventError::TooLarge { maximum });
        }
        let text = str::from_utf8(line).map_err(|error| EventError::NotUtf8 {
            offset: error.valid_up_to(),
        })?;
        Self::from_json(text, next_id)
    }

    /// Bytes of its texts together: what size limits count.
    pub fn size(&self) -> usize {
        let optional = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        self.id.len()
            + self.content_type.len()
            + self.instance.len()
            + optional(&self.before)
            + optional(&self.time)
    }
}

/// An event as it is written. Unknown members are refused, so that a misspelt
/// `before` does not go unnoticed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an event: a JSON object")]
struct Line<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    signal: Cow<'a, str>,
    #[serde(borrow)]
    content_type: ContentType<'a>,
    #[serde(borrow)]
    instance: &'a RawValue,
    #[serde(borrow)]
    before: Option<&'a RawValue>,
    time: Option<String>,
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "`content_type` must be `app_label.model` or an object with `app_label` and `model_name`"
)]
enum ContentType<'a> {
    Name(#[serde(borrow)] Cow<'a, str>),
    Parts {
        app_label: String,
        #[serde(alias = "model")]
        model_name: String,
    },
}

fn id(raw: &RawValue) -> Result<String, EventError> {
    let text = raw.get();
    let id = if text.starts_with('"') {
        serde_json::from_str(text).map_err(|_| EventError::InvalidId)?
    } else {
        text.to_owned()
    };
    let is_integer = || {
        text.trim_start_matches('-')
            .bytes()
            .all(|byte| byte.is_ascii_digit())
    };
    if id.is_empty() || id.len() > MAX_ID || !(text.starts_with('"') || is_integer()) {
        return Err(EventError::InvalidId);
    }
    Ok(id)
}

fn content_type(written: ContentType<'_>) -> Result<String, EventError> {
    let name = match written {
        ContentType::Name(name) => name.into_owned(),
        ContentType::Parts {
            app_label,
            model_name,
        } => format!("{app_label}.{model_name}"),
    };
    match normalized(&name) {
        Some(_) => Ok(name),
        None => Err(EventError::InvalidContentType(beginning(&name))),
    }
}

fn object(member: &'static str, raw: &RawValue) -> Result<String, EventError> {
    if raw.get().starts_with('{') {
        Ok(raw.get().to_owned())
    } else {
        Err(EventError::NotAnObject(member))
    }
}

/// As much of a text as an error repeats.
fn beginning(text: &str) -> String {
    text.chars().take(64).collect()
}
