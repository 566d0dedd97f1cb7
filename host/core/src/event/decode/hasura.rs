//! What Hasura's event triggers send: one change of a row, with an id that stays the same
//! when it is sent again.

use std::borrow::Cow;

use action_triggers_vocabulary::Place;

use super::{
    change::{Change, Row},
    decoded::Content,
    error::{DecodeError, shown},
    sources::{Table, Tables},
    temporal,
};
use crate::event::object::Object;

const TABLES: &str = "sources.hasura.content_types";

/// Decodes one.
///
/// # Errors
///
/// It has not the form of one, or its table has no content type.
pub(super) fn decode(
    text: &str,
    tables: &Tables,
) -> Result<(Option<String>, Content<'static>), DecodeError> {
    let (body, at) = body(text)?;
    let event_at = at.member("event");
    let event = body.object("event").ok_or_else(|| {
        DecodeError::malformed(
            event_at.clone(),
            "`event` must be an object with `op` and `data`",
        )
    })?;
    let table = body.object("table");
    let table_at = at.member("table").member("name");
    let name = table.as_ref().and_then(|table| table.text("name"));
    let name = name.ok_or_else(|| {
        DecodeError::malformed(
            table_at.clone(),
            "`table` must be an object with `schema` and `name`",
        )
    })?;
    let schema = table.as_ref().and_then(|table| table.text("schema"));
    let id = body.text("id").map(Cow::into_owned);
    let change = Change {
        content_type: tables.content_type(
            Table {
                schema: schema.as_deref(),
                name: &name,
                place: &table_at,
            },
            TABLES,
        )?,
        row: row(&event, &event_at)?,
        time: body
            .text("created_at")
            .and_then(|time| temporal::rfc3339(&time)),
        id: id.clone(),
    };
    Ok((id, change.content()))
}

/// The body; some versions of Hasura's documentation show it inside of `payload`.
fn body(text: &str) -> Result<(Object<'_>, Place), DecodeError> {
    let root = Place::root();
    let outer = Object::read(text);
    let inner = outer.as_ref().and_then(|outer| outer.object("payload"));
    match (outer, inner) {
        (_, Some(inner)) if inner.has("event") => Ok((inner, root.member("payload"))),
        (Some(outer), _) => Ok((outer, root)),
        (None, _) => Err(DecodeError::malformed(
            root,
            "expected the JSON object that Hasura sends for an event trigger",
        )),
    }
}

fn row<'a>(event: &Object<'a>, at: &Place) -> Result<Row<'a>, DecodeError> {
    let data = event.object("data");
    let row = |name: &str| {
        let found = data.as_ref().and_then(|data| data.get(name));
        found.map(Cow::Borrowed)
    };
    let needed = |name: &str| {
        row(name).ok_or_else(|| {
            let message = format!("`data.{name}` is missing");
            DecodeError::malformed(at.member("data").member(name), message)
        })
    };
    let op = event.text("op").unwrap_or_default();
    match &*op {
        "INSERT" => Ok(Row::Created(needed("new")?)),
        "UPDATE" => Ok(Row::Updated {
            now: needed("new")?,
            before: row("old"),
        }),
        "MANUAL" => Ok(Row::Seen(needed("new")?)),
        "DELETE" => Ok(Row::Deleted(needed("old")?)),
        other => {
            let message = format!(
                "invalid `op` `{}`: expected `INSERT`, `UPDATE`, `DELETE` or `MANUAL`",
                shown(other)
            );
            Err(DecodeError::malformed(at.member("op"), message))
        }
    }
}
