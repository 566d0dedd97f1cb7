//! How much of each lane's backlog is taken on: a window, however long the backlog
//! is. The rest stays in the store.

use std::collections::{HashMap, VecDeque};

use crate::outbox::{LaneId, WINDOW as MOST};

/// The windows of all lanes.
#[derive(Debug, Default)]
pub(super) struct Windows {
    lanes: HashMap<LaneId, Window>,
    /// Lanes that have room, and records in the store.
    wanting: VecDeque<LaneId>,
}

#[derive(Debug, Default)]
struct Window {
    /// Records taken on that have not ended.
    held: usize,
    /// The number of the last record taken on.
    last: u64,
    /// The number of the last record that the store has, as far as is known.
    newest: u64,
    /// Whether the store is asked, or about to be.
    is_asking: bool,
}

/// What to do with a record that the store has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offered {
    /// It is taken on.
    TakenOn,
    /// It waits in the store for its turn.
    Left,
    /// It was taken on when the store was asked.
    Known,
}

/// What to ask the store for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) lane: LaneId,
    /// Records with numbers above this.
    pub(super) after: u64,
    pub(super) most: usize,
}

impl Windows {
    /// Notes that the store has records of a lane, up to this number.
    pub(super) fn resume(&mut self, lane: LaneId, newest: u64) {
        let window = self.lanes.entry(lane.clone()).or_default();
        window.newest = window.newest.max(newest);
        self.want(lane);
    }

    /// Notes a record that came into the store.
    pub(super) fn offer(&mut self, lane: &LaneId, number: u64) -> Offered {
        if !self.lanes.contains_key(lane) {
            self.lanes.insert(lane.clone(), Window::default());
        }
        let Some(window) = self.lanes.get_mut(lane) else {
            return Offered::Left;
        };
        if number <= window.last {
            return Offered::Known;
        }
        let is_next = window.is_whole() && window.held < MOST;
        window.newest = window.newest.max(number);
        if is_next {
            window.last = number;
            window.held += 1;
            return Offered::TakenOn;
        }
        self.want(lane.clone());
        Offered::Left
    }

    /// Notes that a record has ended.
    pub(super) fn ended(&mut self, lane: &LaneId) {
        if let Some(window) = self.lanes.get_mut(lane) {
            window.held = window.held.saturating_sub(1);
            if window.has_room() {
                self.want(lane.clone());
            }
        }
    }

    fn want(&mut self, lane: LaneId) {
        if let Some(window) = self.lanes.get_mut(&lane)
            && window.has_room()
        {
            window.is_asking = true;
            self.wanting.push_back(lane);
        }
    }

    /// What to ask the store for next; to be answered with [`Self::answered`].
    pub(super) fn next_wanted(&mut self) -> Option<Wanted> {
        let lane = self.wanting.pop_front()?;
        let window = self.lanes.get(&lane)?;
        Some(Wanted {
            after: window.last,
            most: MOST.saturating_sub(window.held),
            lane,
        })
    }

    /// Notes what the store answered: the numbers of a lane's next records.
    pub(super) fn answered(&mut self, lane: &LaneId, numbers: impl Iterator<Item = u64>) {
        if let Some(window) = self.lanes.get_mut(lane) {
            let before = window.held;
            for number in numbers {
                window.held += 1;
                window.last = number;
            }
            if window.held == before {
                // Somebody else has ended them.
                window.last = window.newest;
            }
            window.is_asking = false;
        }
        self.want(lane.clone());
    }

    /// Wants all that is left, however much it is.
    pub(super) fn want_rest(&mut self) {
        for (lane, window) in &mut self.lanes {
            window.held = 0;
            if window.has_room() {
                window.is_asking = true;
                self.wanting.push_back(lane.clone());
            }
        }
    }

    /// The least number that a record left in the store may have.
    pub(super) fn oldest_left(&self) -> Option<u64> {
        let left = self.lanes.values().filter(|window| !window.is_whole());
        left.map(|window| window.last + 1).min()
    }
}

impl Window {
    /// Whether no record is left in the store.
    fn is_whole(&self) -> bool {
        self.last >= self.newest
    }

    /// Whether the store is to be asked.
    fn has_room(&self) -> bool {
        !self.is_whole() && !self.is_asking && self.held <= MOST / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::ClusterId;

    fn lane(topic: &str) -> LaneId {
        LaneId {
            cluster: ClusterId::new("", "kafka:9092"),
            topic: topic.into(),
        }
    }

    const FULL: u64 = 4_000;

    /// A lane whose window is full, with three records left in the store.
    fn full() -> (Windows, LaneId) {
        let (mut windows, lane) = (Windows::default(), lane("sales"));
        for number in 1..=FULL {
            assert_eq!(windows.offer(&lane, number), Offered::TakenOn);
        }
        for number in FULL + 1..=FULL + 3 {
            assert_eq!(windows.offer(&lane, number), Offered::Left);
        }
        (windows, lane)
    }

    #[test]
    fn a_window_is_filled_again_when_half_of_it_has_ended() {
        let (mut windows, lane) = full();
        assert_eq!(windows.oldest_left(), Some(FULL + 1));
        for _ in 1..MOST / 2 {
            windows.ended(&lane);
        }
        assert_eq!(windows.next_wanted(), None);
        windows.ended(&lane);
        let wanted = Wanted {
            lane: lane.clone(),
            after: FULL,
            most: MOST / 2,
        };
        assert_eq!(windows.next_wanted(), Some(wanted));
        windows.ended(&lane);
        assert_eq!(windows.next_wanted(), None, "it is asked already");
        windows.answered(&lane, FULL + 1..=FULL + 3);
        assert_eq!((windows.next_wanted(), windows.oldest_left()), (None, None));
        assert_eq!(windows.offer(&lane, FULL + 4), Offered::TakenOn);
    }

    #[test]
    fn records_that_come_while_the_store_is_asked_are_neither_lost_nor_taken_on_twice() {
        let (mut windows, lane) = full();
        for _ in 0..MOST / 2 {
            windows.ended(&lane);
        }
        windows.next_wanted().unwrap();
        // The store had this one when it answered; the word of it comes later.
        let quick = FULL + 4;
        // And this one came into the store after that.
        assert_eq!(windows.offer(&lane, FULL + 5), Offered::Left);
        windows.answered(&lane, FULL + 1..=quick);
        assert_eq!(windows.offer(&lane, quick), Offered::Known);
        assert_eq!(windows.oldest_left(), Some(FULL + 5));
        let mut ended = 0;
        let wanted = loop {
            windows.ended(&lane);
            ended += 1;
            if let Some(wanted) = windows.next_wanted() {
                break wanted;
            }
            assert!(ended < MOST);
        };
        assert_eq!(wanted.after, quick);
        windows.answered(&lane, std::iter::empty());
        assert_eq!(windows.oldest_left(), None, "somebody else has ended it");
    }

    #[test]
    fn what_an_earlier_process_left_is_asked_for_lane_by_lane() {
        let mut windows = Windows::default();
        windows.resume(lane("a"), 7);
        windows.resume(lane("b"), 9);
        let wanted = [windows.next_wanted(), windows.next_wanted()];
        let lanes = wanted.map(|wanted| wanted.unwrap().lane.topic);
        assert_eq!(lanes, ["a".into(), "b".into()]);
        assert_eq!(windows.oldest_left(), Some(1));
        // New ones come after those.
        assert_eq!(windows.offer(&lane("a"), 10), Offered::Left);
        assert_eq!(windows.offer(&lane("c"), 11), Offered::TakenOn);
    }
}
