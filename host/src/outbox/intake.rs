//! The end of the outbox that accepts records.

use std::{iter::Peekable, sync::Arc, vec};

use action_triggers_core::delivery::NoRoom;
use tokio::sync::{Semaphore, mpsc, oneshot};

use super::{
    Accepted, Entry, Flushed, Outbox, Received,
    claim::{Claim, Claimed},
    error::{Closed, StoreError},
    letter::{Filter, Redecided, StoredEvent},
    room::{Room, Rooms},
    store::{Appended, Change, Store},
};
use crate::{cluster::ClusterId, limits::OutboxLimits, record::StoredRecord};

/// Bytes of records that may be on their way into the store at once, about.
const ENTERING: u32 = 16 << 20;

/// What became of a record that was handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Acceptance {
    /// It is in the outbox.
    Accepted,
    /// The outbox had it before, so it is the same record, sent twice.
    Duplicate,
    /// The event's id was used before for another record: it is refused.
    Reused,
    /// Its cluster has no room left of its share and delivers nothing: it is refused.
    Stalled(StoreError),
}

impl From<Appended> for Acceptance {
    fn from(appended: Appended) -> Self {
        match appended {
            Appended::New(_) => Self::Accepted,
            Appended::Duplicate => Self::Duplicate,
            Appended::Reused => Self::Reused,
        }
    }
}

/// Records were not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
#[non_exhaustive]
pub struct NotAccepted {
    /// What became of the others, the first ones.
    pub accepted: Vec<Acceptance>,
    /// Why these were not.
    pub error: StoreError,
}

/// Makes an outbox: the end that accepts and the end that delivers, and what bounds
/// them. What an earlier process left takes room from the start.
pub(crate) fn outbox(
    store: Arc<dyn Store>,
    limits: OutboxLimits,
    is_shared: bool,
) -> (Intake, Outbox, Arc<Rooms>) {
    let (entries, receiver) = mpsc::unbounded_channel();
    let rooms = Rooms::new(limits, is_shared);
    let left = store.left();
    for left in &left {
        let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        rooms.count(&left.lane.cluster, signed(left.records), signed(left.bytes));
    }
    // It must not keep the dispatcher waiting for more when nobody else can accept.
    let changes = entries.downgrade();
    store.watch(Box::new(move |change: Change| {
        if let Some(entries) = changes.upgrade() {
            send(&entries, Entry::Received(Received::Changed(change)));
        }
    }));
    let intake = Intake {
        rooms: Arc::clone(&rooms),
        store,
        entries,
        entering: Arc::new(Semaphore::new(ENTERING as usize)),
    };
    (intake, Outbox::new(receiver, left), rooms)
}

/// Events of which something failed, each behind so many records: those of its own and
/// of events before it.
pub(crate) type Placed = Vec<(usize, StoredEvent)>;

/// Records on their way in, and events between them. Those that are left when it ends are
/// lost: the outbox is closed, its store fails, or nobody waits for them any more.
struct Entering {
    records: Peekable<vec::IntoIter<StoredRecord>>,
    events: Peekable<vec::IntoIter<(usize, StoredEvent)>>,
    /// Records taken.
    taken: usize,
    why: StoreError,
}

impl Entering {
    fn new(records: Vec<StoredRecord>, events: Placed) -> Self {
        Self {
            records: records.into_iter().peekable(),
            events: events.into_iter().peekable(),
            taken: 0,
            why: Closed.into(),
        }
    }

    fn next(&mut self) -> Option<StoredRecord> {
        self.taken += 1;
        self.records.next()
    }

    /// Adds the events that stand before the next record.
    fn due(&mut self, events: &mut Vec<StoredEvent>) {
        let taken = self.taken;
        while let Some((_, event)) = self.events.next_if(|(place, _)| *place <= taken) {
            events.push(event);
        }
    }
}

impl Drop for Entering {
    fn drop(&mut self) {
        for record in &mut self.records {
            lost(&record, &self.why);
        }
    }
}

fn lost(record: &StoredRecord, why: &StoreError) {
    warn_of_lost((&record.event, &record.trigger, record.queue), why);
}

/// Says that a record of this event, trigger and queue did not come into the outbox.
pub(crate) fn warn_of_lost((event, trigger, queue): (&str, &str, u32), why: &StoreError) {
    let code = why.code();
    tracing::warn!(event, trigger, queue, code, "a record is lost: {why}");
}

/// The store's answer about a batch, on its way.
type Answer = oneshot::Receiver<Result<Vec<Appended>, StoreError>>;

