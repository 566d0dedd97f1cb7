//! An event under another id.

use std::fmt;

use action_triggers_vocabulary::quote;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{EventError, EventText};

impl EventText {
    /// The same event under another id, which stands in its text.
    ///
    /// # Errors
    ///
    /// The text is not one JSON object.
    pub fn renamed(&self, id: impl Into<String>) -> Result<Self, EventError> {
        let id = id.into();
        let members: Members<'_> =
            serde_json::from_str(&self.text).map_err(|error| EventError::Invalid {
                code: "event_malformed".into(),
                message: format!("the event is not a JSON object: {error}"),
                span: 0..0,
                line: 1,
                column: 1,
            })?;
        let mut text = String::with_capacity(self.text.len() + id.len() + 16);
        text.push_str("{\"id\":");
        quote::string(&id, &mut text);
        for (name, value) in members.0.iter().filter(|(name, _)| name != "id") {
            text.push(',');
            quote::string(name, &mut text);
            text.push(':');
            text.push_str(value.get());
        }
        text.push('}');
        Ok(Self { text, id })
    }
}

/// The members of an object as they came: in their order, every one of them.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor).map(Self)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}
