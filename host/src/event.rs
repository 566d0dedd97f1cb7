//! Events as the host takes them: what changed, and how.

use std::{borrow::Cow, fmt};

use serde::Deserialize;
use serde_json::value::RawValue;

/// Longest id, in bytes: it travels with every record.
const MAX_ID: usize = 512;

/// What happened to a record: the four model signals of Django.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signal {
    /// About to be saved.
    PreSave,
    /// Saved.
    PostSave,
    /// About to be deleted.
    PreDelete,
    /// Deleted.
    PostDelete,
}

impl Signal {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::PreSave,
        Self::PostSave,
        Self::PreDelete,
        Self::PostDelete,
    ];

    /// The name upstream gives it, such as `post_save`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PreSave => "pre_save",
            Self::PostSave => "post_save",
            Self::PreDelete => "pre_delete",
            Self::PostDelete => "post_delete",
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

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

/// Why a line is not an event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EventError {
    /// More bytes than an event may have.
    #[error("the event has {actual} bytes, at most {maximum} are taken")]
    TooLarge {
        /// Bytes of the line.
        actual: usize,
        /// Bytes that are taken.
        maximum: usize,
    },
    /// Bytes that are not UTF-8.
    #[error("the event is not UTF-8 from byte {offset} on")]
    NotUtf8 {
        /// The first bad byte, from 0.
        offset: usize,
    },
    /// No JSON, or a member is missing or of the wrong type.
    #[error("the event is not of the right form: {message}")]
    Malformed {
        /// What the JSON reader says.
        message: String,
    },
    /// None of Django's four model signals.
    #[error("`{0}` is no signal: `pre_save`, `post_save`, `pre_delete` and `post_delete` are")]
    UnknownSignal(String),
    /// Not `app_label.model`.
    #[error("`{0}` is no content type: it must be `app_label.model`")]
    InvalidContentType(String),
    /// Empty, too long, or neither text nor integer.
    #[error("the event's id must be a text of 1 to {MAX_ID} bytes or an integer")]
    InvalidId,
    /// Not a JSON object.
    #[error("the event's `{0}` must be an object")]
    NotAnObject(&'static str),
}

impl EventError {
    /// Stable, for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "event_too_large",
            Self::NotUtf8 { .. } => "event_not_utf8",
            Self::Malformed { .. } | Self::NotAnObject(_) => "event_malformed",
            Self::UnknownSignal(_) => "unknown_signal",
            Self::InvalidContentType(_) => "invalid_content_type",
            Self::InvalidId => "invalid_event_id",
        }
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

