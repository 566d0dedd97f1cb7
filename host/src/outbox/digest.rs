//! What tells a record from another one of the same name.

use sha2::{Digest as _, Sha256};

use crate::record::StoredRecord;

/// A digest of what is written, and to which topic.
pub(super) fn digest(record: &StoredRecord) -> [u8; 32] {
    let mut hasher = Sha256::new();
    let parts = [
        Some(record.topic.as_bytes()),
        record.record.key.as_deref(),
        record.record.value.as_deref(),
    ];
    for part in parts {
        // Lengths keep the parts apart; what is missing has one that no bytes have.
        let length = part.map_or(u64::MAX, |part| part.len() as u64);
        hasher.update(length.to_le_bytes());
        hasher.update(part.unwrap_or_default());
    }
    hasher.finalize().into()
}
