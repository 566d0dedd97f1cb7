//! The task that drives the machine and runs the POSTs.

use std::{collections::HashMap, sync::Arc, time::Duration};

use action_triggers_core::{
    clock::{Moment, Now},
    delivery::{Machine, Notice, Post, Settled, Ticket},
};
use futures_util::FutureExt;
use tokio::{
    sync::{broadcast, oneshot},
    task::{Id, JoinError, JoinSet},
};

use super::{
    clock::Clock,
    reports::{Report, Subscribers},
    retry::Retry,
    settling::{Answered, Settling},
    verdicts::{PURGED, beside_gone, gone, one_per_record, unread},
    windows::{Offered, Wanted, Windows},
};
use crate::{
    outbox::{Accepted, Change, LaneId, Outbox, Received, Room, Rooms, Store},
    publisher::{Batch, Publisher, Verdict},
    record::{Record, RecordId, StoredRecord},
};

/// Most lanes for which the store is asked at once.
const ASKED_AT_ONCE: usize = 4;
/// How long a store that fails is left alone.
const ASK_AGAIN: Duration = Duration::from_secs(1);

pub(super) struct Dispatcher {
    publisher: Arc<dyn Publisher>,
    store: Arc<dyn Store>,
    outbox: Outbox,
    machine: Machine,
    /// What reports need of the records under way, by number.
    waiting: HashMap<u64, Waiting>,
    windows: Windows,
    rooms: Arc<Rooms>,
    /// Questions to the store for the next records of lanes.
    asked: JoinSet<(LaneId, Vec<(u64, StoredRecord)>)>,
    posts: JoinSet<Vec<Verdict>>,
    in_flight: HashMap<Id, Post>,
    settling: Settling,
    /// Records that were given up and whose end the store does not have yet.
    untaken: Vec<(LaneId, u64)>,
    /// Whether the store has said that it takes nothing more.
    has_stopped: bool,
    clock: Clock,
    subscribers: Arc<Subscribers>,
    retries: broadcast::Sender<Retry>,
}

/// What is known here of a record under way.
struct Waiting {
    id: RecordId,
    lane: LaneId,
    room: Option<Room>,
}

impl Dispatcher {
    pub(super) fn new(
        (publisher, store): (Arc<dyn Publisher>, Arc<dyn Store>),
        (outbox, rooms): (Outbox, Arc<Rooms>),
        machine: Machine,
        (clock, subscribers, retries): (Clock, Arc<Subscribers>, broadcast::Sender<Retry>),
    ) -> Self {
        Self {
            publisher,
            settling: Settling::new(Arc::clone(&store)),
            store,
            outbox,
            machine,
            waiting: HashMap::new(),
            windows: Windows::default(),
            rooms,
            asked: JoinSet::new(),
            posts: JoinSet::new(),
            in_flight: HashMap::new(),
            untaken: Vec::new(),
            has_stopped: false,
            clock,
            subscribers,
            retries,
        }
    }

    /// Delivers until told to stop, or until the intake is gone and everything
    /// has ended.
    pub(super) async fn run(mut self, stop: oneshot::Receiver<oneshot::Sender<()>>) {
        self.resume().await;
        let mut stop = stop.fuse();
        let (mut stopped, mut in_flight) = (None, Vec::new());
        let mut is_open = true;
        while is_open || !self.is_settled() {
            self.outbox.answer_flushes(|| self.windows.oldest_left());
            let wake = if self.is_stopped() {
                if self.in_flight.is_empty() && self.settling.is_idle() {
                    self.outbox.answer_all_flushes();
                    if !is_open {
                        break;
                    }
                }
                None
            } else {
                self.go_on()
            };
            tokio::select! {
                biased;
                Ok(done) = &mut stop => {
                    in_flight = self.give_up().await;
                    stopped = Some(done);
                    break;
                }
                Some(finished) = self.posts.join_next_with_id() => self.finish(finished),
                Some(answered) = self.settling.settled() => self.answered(answered),
                Some(found) = self.asked.join_next() => self.found(found),
                received = self.outbox.receive(), if is_open => match received {
                    Some(received) => self.receive(received),
                    None => is_open = false,
                },
                () = self.clock.wait_until(wake) => {}
            }
        }
        self.outbox.answer_flushes(|| self.windows.oldest_left());
        self.close_store(in_flight).await;
        self.subscribers.close();
        // Who waits may open the store's file again at once: nothing here has it any more.
        self.posts.shutdown().await;
        self.asked.shutdown().await;
        drop(self);
        if let Some(done) = stopped {
            // An error means that nobody waits for it.
            done.send(()).ok();
        }
    }

