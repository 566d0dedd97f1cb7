//! Debezium's change events: what was done with a row, the row before and after, and where it
//! stands. With their schema they are wrapped into `schema` and `payload`.

mod schema;
mod value;

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use action_triggers_vocabulary::{Place, content_type};

use self::{
    schema::Schema,
    value::{Choices, Decoding, Encoding},
};
use super::{
    change::{Change, Row},
    decoded::{Content, Skipped},
    error::{DecodeError, shown},
    models::{FieldType, Models},
    sources::{DebeziumSource, Table},
    temporal::{self, Precision},
};
use crate::event::object::{Object, string};

const TABLES: &str = "sources.debezium.content_types";

/// How rows are decoded whose events come without their schema, by content type.
#[derive(Clone, Debug, Default)]
pub(super) struct Undeclared(HashMap<String, Arc<Rows>>);

/// How the rows of an event are decoded.
#[derive(Debug)]
struct Rows {
    before: Decoding,
    after: Decoding,
}

/// Decodes the change events of one body.
pub(super) struct Reader<'s> {
    source: &'s DebeziumSource,
    undeclared: &'s Undeclared,
    /// By the text of the schema, which is the same for all events of a table.
    schemas: HashMap<String, Arc<Rows>>,
}

/// What is known of a change besides its envelope.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) id: Option<String>,
    pub(super) op: Option<String>,
    pub(super) schema: Option<String>,
    pub(super) table: Option<String>,
    pub(super) time: Option<String>,
}

impl Undeclared {
    /// As a set of triggers declares fields.
    pub(super) fn new(models: &Models, precision: Option<Precision>) -> Self {
        let encoding = |field_type| match (field_type, precision) {
            (FieldType::Decimal, _) => Encoding::UndeclaredDecimal,
            (FieldType::Date, _) => Encoding::Date,
            (FieldType::Time, Some(precision)) => Encoding::Time(precision),
            (FieldType::Time, None) => Encoding::UndeclaredTime,
            (FieldType::Datetime, Some(precision)) => Encoding::Datetime(precision),
            (FieldType::Datetime, None) => Encoding::UndeclaredDatetime,
        };
        let rows = |(name, fields): (&str, &[(String, FieldType)])| {
            let fields = fields.iter();
            let members = fields.map(|(name, of)| (name.clone(), Decoding::Of(encoding(*of))));
            let row = Decoding::Members(members.collect());
            let rows = Rows {
                before: row.clone(),
                after: row,
            };
            (name.to_owned(), Arc::new(rows))
        };
        Self(models.iter().map(rows).collect())
    }
}

/// An envelope, and where it stands.
struct Envelope<'a> {
    members: Object<'a>,
    place: Place,
    schema: Option<&'a str>,
}

impl<'s> Reader<'s> {
    pub(super) fn new(source: &'s DebeziumSource, undeclared: &'s Undeclared) -> Self {
        Self {
            source,
            undeclared,
            schemas: HashMap::new(),
        }
    }

