//! Redpanda's answers to v2: per partition instead of per record.

use std::collections::BTreeSet;

use super::{
    dialect::Dialect::Redpanda,
    entry::{self, Entry},
    redact::Redactor,
    verdict::Finding,
};
use crate::{record::Record, verdict::Verdict};

/// Redpanda answers once per partition, in no order, with the offset of the
/// partition's first record.
pub(super) fn verdicts(
    records: &[&Record],
    entries: &[Entry],
    redactor: &Redactor,
) -> Vec<Verdict> {
    let count = records.len();
    if is_per_record(entries, count) {
        let of_entry = |(entry, record): (&Entry, &&Record)| {
            entry::of_entry(Redpanda, entry, (record, count), redactor)
        };
        return entries.iter().zip(records).map(of_entry).collect();
    }
    let named = |partition: u32| {
        entries
            .iter()
            .find(|entry| entry.partition == Some(i64::from(partition)))
    };
    records
        .iter()
        .enumerate()
        .map(|(index, record)| match (record.partition, entries) {
            (Some(partition), _) => {
                let earlier = records.iter().take(index);
                let place = earlier
                    .filter(|other| other.partition == record.partition)
                    .count();
                // Others, left to the proxy, may lie between those of a partition.
                let certain = records.iter().all(|other| other.partition.is_some());
                let place = certain.then_some(place);
                of_partition(named(partition), place, (record, count), redactor)
            }
            (None, [entry]) => of_partition(Some(entry), Some(index), (record, count), redactor),
            (None, _) => of_any_partition(entries, (record, count), redactor),
        })
        .collect()
}

/// Whether this is another proxy's answer, one entry a record: some partition is
/// named twice, or none is.
fn is_per_record(entries: &[Entry], records: usize) -> bool {
    let named: BTreeSet<_> = entries.iter().filter_map(|entry| entry.partition).collect();
    records > 1 && entries.len() == records && named.len() < records
}

/// The verdict on the record at `place`, if that is certain, in its partition.
fn of_partition(
    entry: Option<&Entry>,
    place: Option<usize>,
    (record, records): (&Record, usize),
    redactor: &Redactor,
) -> Verdict {
    let Some(entry) = entry else {
        return Finding::Unknown("bad_answer").verdict(
            "the proxy did not name the record's partition".to_owned(),
            None,
            1,
        );
    };
    let offset = |first: u64| first.checked_add(u64::try_from(place?).ok()?);
    match entry::of_entry(Redpanda, entry, (record, records), redactor) {
        Verdict::Delivered {
            partition,
            offset: Some(first),
        } => Verdict::Delivered {
            partition,
            offset: offset(first),
        },
        verdict => verdict,
    }
}

/// The verdict on a record that may lie in any of several partitions.
fn of_any_partition(
    entries: &[Entry],
    (record, records): (&Record, usize),
    redactor: &Redactor,
) -> Verdict {
    let failed = entries.iter().find(|entry| entry.error().is_some());
    match failed {
        _ if entries.is_empty() => entry::miscounted(entries, 1),
        None => Verdict::Delivered {
            partition: None,
            offset: None,
        },
        Some(entry) => match entry::of_entry(Redpanda, entry, (record, records), redactor) {
            Verdict::Permanent(reason) | Verdict::Retriable(reason) | Verdict::Alone(reason) => {
                Verdict::Unknown(reason)
            }
            verdict => verdict,
        },
    }
}