/// What was done with records, in order.
enum Step {
    /// They are on their way into the store, with the events of which something failed
    /// that are small enough to be kept: which of them are.
    Appended(Answer, Vec<bool>),
    /// One was refused, for its cluster is stalled.
    Refused(StoreError),
}

/// Records that are on their way into the store, in their place among others.
pub(crate) struct Entered {
    steps: Vec<Step>,
    /// Why the rest did not come that far.
    refused: Option<StoreError>,
}

/// What became of records and events that were handed over.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    /// What became of the records, as far as they came.
    pub(crate) accepted: Vec<Acceptance>,
    /// Whether the events are kept, as far as they came.
    pub(crate) kept: Vec<bool>,
    /// Why the rest is not.
    pub(crate) error: Option<StoreError>,
}

impl Entered {
    /// Waits for the store to have them.
    pub(crate) async fn taken(self) -> Taken {
        let mut taken = Taken::default();
        for step in self.steps {
            let (answer, events) = match step {
                Step::Appended(answer, events) => (answer, events),
                Step::Refused(why) => {
                    taken.accepted.push(Acceptance::Stalled(why));
                    continue;
                }
            };
            match answer.await.unwrap_or_else(|_| Err(StoreError::ended())) {
                Ok(appended) => {
                    taken.kept.extend(events);
                    taken
                        .accepted
                        .extend(appended.into_iter().map(Acceptance::from));
                }
                Err(error) => {
                    taken.error = Some(error);
                    return taken;
                }
            }
        }
        taken.error = self.refused;
        taken
    }
}

/// The end that accepts records.
pub(crate) struct Intake {
    rooms: Arc<Rooms>,
    store: Arc<dyn Store>,
    entries: mpsc::UnboundedSender<Entry>,
    entering: Arc<Semaphore>,
}

impl Intake {
    /// Hands records to the store in order; waits while the outbox is full. Those for
    /// which there is room at once go into the store together. The records of one event
    /// always do, with the event where something of it failed; but for those that are
    /// refused because their cluster is stalled.
    pub(crate) async fn enter(&self, records: Vec<StoredRecord>, events: Placed) -> Entered {
        let mut entering = Entering::new(records, events);
        let mut entered = Entered {
            steps: Vec::new(),
            refused: None,
        };
        // Events need no room: what bounds dead letters bounds them.
        let mut events = Vec::new();
        entering.due(&mut events);
        while let Some(first) = entering.records.peek() {
            let room = self.rooms.take(&first.cluster(), first.record.size()).await;
            let room = match room {
                Ok(room) => room,
                Err(stalled @ StoreError::Stalled { .. }) => {
                    if let Some(record) = entering.next() {
                        lost(&record, &stalled);
                    }
                    entering.due(&mut events);
                    entered.steps.push(Step::Refused(stalled));
                    continue;
                }
                Err(closed) => {
                    entering.why = closed.clone();
                    entered.refused = Some(closed);
                    return entered;
                }
            };
            let (mut batch, mut rooms) = (Vec::from_iter(entering.next()), vec![room]);
            entering.due(&mut events);
            while let Some(next) = entering.records.peek()
                && let Some(room) = self.room_beside(next, batch.last())
            {
                rooms.push(room);
                batch.extend(entering.next());
                entering.due(&mut events);
            }
            let batch = (batch, std::mem::take(&mut events), rooms);
            entered.steps.push(self.append(batch, lost).await);
        }
        if !events.is_empty() {
            let batch = (Vec::new(), events, Vec::new());
            entered.steps.push(self.append(batch, lost).await);
        }
        entered
    }

    /// Room for a record in the batch that ends with `last`.
    fn room_beside(&self, next: &StoredRecord, last: Option<&StoredRecord>) -> Option<Room> {
        let (cluster, bytes) = (next.cluster(), next.record.size());
        let is_sibling = last.is_some_and(|last| last.event == next.event);
        match self.rooms.try_take(&cluster, bytes) {
            Ok(room) => Some(room),
            Err(NoRoom::Stalled) => None,
            Err(NoRoom::Until(_)) => is_sibling.then(|| self.rooms.take_beyond(&cluster, bytes)),
        }
    }

    /// Room for records of a caller that does not wait for it.
    pub(crate) fn claim(&self) -> Claim {
        Claim::new(Arc::clone(&self.rooms))
    }