impl Event {
    /// Reads one line of NDJSON. An event without an id gets the one that
    /// `next_id` makes. `instance` and `before` stay text, however deep they are.
    ///
    /// ```
    /// use action_triggers_host::event::{Event, Signal};
    ///
    /// let line = r#"{"signal": "post_save", "content_type": "shop.sale", "instance": {"id": 7}}"#;
    /// let event = Event::from_json(line, || "line-1".into())?;
    /// assert_eq!((event.signal, event.id.as_str()), (Signal::PostSave, "line-1"));
    /// # Ok::<(), action_triggers_host::event::EventError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The line is not an event; the error says what is wrong with it.
    pub fn from_json(line: &str, next_id: impl FnOnce() -> String) -> Result<Self, EventError> {
        if line.trim_ascii_start().starts_with('[') {
            // serde would take its items for the members, in order.
            let message = "an array, where an object is expected".to_owned();
            return Err(EventError::Malformed { message });
        }
        let line: Line<'_> = serde_json::from_str(line).map_err(|error| EventError::Malformed {
            message: error.to_string(),
        })?;
        let signal = Signal::ALL
            .into_iter()
            .find(|signal| signal.as_str() == line.signal);
        Ok(Self {
            id: line.id.map_or_else(|| Ok(next_id()), id)?,
            signal: signal.ok_or_else(|| EventError::UnknownSignal(beginning(&line.signal)))?,
            content_type: content_type(line.content_type)?,
            instance: object("instance", line.instance)?,
            before: match line.before.map(RawValue::get) {
                None | Some("null") => None,
                Some(_) => line
                    .before
                    .map(|before| object("before", before))
                    .transpose()?,
            },
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
            return Err(EventError::TooLarge {
                actual: line.len(),
                maximum,
            });
        }
        let text = str::from_utf8(line).map_err(|error| EventError::NotUtf8 {
            offset: error.valid_up_to(),
        })?;
        Self::from_json(text, next_id)
    }
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
    match name.split_once('.') {
        Some((app, model)) if !app.is_empty() && !model.is_empty() && !model.contains('.') => {
            Ok(name)
        }
        _ => Err(EventError::InvalidContentType(beginning(&name))),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Event, EventError> {
        Event::from_json(line, || "given".into())
    }

    fn with(members: &str) -> String {
        format!(
            r#"{{"signal":"post_save","content_type":"shop.sale","instance":{{"id":1}}{members}}}"#
        )
    }

    #[test]
    fn instance_and_before_stay_as_they_were_written() {
        let line = r#"{"signal":"pre_delete","content_type":"shop.Sale","id":"e1","time":"2026-01-01T00:00:00Z",
            "before":{"b":1.10, "a":[]}, "instance": {"price": 1.10,"n":12345678901234567890123} }"#;
        let event = read(line).unwrap();
        assert_eq!(
            event.instance,
            r#"{"price": 1.10,"n":12345678901234567890123}"#
        );
        assert_eq!(event.before.as_deref(), Some(r#"{"b":1.10, "a":[]}"#));
        assert_eq!(event.content_type, "shop.Sale");
        assert_eq!(event.signal, Signal::PreDelete);
        assert_eq!(event.time.as_deref(), Some("2026-01-01T00:00:00Z"));
    }

    #[test]
    fn an_id_is_text_or_integer_or_given() {
        for (written, id) in [
            ("", "given"),
            (r#","id":"a\u0062""#, "ab"),
            (r#","id":-7"#, "-7"),
            (r#","id":null"#, "given"),
        ] {
            assert_eq!(read(&with(written)).unwrap().id, id);
        }
        let long = format!(r#","id":"{}""#, "x".repeat(MAX_ID + 1));
        for written in [
            r#","id":"""#,
            r#","id":1.5"#,
            r#","id":1e3"#,
            r#","id":[]"#,
            r#","id":true"#,
            &long,
        ] {
            assert_eq!(
                read(&with(written)),
                Err(EventError::InvalidId),
                "{written}"
            );
        }
    }

    #[test]
    fn a_content_type_is_text_or_its_parts() {
        for written in [
            r#""shop.sale""#,
            r#"{"app_label":"shop","model":"sale"}"#,
            r#"{"app_label":"shop","model_name":"sale"}"#,
        ] {
            let line =
                format!(r#"{{"signal":"post_save","content_type":{written},"instance":{{}}}}"#);
            assert_eq!(read(&line).unwrap().content_type, "shop.sale");
        }
        for written in ["shop", ".sale", "shop.", "", "a.b.c"] {
            let line =
                format!(r#"{{"signal":"post_save","content_type":"{written}","instance":{{}}}}"#);
            assert_eq!(
                read(&line),
                Err(EventError::InvalidContentType(written.into()))
            );
        }
    }

    #[test]
    fn a_null_before_is_none() {
        assert_eq!(read(&with(r#","before":null"#)).unwrap().before, None);
    }

    #[test]
    fn what_is_no_event_says_why() {
        let shown = [
            r#"["1","post_save","a.b",{}]"#,
            "{",
            "{}",
            &with(r#","befor":{}"#),
            &with(r#","before":[]"#),
            r#"{"signal":"saved","content_type":"a.b","instance":{}}"#,
            r#"{"signal":"post_save","content_type":7,"instance":{}}"#,
            r#"{"signal":"post_save","content_type":"a.b","instance":7}"#,
        ]
        .map(|line| {
            let error = read(line).unwrap_err();
            format!("{}: {error}", error.code())
        });
        insta::assert_snapshot!(shown.join("\n"));
    }

    #[test]
    fn deep_nesting_is_only_text() {
        let deep = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
        let event = read(&format!(
            r#"{{"signal":"post_save","content_type":"a.b","instance":{{"deep":{deep}}}}}"#
        ));
        assert_eq!(
            event.unwrap().instance.len(),
            400_000 + r#"{"deep":}"#.len()
        );
    }

    #[test]
    fn bytes_are_bounded_before_they_are_parsed() {
        let line = with("");
        let read = |maximum| Event::from_bytes(line.as_bytes(), maximum, String::new);
        assert!(read(line.len()).is_ok());
        let (actual, maximum) = (line.len(), line.len() - 1);
        assert_eq!(read(maximum), Err(EventError::TooLarge { actual, maximum }));
    }

    #[test]
    fn bytes_that_are_not_text_say_where() {
        let read = Event::from_bytes(b"{\"signal\": \"\xff\"}", 100, String::new);
        assert_eq!(read, Err(EventError::NotUtf8 { offset: 12 }));
    }
}
