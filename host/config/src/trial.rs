//! Tries the records of a queue before there is an event: what is known of them must be
//! something that the host takes and its cluster's REST proxy carries.

use action_triggers_vocabulary::PublishError;

use super::finding::{error, name_of};
use crate::{
    broker::{Offer, Payload, Registry},
    outcome::{Diagnostic, Frequency, KnownHeader, KnownRecord, KnownValue, LoadedQueue, Severity},
};

/// No cluster is told to take so many bytes. What a guest says is not trusted, so no more
/// of them are tried.
const MOST_TRIED: usize = 64 << 20;

/// The shortest JSON that every proxy takes: some refuse numbers, others what is empty.
const TAKEN_EVERYWHERE: &str = "\"x\"";

pub(super) struct Trial<'a> {
    pub(super) registry: &'a Registry,
    /// Whether the value of every record has a number that is too large for many readers.
    pub(super) has_large_number: bool,
}

/// Texts that stand for what only an event tells; all together they are bounded.
struct Filler {
    left: usize,
    has_large_number: bool,
}

impl Filler {
    fn text(&mut self, bytes: usize) -> String {
        let bytes = bytes.min(self.left);
        self.left -= bytes;
        "x".repeat(bytes)
    }

    fn json(&mut self, bytes: usize) -> String {
        match bytes {
            _ if self.has_large_number => {
                // No shorter value has one and something that an event tells.
                let others = bytes.saturating_sub("[1e999,\"\"]".len());
                format!("[1e999,\"{}\"]", self.text(others))
            }
            0 | 1 => "1".to_owned(),
            bytes => format!("\"{}\"", self.text(bytes - 2)),
        }
    }
}

impl Trial<'_> {
    /// Why no record of the queue can be published; or else why those cannot that
    /// have what the queue's templates may give them.
    pub(super) fn of(&self, queue: &LoadedQueue, value: &KnownValue) -> Option<Diagnostic> {
        let records = queue.records.as_ref();
        if let Some(fault) = self.fault(queue, self.offers(records, value)) {
            return Some(fault);
        }
        let possible = possible(records?);
        let mut fault = self.fault(queue, self.offers(Some(&possible), value))?;
        fault.severity = Severity::Warning;
        Some(fault)
    }

    /// Why each of the offers is refused.
    fn fault(&self, queue: &LoadedQueue, offers: Vec<Offer>) -> Option<Diagnostic> {
        let mut first = None;
        for offer in offers {
            let refusal = self.registry.rehearse(queue, offer).err()?;
            first.get_or_insert(refusal);
        }
        let refusal = first?;
        let message = match &refusal {
            PublishError::NotWritable { message, .. } => {
                format!("no record of this queue can be sent: {message}")
            }
            refusal => refusal.to_string(),
        };
        let path = match &refusal {
            PublishError::NotWritable { .. } | PublishError::InvalidRecord(_) => {
                format!("{}.record", queue.path)
            }
            _ => name_of(queue),
        };
        Some(error(refusal.code(), &path, message, String::new()))
    }

    /// The smallest records there may be: one of them is taken, or none is.
    fn offers(&self, records: Option<&KnownRecord>, value: &KnownValue) -> Vec<Offer> {
        let mut filler = Filler {
            left: MOST_TRIED,
            has_large_number: self.has_large_number,
        };
        let key = records.map(|records| filler.text(records.key_bytes));
        let headers = records.map_or(&[][..], |records| &records.headers);
        let headers: Vec<_> = headers.iter().map(|one| header(one, &mut filler)).collect();
        let timestamp_ms = records.and_then(|records| match records.timestamp {
            Frequency::All => Some(records.timestamp_ms.unwrap_or(0)),
            Frequency::None | Frequency::Some => None,
        });
        let is_tombstone = records.is_some_and(|records| records.tombstone == Frequency::All);
        let values = if is_tombstone {
            vec![Payload::Tombstone]
        } else {
            values(value, &mut filler)
        };
        let offer = |value| Offer {
            key: key.clone(),
            headers: headers.clone(),
            timestamp_ms,
            ..Offer::new(value)
        };
        values.into_iter().map(offer).collect()
    }
}

/// The records that have what some of them may have.
fn possible(records: &KnownRecord) -> KnownRecord {
    let at_most = |frequency| match frequency {
        Frequency::Some => Frequency::All,
        known => known,
    };
    KnownRecord {
        timestamp: at_most(records.timestamp),
        tombstone: at_most(records.tombstone),
        ..records.clone()
    }
}

/// Only a value that is always empty is tried as that.
fn header(header: &KnownHeader, filler: &mut Filler) -> (String, String) {
    let least = usize::from(!header.is_fixed);
    let value = filler.text(header.value_bytes.max(least));
    (header.name.clone(), value)
}

fn values(value: &KnownValue, filler: &mut Filler) -> Vec<Payload> {
    match value {
        KnownValue::FixedJson(text) => vec![Payload::Json(text.clone())],
        KnownValue::FixedText(text) => vec![Payload::Text(text.clone())],
        KnownValue::Text(bytes) => vec![Payload::Text(filler.text(*bytes))],
        KnownValue::Json(bytes) | KnownValue::Either(bytes) => {
            let shortest = Payload::Json(filler.json(*bytes));
            let longer = Payload::Json(TAKEN_EVERYWHERE.to_owned());
            let is_short = *bytes < TAKEN_EVERYWHERE.len();
            [shortest]
                .into_iter()
                .chain(is_short.then_some(longer))
                .collect()
        }
    }
}