    /// Hands records to the store that have their room, and events of which something
    /// failed; waits for it to have all of them or none.
    pub(crate) async fn admit(
        &self,
        claimed: Vec<Claimed>,
        events: Vec<StoredEvent>,
    ) -> Result<Taken, StoreError> {
        if claimed.is_empty() && events.is_empty() {
            return Ok(Taken::default());
        }
        let (batch, rooms) = claimed.into_iter().unzip();
        let mut entered = Entered {
            steps: Vec::new(),
            refused: None,
        };
        // The caller, who has the events, is told.
        let step = self.append((batch, events, rooms), |_, _| ()).await;
        entered.steps.push(step);
        let taken = entered.taken().await;
        taken.error.clone().map_or(Ok(taken), Err)
    }

    async fn append(
        &self,
        (batch, mut events, rooms): (Vec<StoredRecord>, Vec<StoredEvent>, Vec<Room>),
        not_taken: fn(&StoredRecord, &StoreError),
    ) -> Step {
        let kept = kept(&events, self.store.most_dead_bytes());
        let mut are_kept = kept.iter();
        events.retain(|_| are_kept.next().is_some_and(|is_kept| *is_kept));
        let records: usize = batch.iter().map(|one| one.record.size()).sum();
        let bytes = records + events.iter().map(|one| one.event.size()).sum::<usize>();
        let weight = u32::try_from(bytes).unwrap_or(ENTERING).clamp(1, ENTERING);
        let permit = Arc::clone(&self.entering).acquire_many_owned(weight).await;
        let entries = self.entries.clone();
        let (answer, answered) = oneshot::channel();
        let done = move |batch: Vec<StoredRecord>, appended: Result<Vec<Appended>, StoreError>| {
            drop(permit);
            match &appended {
                Ok(appended) => {
                    let accepted = appended.iter().zip(batch).zip(rooms);
                    let accepted = accepted.filter_map(|((appended, stored), room)| {
                        let Appended::New(number) = *appended else {
                            return None;
                        };
                        let room = Some(room);
                        Some(Accepted {
                            number,
                            stored,
                            room,
                        })
                    });
                    send(
                        &entries,
                        Entry::Received(Received::Accepted(accepted.collect())),
                    );
                }
                Err(error) => {
                    for one in &batch {
                        not_taken(one, error);
                    }
                    if error.is_final() {
                        send(&entries, Entry::Received(Received::Stopped));
                    }
                }
            }
            // An error means that the caller no longer waits.
            answer.send(appended).ok();
        };
        self.store.append(batch, events, Box::new(done));
        Step::Appended(answered, kept)
    }

    /// Makes dead letters waiting records again; says how many.
    pub(crate) async fn replay(&self, filter: &Filter, now_ms: u64) -> Result<usize, StoreError> {
        self.store.replay(filter, now_ms).await
    }

    /// Takes what events that were given up came to when they were decided again.
    pub(crate) async fn redeem(
        &self,
        redecided: Vec<Redecided>,
        now_ms: u64,
    ) -> Result<Vec<Option<bool>>, StoreError> {
        self.store.redeem(redecided, now_ms).await
    }

    /// Holds a cluster's lanes back, or lets them go on.
    pub(crate) async fn hold(&self, cluster: &ClusterId, is_held: bool) -> Result<(), StoreError> {
        self.store.hold(cluster, is_held).await
    }

    /// Waits until every record accepted before has ended.
    pub(crate) async fn flush(&self) -> Flushed {
        let (settled, wait) = oneshot::channel();
        send(&self.entries, Entry::Flush(settled));
        // An error means that the other end is gone: nothing is left to wait for.
        wait.await.unwrap_or_default()
    }

    /// Says whether several clusters share the outbox from now on.
    pub(crate) fn share(&self, is_shared: bool) {
        self.rooms.share(is_shared);
    }

    /// Lets nothing in any more: who waits for room is told.
    pub(crate) fn close(&self) {
        self.rooms.close();
    }
}

/// Which of these events are kept as dead letters: those that fit in together, for one that
/// is said to be kept must not be pushed out by another one of the same call.
fn kept(events: &[StoredEvent], most_bytes: u64) -> Vec<bool> {
    let mut left = most_bytes;
    let events = events.iter().map(|event| {
        let rest = left.checked_sub(event.event.size() as u64);
        left = rest.unwrap_or(left);
        rest.is_some()
    });
    events.collect()
}

fn send(entries: &mpsc::UnboundedSender<Entry>, entry: Entry) {
    if entries.send(entry).is_err() {
        tracing::error!("the runtime that delivers has ended; nothing is delivered any more");
    }
}
