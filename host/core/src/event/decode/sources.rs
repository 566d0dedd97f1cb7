//! What a configuration says of the tools that events come from: `sources`.

use std::collections::BTreeMap;

use action_triggers_vocabulary::content_type;

use super::error::DecodeError;
use action_triggers_vocabulary::Place;

/// How the forms of other tools are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sources {
    /// `sources.hasura.content_types`.
    pub hasura: Tables,
    /// `sources.supabase.content_types`.
    pub supabase: Tables,
}

/// The content types of tables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tables {
    content_types: BTreeMap<String, String>,
}

impl Tables {
    /// With the content type of a table, which is called as its tool calls it, such as
    /// `public.orders`.
    pub fn with(mut self, table: impl Into<String>, content_type: impl Into<String>) -> Self {
        self.content_types.insert(table.into(), content_type.into());
        self
    }
}

/// A table as a tool names it: where it is, and its name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table<'a> {
    pub(super) schema: Option<&'a str>,
    pub(super) name: &'a str,
    /// Where in the event it is named.
    pub(super) place: &'a Place,
}

impl Tables {
    /// The content type of a table: the one that is configured, else `schema.table`.
    ///
    /// # Errors
    ///
    /// None is configured, and that is not a content type. `key` says where one belongs.
    pub(super) fn content_type(&self, table: Table<'_>, key: &str) -> Result<String, DecodeError> {
        let Table { schema, name, .. } = table;
        let full = schema.map_or_else(|| name.to_owned(), |schema| format!("{schema}.{name}"));
        if let Some(configured) = self.content_types.get(&full) {
            return Ok(configured.clone());
        }
        if content_type::normalized(&full).is_some() {
            return Ok(full);
        }
        Err(DecodeError::no_content_type(
            table.place.clone(),
            &full,
            key,
        ))
    }
}
