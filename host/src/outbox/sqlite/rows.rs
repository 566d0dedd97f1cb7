//! Records as rows.

use bytes::Bytes;
use rusqlite::{Row, ToSql, types::Type};

use crate::record::{Header, Record, StoredRecord};

/// What a record's row has, besides its number, its lane and its source: in both tables
/// alike.
pub(super) const COLUMNS: &str = "event, ordering_key, timeout_ms, accepted_ms, deadline_ms, \
     flags, key, headers, partition, timestamp_ms, value, bytes";

/// What [`record`] reads of a row `r` with its lane `l` and its source `s`.
pub(super) const RECORD: &str = "r.number, l.tenant, l.bootstrap_servers, l.topic, s.broker, \
     s.trigger, s.queue, r.event, r.ordering_key, r.timeout_ms, r.accepted_ms, r.deadline_ms, \
     r.flags, r.key, r.headers, r.partition, r.timestamp_ms, r.value";

/// How many columns that is.
pub(super) const RECORD_COLUMNS: usize = 18;

pub(super) const JOINS: &str = "JOIN lanes l ON l.id = r.lane JOIN sources s ON s.id = r.source";

const VALUE_IS_JSON: u8 = 1;
const ID_IS_GIVEN: u8 = 2;
/// Set in `flags` where an attempt may have written the record.
pub(super) const MAY_BE_WRITTEN: u8 = 4;

/// Inserts a record under a number.
pub(super) const INSERT: &str = "INSERT INTO waiting (number, lane, source, event, ordering_key, \
     timeout_ms, accepted_ms, deadline_ms, flags, key, headers, partition, timestamp_ms, value, \
     bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";

/// Runs [`INSERT`].
pub(super) fn insert(
    statement: &mut rusqlite::Statement<'_>,
    (number, lane, source): (u64, i64, i64),
    record: &StoredRecord,
) -> rusqlite::Result<()> {
    let written = &record.record;
    let headers = packed(&written.headers);
    let flags = flags(record);
    let bytes = written.size();
    let values: [&dyn ToSql; 15] = [
        &number,
        &lane,
        &source,
        &record.event,
        &record.ordering_key,
        &record.timeout_ms,
        &record.accepted_ms,
        &record.deadline_ms,
        &flags,
        &written.key.as_deref(),
        &headers,
        &written.partition,
        &written.timestamp_ms,
        &written.value.as_deref(),
        &bytes,
    ];
    statement.execute(values.as_slice()).map(drop)
}

fn flags(record: &StoredRecord) -> u8 {
    let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
    flag(record.record.value_is_json, VALUE_IS_JSON)
        | flag(record.id_is_given, ID_IS_GIVEN)
        | flag(record.may_be_written, MAY_BE_WRITTEN)
}

/// Reads a record and its number.
pub(super) fn record(row: &Row<'_>) -> rusqlite::Result<(u64, StoredRecord)> {
    let flags: u8 = row.get(12)?;
    let bytes = |column| -> rusqlite::Result<_> {
        Ok(row.get::<_, Option<Vec<u8>>>(column)?.map(Bytes::from))
    };
    let headers = headers(row, 14)?;
    let mut stored = StoredRecord::default();
    stored.tenant = row.get(1)?;
    stored.bootstrap_servers = row.get(2)?;
    stored.topic = row.get(3)?;
    stored.broker = row.get(4)?;
    stored.trigger = row.get(5)?;
    stored.queue = row.get(6)?;
    stored.event = row.get(7)?;
    stored.ordering_key = row.get(8)?;
    stored.timeout_ms = row.get(9)?;
    stored.accepted_ms = row.get(10)?;
    stored.deadline_ms = row.get(11)?;
    stored.id_is_given = flags & ID_IS_GIVEN != 0;
    stored.may_be_written = flags & MAY_BE_WRITTEN != 0;
    let (key, value) = (bytes(13)?, bytes(17)?);
    let (partition, timestamp_ms) = (row.get(15)?, row.get(16)?);
    stored.record = Record::default().with(|record| {
        record.key = key;
        record.headers = headers;
        record.partition = partition;
        record.timestamp_ms = timestamp_ms;
        record.value = value;
        record.value_is_json = flags & VALUE_IS_JSON != 0;
    });
    Ok((row.get(0)?, stored))
}

/// Reads headers.
pub(super) fn headers(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<Header>> {
    let Some(packed) = row.get::<_, Option<Vec<u8>>>(column)? else {
        return Ok(Vec::new());
    };
    unpacked(packed.into()).ok_or_else(|| {
        let error = "headers cannot be read".into();
        rusqlite::Error::FromSqlConversionFailure(column, Type::Blob, error)
    })
}

/// Names and values one after the other, each behind its length; none where there are none.
pub(super) fn packed(headers: &[Header]) -> Option<Vec<u8>> {
    if headers.is_empty() {
        return None;
    }
    let mut packed = Vec::new();
    for (name, value) in headers {
        for part in [name.as_bytes(), value] {
            let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
            packed.extend_from_slice(&length.to_le_bytes());
            packed.extend_from_slice(part);
        }
    }
    Some(packed)
}

fn unpacked(mut packed: Bytes) -> Option<Vec<Header>> {
    let mut headers = Vec::new();
    while !packed.is_empty() {
        let mut part = || {
            let length = u32::from_le_bytes(*packed.first_chunk()?);
            let end = 4_usize.checked_add(usize::try_from(length).ok()?)?;
            if packed.len() < end {
                return None;
            }
            Some(packed.split_to(end).slice(4..))
        };
        let (name, value) = (part()?, part()?);
        headers.push((String::from_utf8(name.into()).ok()?, value));
    }
    Some(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_come_back_as_they_were_and_half_of_them_is_nothing() {
        let headers = vec![
            ("a".to_owned(), Bytes::new()),
            (String::new(), Bytes::from_static(b"\0\xff")),
        ];
        assert_eq!(packed(&[]), None);
        let bytes = packed(&headers).unwrap();
        assert_eq!(unpacked(bytes.clone().into()), Some(headers));
        assert_eq!(unpacked(Bytes::from(bytes).slice(..7)), None);
    }
}
