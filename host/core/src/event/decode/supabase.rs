//! What Supabase's database webhooks send: one change of a row. They give it no id.

use std::borrow::Cow;

use action_triggers_vocabulary::Place;

use super::{
    change::{Change, Row},
    decoded::Content,
    error::{DecodeError, shown},
    sources::{Table, Tables},
};
use crate::event::object::Object;

const TABLES: &str = "sources.supabase.content_types";

/// Decodes one.
///
/// # Errors
///
/// It has not the form of one, or its table has no content type.
pub(super) fn decode(text: &str, tables: &Tables) -> Result<Content<'static>, DecodeError> {
    let root = Place::root();
    let body = Object::read(text).ok_or_else(|| {
        let message = "expected the JSON object that Supabase sends for a database webhook";
        DecodeError::malformed(root.clone(), message)
    })?;
    let table_at = root.member("table");
    let name = body.text("table").ok_or_else(|| {
        DecodeError::malformed(table_at.clone(), "`table` must be the name of a table")
    })?;
    let schema = body.text("schema");
    let table = Table {
        schema: schema.as_deref(),
        name: &name,
        place: &table_at,
    };
    let change = Change {
        id: None,
        content_type: tables.content_type(table, TABLES)?,
        row: row(&body)?,
        time: None,
    };
    Ok(change.content())
}

fn row<'a>(body: &Object<'a>) -> Result<Row<'a>, DecodeError> {
    let needed = |name: &str| {
        body.get(name).map(Cow::Borrowed).ok_or_else(|| {
            let message = format!("`{name}` is missing");
            DecodeError::malformed(Place::root().member(name), message)
        })
    };
    let kind = body.text("type").unwrap_or_default();
    match &*kind {
        "INSERT" => Ok(Row::Created(needed("record")?)),
        "UPDATE" => Ok(Row::Updated {
            now: needed("record")?,
            before: body.get("old_record").map(Cow::Borrowed),
        }),
        "DELETE" => Ok(Row::Deleted(needed("old_record")?)),
        other => {
            let message = format!(
                "invalid `type` `{}`: expected `INSERT`, `UPDATE` or `DELETE`",
                shown(other)
            );
            Err(DecodeError::malformed(
                Place::root().member("type"),
                message,
            ))
        }
    }
}