    /// Decodes one event, of which this is known besides.
    ///
    /// # Errors
    ///
    /// It has not the form of one, a value of the row cannot be decoded, or its table has no
    /// content type.
    pub(super) fn decode<'a>(
        &mut self,
        text: &'a str,
        told: Told,
    ) -> Result<Content<'a>, DecodeError> {
        let Some(envelope) = envelope(text)? else {
            return Ok(Content::Skipped(Skipped::Tombstone));
        };
        let members = &envelope.members;
        let op = told.op.or_else(|| Some(members.text("op")?.into_owned()));
        let Some(op) = op else {
            return if is_housekeeping(members) {
                Ok(Content::Skipped(Skipped::Housekeeping))
            } else {
                let message = "`op` is missing: send Debezium's whole envelope with `op`, `before` and `after`; a row alone does not say what happened to it";
                Err(DecodeError::malformed(envelope.place.member("op"), message))
            };
        };
        match op.as_str() {
            "c" | "u" | "d" => {}
            "r" if self.source.snapshots => {}
            "r" => return Ok(Content::Skipped(Skipped::Snapshot)),
            "t" | "m" => return Ok(Content::Skipped(Skipped::Housekeeping)),
            other => {
                let message = format!(
                    "invalid `op` `{}`: expected `c`, `u`, `d` or `r`",
                    shown(other)
                );
                return Err(DecodeError::malformed(envelope.place.member("op"), message));
            }
        }
        let origin = members.object("source");
        let content_type =
            self.content_type(&envelope.place, origin.as_ref(), told.schema, told.table)?;
        let change = Change {
            row: self.row(&envelope, &op, &content_type)?,
            content_type,
            id: told.id,
            time: told.time.or_else(|| time(origin.as_ref(), members)),
        };
        Ok(change.content())
    }

    fn content_type(
        &self,
        place: &Place,
        origin: Option<&Object<'_>>,
        schema: Option<String>,
        table: Option<String>,
    ) -> Result<String, DecodeError> {
        let source = place.member("source");
        let named = |name: &str| {
            origin
                .and_then(|origin| origin.text(name))
                .map(Cow::into_owned)
        };
        let filled = |name: &str| named(name).filter(|text| !text.is_empty());
        let name = table
            .or_else(|| filled("table"))
            .or_else(|| filled("collection"));
        let name = name.ok_or_else(|| {
            let message = "`source` must be an object with `table`, and `schema` or `db`";
            DecodeError::malformed(source.clone(), message)
        })?;
        // Databases without schemas have databases instead.
        let schema = schema.or_else(|| filled("schema")).or_else(|| filled("db"));
        let table = Table {
            schema: schema.as_deref(),
            name: &name,
            place: &source.member("table"),
        };
        self.source.tables.content_type(table, TABLES)
    }

    fn row<'a>(
        &mut self,
        envelope: &Envelope<'a>,
        op: &str,
        content_type: &str,
    ) -> Result<Row<'a>, DecodeError> {
        let rows = self.rows(envelope, content_type)?;
        let choices = Choices {
            is_utc: self.source.datetimes_are_utc,
        };
        let decoded = |name: &str, decoding: &Decoding| {
            let Some(row) = envelope.members.get(name) else {
                return Ok(None);
            };
            let place = envelope.place.member(name);
            let row = decoding.decode(row, choices, &place)?;
            Ok(Some(unquoted(row)))
        };
        let (nothing, rows) = (Decoding::AsItCame, rows.as_deref());
        let before = decoded("before", rows.map_or(&nothing, |rows| &rows.before))?;
        let after = decoded("after", rows.map_or(&nothing, |rows| &rows.after))?;
        let missing = |name: &str, help: &str| {
            let message = format!("`{name}` is missing{help}");
            DecodeError::malformed(envelope.place.member(name), message)
        };
        match (op, before, after) {
            ("d", Some(before), _) => Ok(Row::Deleted(before)),
            ("d", None, _) => Err(missing(
                "before",
                ": let the database tell which row was deleted, in PostgreSQL by `REPLICA IDENTITY`",
            )),
            (_, _, None) => Err(missing("after", "")),
            ("c", _, Some(now)) => Ok(Row::Created(now)),
            ("u", before, Some(now)) => Ok(Row::Updated { now, before }),
            (_, _, Some(now)) => Ok(Row::Seen(now)),
        }
    }

    /// How the rows of an event are decoded: as its schema says; without one, as the set of
    /// triggers declares.
    fn rows(
        &mut self,
        envelope: &Envelope<'_>,
        content_type: &str,
    ) -> Result<Option<Arc<Rows>>, DecodeError> {
        let Some(text) = envelope.schema else {
            let name = content_type::normalized(content_type);
            return Ok(name.and_then(|name| self.undeclared.0.get(&*name).cloned()));
        };
        if let Some(known) = self.schemas.get(text) {
            return Ok(Some(known.clone()));
        }
        let schema: Schema<'_> = serde_json::from_str(text).map_err(|error| {
            let message = format!("this is not a schema of Kafka Connect: {error}");
            DecodeError::malformed(Place::root().member("schema"), message)
        })?;
        let rows = Arc::new(Rows {
            before: schema.of_member("before"),
            after: schema.of_member("after"),
        });
        self.schemas.insert(text.to_owned(), rows.clone());
        Ok(Some(rows))
    }
}

/// The envelope in an event; none in a tombstone.
fn envelope(text: &str) -> Result<Option<Envelope<'_>>, DecodeError> {
    let root = Place::root();
    if text.trim_ascii() == "null" {
        return Ok(None);
    }
    let malformed = |place: Place| {
        let message = "expected a change event of Debezium: a JSON object";
        DecodeError::malformed(place, message)
    };
    let Some(outer) = Object::read(text) else {
        return Err(malformed(root));
    };
    if outer.has("op") || !outer.has("payload") {
        return Ok(Some(Envelope {
            members: outer,
            place: root,
            schema: None,
        }));
    }
    let Some(payload) = outer.get("payload") else {
        return Ok(None);
    };
    let place = root.member("payload");
    let Some(members) = Object::read(payload) else {
        return Err(malformed(place));
    };
    Ok(Some(Envelope {
        members,
        place,
        schema: outer.get("schema"),
    }))
}

/// Whether an event without `op` is one that Debezium sends besides those of rows: a
/// heartbeat, the begin or end of a transaction, a change of a table's schema.
fn is_housekeeping(members: &Object<'_>) -> bool {
    let is_heartbeat = || {
        let mut names = members.members().map(|(name, _)| name);
        members.has("ts_ms") && names.all(|name| name.starts_with("ts_"))
    };
    let is_transaction = || members.has("status") && members.has("id");
    is_heartbeat() || is_transaction() || members.has("ddl") || members.has("tableChanges")
}

/// When the row changed, else when Debezium heard of it.
fn time(origin: Option<&Object<'_>>, members: &Object<'_>) -> Option<String> {
    // Some connectors write 0 where they do not know it.
    let changed = origin.and_then(|origin| origin.integer("ts_ms"));
    let changed = changed.filter(|milliseconds| *milliseconds != 0);
    let milliseconds = changed.or_else(|| members.integer("ts_ms"))?;
    let time = temporal::datetime(milliseconds, Precision::Milliseconds)?;
    Some(time + "Z")
}

/// A row that came as text, as those of `MongoDB` do.
fn unquoted(row: Cow<'_, str>) -> Cow<'_, str> {
    let text = string(&row).filter(|text| Object::read(text).is_some());
    match text.map(Cow::into_owned) {
        Some(text) => Cow::Owned(text),
        None => row,
    }
}
