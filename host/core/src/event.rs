//! Events as the host takes them: JSON text, which only the sandbox takes apart.

mod error;
mod id;
#[cfg(test)]
mod tests;

pub use action_triggers_vocabulary::Signal;
use action_triggers_vocabulary::quote;
use serde_json::value::RawValue;

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
        let mut text = String::with_capacity(self.size() + 128);
        text.push_str("{\"id\":");
        quote::string(&self.id, &mut text);
        text.push_str(",\"signal\":");
        quote::string(self.signal.as_str(), &mut text);
        text.push_str(",\"content_type\":");
        quote::string(&self.content_type, &mut text);
        text.push_str(",\"instance\":");
        text.push_str(value("instance", &self.instance)?);
        if let Some(before) = &self.before {
            text.push_str(",\"before\":");
            text.push_str(value("before", before)?);
        }
        if let Some(created) = self.created {
            text.push_str(",\"created\":");
            text.push_str(if created { "true" } else { "false" });
        }
        if let Some(time) = &self.time {
            text.push_str(",\"time\":");
            quote::string(time, &mut text);
        }
        text.push('}');
        Ok(text)
    }

    /// Bytes of its texts together.
    fn size(&self) -> usize {
        let optional = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        self.id.len()
            + self.content_type.len()
            + self.instance.len()
            + optional(&self.before)
            + optional(&self.time)
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
