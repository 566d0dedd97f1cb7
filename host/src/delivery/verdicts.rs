//! Verdicts that are given here, and not by the publisher.

use tokio::task::JoinError;

use crate::{
    outbox::StoreError,
    publisher::{Reason, Verdict},
};

/// The code of a record that somebody took out of the store.
pub(super) const PURGED: &str = "purged";

/// A record that somebody took out of the store.
pub(super) fn gone() -> Verdict {
    let message = "it was taken out of the outbox before it was delivered";
    Verdict::Permanent(Reason::new(PURGED, message))
}

/// Verdicts on the records that are there, and on those that are not.
pub(super) fn beside_gone(is_there: &[bool], verdicts: Vec<Verdict>) -> Vec<Verdict> {
    if is_there.iter().all(|is_there| *is_there) {
        return verdicts;
    }
    let mut verdicts = verdicts.into_iter();
    let verdict = |is_there: &bool| {
        if *is_there {
            verdicts.next()
        } else {
            Some(gone())
        }
    };
    is_there.iter().filter_map(verdict).collect()
}

pub(super) fn unread(error: &StoreError) -> Verdict {
    Verdict::Retriable(Reason::new(error.code(), error.to_string()))
}

/// The publisher's verdicts, if it gave one per record.
pub(super) fn one_per_record(
    answer: Result<Vec<Verdict>, JoinError>,
    count: usize,
) -> Vec<Verdict> {
    let message = match answer {
        Ok(verdicts) if verdicts.len() == count => return verdicts,
        Ok(verdicts) => format!(
            "the publisher gave {} verdicts for {count} records",
            verdicts.len()
        ),
        Err(_) => "the publisher panicked".to_owned(),
    };
    let reason = Reason::new("publisher_failed", message);
    vec![Verdict::Unknown(reason); count]
}