    /// Starts what is due; says when something changes by time alone.
    fn go_on(&mut self) -> Option<Moment> {
        self.ask_store();
        let now = self.clock.now();
        let expired = self.machine.advance(now.moment);
        self.settling.push(expired, now);
        self.start_posts(now);
        self.machine.next_wake(now.moment)
    }

    /// Whether the store takes nothing more. Then nothing more is sent: what became of it
    /// could not be kept, so the next process would send it again.
    fn is_stopped(&self) -> bool {
        self.has_stopped || self.settling.is_stopped()
    }

    /// Whether every record that came in has ended.
    fn is_settled(&self) -> bool {
        self.outbox.is_settled() && self.windows.oldest_left().is_none()
    }

    /// Notes what an earlier process left in the store.
    async fn resume(&mut self) {
        for backlog in self.outbox.left() {
            self.windows.resume(backlog.lane, backlog.newest);
        }
        match self.store.waiting().await {
            Ok(change) => self.machine.hold(change.held),
            Err(error) => tracing::error!(%error, "what waits in the outbox cannot be read"),
        }
    }

    fn receive(&mut self, received: Vec<Received>) {
        for one in received {
            match one {
                Received::Accepted(accepted) => self.accept(accepted),
                Received::Changed(change) => self.change(change),
                Received::Stopped => self.has_stopped = true,
            }
        }
    }

    /// Goes by what waits in the store now.
    fn change(&mut self, change: Change) {
        for backlog in change.lanes {
            self.windows.resume(backlog.lane, backlog.newest);
        }
        for (cluster, records, bytes) in change.moved {
            self.rooms.count(&cluster, records, bytes);
        }
        self.machine.hold(change.held);
    }

    fn accept(&mut self, accepted: Vec<Accepted>) {
        let now = self.clock.now();
        for Accepted {
            number,
            stored,
            room,
        } in accepted
        {
            let lane = LaneId::of(&stored);
            match self.windows.offer(&lane, number) {
                Offered::TakenOn => self.take_on(lane, number, (stored, room), now),
                Offered::Left => {
                    left(room);
                    self.outbox.forget(number);
                }
                // It was taken on, with its room, before the word of it came; it may even
                // have ended.
                Offered::Known => {
                    left(room);
                    if !self.waiting.contains_key(&number) {
                        self.outbox.forget(number);
                    }
                }
            }
        }
    }

    /// Asks the store for records of lanes that have room for more.
    fn ask_store(&mut self) {
        while self.asked.len() < ASKED_AT_ONCE
            && let Some(Wanted { lane, after, most }) = self.windows.next_wanted()
        {
            let store = Arc::clone(&self.store);
            self.asked.spawn(async move {
                loop {
                    match store.next(&lane, after, most).await {
                        Ok(found) => return (lane, found),
                        Err(error) => {
                            tracing::error!(%error, "what waits in the outbox cannot be read");
                            tokio::time::sleep(ASK_AGAIN).await;
                        }
                    }
                }
            });
        }
    }

    /// Takes on what the store answered.
    fn found(&mut self, found: Result<(LaneId, Vec<(u64, StoredRecord)>), JoinError>) {
        let (lane, found) = match found {
            Ok(found) => found,
            Err(error) => {
                tracing::error!(%error, "the outbox's store panicked");
                return;
            }
        };
        let numbers = found.iter().map(|(number, _)| *number);
        self.windows.answered(&lane, numbers);
        let now = self.clock.now();
        for (number, stored) in found {
            self.outbox.reopen(number);
            let room = self.rooms.resume(&lane.cluster, stored.record.size());
            self.take_on(lane.clone(), number, (stored, Some(room)), now);
        }
    }

