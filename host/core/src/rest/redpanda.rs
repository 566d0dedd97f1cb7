//! Redpanda's answers to v2: per partition instead of per record.

use super::{
    dialect::Dialect,
    redact::Redactor,
    v2::{self, Entry},
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
                of_partition(named(partition), certain.then_some(place), redactor)
            }
            (None, [entry]) => of_partition(Some(entry), Some(index), redactor),
            (None, _) => of_any_partition(entries, redactor),
        })
        .collect()
}

/// The verdict on the record at `place`, if that is certain, in its partition.
fn of_partition(entry: Option<&Entry>, place: Option<usize>, redactor: &Redactor) -> Verdict {
    let Some(entry) = entry else {
        return Finding::Unknown("bad_answer").verdict(
            "the proxy did not name the record's partition".to_owned(),
            None,
            1,
        );
    };
    let offset = |first: u64| first.checked_add(u64::try_from(place?).ok()?);
    match v2::of_entry(Dialect::Redpanda, entry, redactor) {
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
fn of_any_partition(entries: &[Entry], redactor: &Redactor) -> Verdict {
    let failed = entries
        .iter()
        .find(|entry| v2::error_code(Dialect::Redpanda, entry).is_some());
    match failed {
        _ if entries.is_empty() => v2::miscounted(0, 1),
        None => Verdict::Delivered {
            partition: None,
            offset: None,
        },
        Some(entry) => match v2::of_entry(Dialect::Redpanda, entry, redactor) {
            Verdict::Permanent(reason) | Verdict::Retriable(reason) => Verdict::Unknown(reason),
            verdict => verdict,
        },
    }
}
