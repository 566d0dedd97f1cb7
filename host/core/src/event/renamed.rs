//! An event under another id.

use action_triggers_vocabulary::quote;

use super::{EventError, EventText, object::Object};

impl EventText {
    /// The same event under another id, which stands in its text.
    ///
    /// # Errors
    ///
    /// The text is not one JSON object.
    pub fn renamed(&self, id: impl Into<String>) -> Result<Self, EventError> {
        let id = id.into();
        let object = Object::parse(&self.text).map_err(|error| EventError::Invalid {
            code: "event_malformed".into(),
            message: format!("the event is not a JSON object: {error}"),
            span: 0..0,
            line: 1,
            column: 1,
        })?;
        let mut text = String::with_capacity(self.text.len() + id.len() + 16);
        text.push_str("{\"id\":");
        quote::string(&id, &mut text);
        for (name, value) in object.members().filter(|(name, _)| *name != "id") {
            text.push(',');
            quote::string(name, &mut text);
            text.push(':');
            text.push_str(value);
        }
        text.push('}');
        Ok(Self { text, id })
    }
}