    fn take_on(
        &mut self,
        lane: LaneId,
        number: u64,
        (mut stored, room): (StoredRecord, Option<Room>),
        now: Now,
    ) {
        let record = std::mem::take(&mut stored.record);
        let has_headers = self.publisher.has_headers(&lane.cluster);
        let record = named(record, &stored, has_headers);
        let ticket = Ticket {
            number,
            key: stored.ordering_key.as_deref().map(Arc::from),
            size: self.publisher.size(&lane.cluster, &record),
            timeout: stored.timeout(),
            since: now.moment_at(stored.accepted_ms),
            deadline: now.moment_at(stored.deadline_ms),
            may_be_written: stored.may_be_written,
        };
        let terms = self.publisher.terms(&lane.cluster, &lane.topic);
        self.machine
            .accept(&lane.cluster, &lane.topic, ticket, terms);
        let id = stored.id();
        self.waiting.insert(number, Waiting { id, lane, room });
    }

    fn start_posts(&mut self, now: Now) {
        let is_flushing = self.outbox.is_flushing();
        while let Some(post) = self.machine.next_post(now.moment, is_flushing) {
            let numbers: Vec<_> = post.numbers().collect();
            let (cluster, topic) = (post.cluster.clone(), post.topic.clone());
            let (store, publisher) = (Arc::clone(&self.store), Arc::clone(&self.publisher));
            let timeout = post.timeout;
            let task = self.posts.spawn(async move {
                let stored = match store.read(&numbers).await {
                    Ok(stored) => stored,
                    Err(error) => return vec![unread(&error); numbers.len()],
                };
                let is_there: Vec<_> = stored.iter().map(Option::is_some).collect();
                let has_headers = publisher.has_headers(&cluster);
                let name = |mut one: StoredRecord| {
                    let record = std::mem::take(&mut one.record);
                    named(record, &one, has_headers)
                };
                let batch = Batch {
                    records: stored.into_iter().flatten().map(name).collect(),
                    cluster,
                    topic,
                    timeout,
                };
                if batch.records.is_empty() {
                    return vec![gone(); numbers.len()];
                }
                beside_gone(&is_there, publisher.publish(&batch).await)
            });
            self.in_flight.insert(task.id(), post);
        }
    }

    fn finish(&mut self, finished: Result<(Id, Vec<Verdict>), JoinError>) {
        let (id, answer) = match finished {
            Ok((id, verdicts)) => (id, Ok(verdicts)),
            Err(error) => (error.id(), Err(error)),
        };
        let Some(post) = self.in_flight.remove(&id) else {
            return;
        };
        let verdicts = one_per_record(answer, post.len());
        let doubtful = post.numbers().zip(&verdicts);
        let doubtful = doubtful.filter(|(_, verdict)| matches!(verdict, Verdict::Unknown(_)));
        self.settling
            .doubt(doubtful.map(|(number, _)| number).collect());
        let now = self.clock.now();
        let finished = self.machine.finish(post, verdicts, now.moment);
        if let Some(notice) = finished.notice {
            self.tell(notice, now);
        }
        self.settling.push(finished.settled, now);
    }

    /// Says that records have to be sent again.
    fn tell(&self, notice: Notice, now: Now) {
        let next_attempt = notice.next_attempt.since(now.moment);
        tracing::warn!(
            cluster = %notice.cluster,
            topic = notice.topic,
            code = notice.reason.code,
            ?next_attempt,
            "records are sent again: {}",
            notice.reason.message
        );
        let retry = Retry {
            cluster: notice.cluster,
            topic: notice.topic,
            reason: notice.reason,
            next_attempt,
        };
        // An error means that nobody wants to know.
        self.retries.send(retry).ok();
    }

