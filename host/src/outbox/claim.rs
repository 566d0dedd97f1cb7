//! Room taken for records before they are handed over, for callers that do not wait:
//! they get room for all of their records, or none has any.

use std::sync::{Arc, Mutex, PoisonError};

use super::{
    error::StoreError,
    room::{Room, Rooms},
};
use crate::record::StoredRecord;

/// A record that has room and is not in the store yet. Dropping it gives the room back.
pub(crate) type Claimed = (StoredRecord, Room);

/// The room that the records of one call have so far.
pub(crate) struct Claim {
    rooms: Arc<Rooms>,
    /// How many records, and bytes of them.
    held: Mutex<(usize, usize)>,
}

impl Claim {
    pub(super) fn new(rooms: Arc<Rooms>) -> Self {
        Self {
            rooms,
            held: Mutex::default(),
        }
    }

    /// Looks whether there is room at all.
    ///
    /// # Errors
    ///
    /// There is none now for any record.
    pub(crate) fn look(&self) -> Result<(), StoreError> {
        if self.rooms.is_full() {
            return Err(StoreError::NoRoom);
        }
        Ok(())
    }

    /// Takes room for some of the call's records.
    ///
    /// # Errors
    ///
    /// There is none for one of them.
    pub(crate) fn take(&self, records: Vec<StoredRecord>) -> Result<Vec<Claimed>, StoreError> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let claimed = records.into_iter().map(|stored| {
            let (cluster, bytes) = (stored.cluster(), stored.record.size());
            let room = self.rooms.try_take(&cluster, bytes);
            let room = room.map_err(|why| self.rooms.refusal(why, &cluster, *held))?;
            *held = (held.0 + 1, held.1.saturating_add(bytes));
            Ok((stored, room))
        });
        claimed.collect()
    }
}
