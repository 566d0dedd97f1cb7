//! Events as the host takes them: JSON text, which only the sandbox takes apart.

pub mod decode;
mod error;
mod id;
mod object;
mod renamed;
#[cfg(test)]
mod tests;
mod text;

pub use action_triggers_vocabulary::Signal;
use serde_json::value::RawValue;

use self::text::Parts;
pub use self::{error::EventError, id::EventIds};

/// An instance was, or is about to be, saved or deleted.
///
/// Its JSON texts stay text: they are spliced into the event's own, so numbers
/// and member order reach the payload as they came.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// Names the event; every record that comes of it carries it.
    pub id: String,
    /// What happened.
    pub signal: Signal,
    /// `app_label.model`.
    pub content_type: String,
    /// The instance, a JSON object.
    pub instance: String,
    /// The instance before the change, a JSON object.
    pub before: Option<String>,
    /// Whether a save made the instance, where that is known.
    pub created: Option<bool>,
    /// When it happened, RFC 3339.
    pub time: Option<String>,
}

impl Event {
    /// An event without `before`, `created` and `time`; `instance` is a JSON object.
    ///
    /// ```
    /// use action_triggers_core::event::{Event, Signal};
    ///
    /// let event = Event::new("e1", Signal::PostSave, "shop.sale", r#"{"price": 10.50}"#);
    /// assert_eq!(
    ///     event.to_json()?,
    ///     r#"{"id":"e1","signal":"post_save","content_type":"shop.sale","instance":{"price": 10.50}}"#
    /// );
    /// # Ok::<(), action_triggers_core::event::EventError>(())
    /// ```
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
            created: None,
            time: None,
        }
    }

    /// With the instance as it was before the change, a JSON object.
    pub fn before(mut self, instance: impl Into<String>) -> Self {
        self.before = Some(instance.into());
        self
    }

    /// Says whether the save made the instance.
    pub fn created(mut self, created: bool) -> Self {
        self.created = Some(created);
        self
    }

    /// Says when it happened, in the form of RFC 3339.
    pub fn time(mut self, time: impl Into<String>) -> Self {
        self.time = Some(time.into());
        self
    }

    /// The event as the sandbox reads it.
    ///
    /// # Errors
    ///
    /// `instance` or `before` is not one JSON value, so that it could not stand
    /// in the text by itself.
    pub fn to_json(&self) -> Result<String, EventError> {
        let parts = Parts {
            id: Some(&self.id),
            signal: self.signal,
            content_type: &self.content_type,
            instance: value("instance", &self.instance)?,
            before: match &self.before {
                Some(before) => Some(value("before", before)?),
                None => None,
            },
            created: self.created,
            time: self.time.as_deref(),
        };
        Ok(parts.text())
    }
}

/// A text that is one JSON value.
fn value<'a>(member: &str, text: &'a str) -> Result<&'a str, EventError> {
    match serde_json::from_str::<&RawValue>(text) {
        Ok(_) => Ok(text),
        Err(error) => Err(EventError::Invalid {
            code: "event_malformed".into(),
            message: format!("`{member}` is not JSON: {error}"),
            span: 0..0,
            line: 1,
            column: 1,
        }),
    }
}

/// An event on its way into the sandbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventText {
    /// The event's JSON text.
    pub text: String,
    /// Names the event where its text has no `id`.
    pub id: String,
}

/// Takes the bytes of an event's text, bounded and as UTF-8.
///
/// # Errors
///
/// There are more than `maximum` bytes, or they are not UTF-8.
pub fn text_of(bytes: &[u8], maximum: usize) -> Result<&str, EventError> {
    if bytes.len() > maximum {
        return Err(EventError::TooLarge { maximum });
    }
    str::from_utf8(bytes).map_err(|error| EventError::NotUtf8 {
        offset: error.valid_up_to(),
    })
}