    /// Gives up everything; what a store keeps waits there for the next process. Says which
    /// records it keeps that were being sent.
    async fn give_up(&mut self) -> Vec<u64> {
        self.posts.abort_all();
        self.settling.close();
        let late = self.outbox.close();
        self.receive(late);
        if self.store.is_durable() {
            while let Some(answered) = self.settling.settled().await {
                self.answered(answered);
            }
            let in_flight = self.in_flight.drain();
            let in_flight = in_flight.flat_map(|(_, post)| post.numbers().collect::<Vec<_>>());
            let in_flight = in_flight.collect();
            self.waiting.clear();
            return in_flight;
        }
        // What is left in the store is told too.
        self.windows.want_rest();
        while let Some(found) = {
            self.ask_store();
            self.asked.join_next().await
        } {
            self.found(found);
            self.windows.want_rest();
        }
        let in_flight: Vec<_> = self.in_flight.drain().map(|(_, post)| post).collect();
        let left = self.machine.give_up(in_flight);
        self.settling.push(left, self.clock.now());
        while let Some(answered) = self.settling.settled().await {
            self.answered(answered);
        }
        Vec::new()
    }

    /// Ends the store's work for this process.
    async fn close_store(&self, in_flight: Vec<u64>) {
        if let Err(error) = self.store.close(in_flight).await {
            tracing::error!(%error, "the outbox was not closed as it should be");
        }
    }

    /// Tells what the store was asked to take. Where it has it, the keys of records that were
    /// given up go on.
    fn answered(&mut self, Answered { settled, is_taken }: Answered) {
        for one in settled.iter().filter(|one| one.result.is_err()) {
            let waiting = self.waiting.get(&one.number);
            let lane = waiting.map(|waiting| (waiting.lane.clone(), one.number));
            self.untaken.extend(lane);
        }
        if is_taken {
            for (lane, number) in self.untaken.drain(..) {
                self.machine.free(&lane.cluster, &lane.topic, number);
            }
        }
        self.report(settled);
    }

    /// Says what became of records, for everybody who wants to know.
    fn report(&mut self, settled: Vec<Settled>) {
        for one in settled {
            let (number, is_delivered) = (one.number, one.result.is_ok());
            if let Some(waiting) = self.waiting.remove(&one.number) {
                let Waiting { id, lane, mut room } = waiting;
                if one.result.as_ref().is_err_and(|error| error.code == PURGED) {
                    // Whoever took it out of the store has counted it.
                    left(room.take());
                }
                if let Some(room) = &mut room {
                    room.end(is_delivered);
                }
                self.windows.ended(&lane);
                let topic = lane.topic.to_string();
                if let Err(error) = &one.result {
                    tracing::warn!(
                        event = &*id.event,
                        trigger = &*id.trigger,
                        queue = id.queue,
                        topic,
                        code = error.code,
                        "a record is given up: {error}"
                    );
                }
                let report = Report::new((id, topic), one, room);
                self.subscribers.report(&report);
            }
            self.outbox.settle(number, is_delivered);
        }
    }
}

impl Drop for Dispatcher {
    /// Whoever ends the tokio runtime ends this with records under way, and the outbox
    /// in memory with it.
    fn drop(&mut self) {
        let late = self.outbox.close();
        self.receive(late);
        if self.store.is_durable() {
            return;
        }
        for Waiting { id, lane, .. } in self.waiting.values() {
            tracing::warn!(
                event = &*id.event,
                trigger = &*id.trigger,
                queue = id.queue,
                topic = &*lane.topic,
                "a record is lost: the tokio runtime that delivers has ended"
            );
        }
        if self.windows.oldest_left().is_some() {
            tracing::warn!("more records are lost, which had not had their turn");
        }
    }
}

/// Leaves a record's room to the store.
fn left(room: Option<Room>) {
    if let Some(room) = room {
        room.leave();
    }
}

/// The record with its name in a header, where its cluster has headers.
fn named(record: Record, stored: &StoredRecord, has_headers: bool) -> Record {
    if has_headers {
        record.named((&stored.event, &stored.trigger, stored.queue))
    } else {
        record
    }
}
