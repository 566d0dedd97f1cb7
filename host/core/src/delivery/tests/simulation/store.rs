//! A store on a disk that loses what was not synced, tears the last write, and fails a
//! sync.

use std::collections::{BTreeMap, VecDeque};

use crate::delivery::{Ticket, random::Random};

/// A record as the store has it.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) topic: String,
    pub(super) key: u64,
    pub(super) ticket: Ticket,
}

/// How a record ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    pub(super) is_delivered: bool,
    /// Whether its end admits that it may have been written.
    pub(super) admits_write: bool,
}

/// Something that is written.
#[derive(Clone, Debug)]
pub(super) enum Write {
    Record(Stored),
    End(u64, End),
    Doubt(u64),
}

/// What the disk has for sure, and what it may have.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) waiting: BTreeMap<u64, Stored>,
    pub(super) ended: BTreeMap<u64, End>,
    /// The dead letters; the oldest go first.
    dead: VecDeque<u64>,
    most_dead: usize,
    /// Dead letters that had to go.
    forgotten: usize,
    /// Whether a letter that finds no room is dropped without a word: a fault.
    pub(super) drops_when_full: bool,
    unsynced: VecDeque<Write>,
    /// Whether a sync has failed: nothing is taken any more.
    pub(super) has_failed: bool,
}

impl Store {
    pub(super) fn new(most_dead: usize) -> Self {
        Self {
            waiting: BTreeMap::new(),
            ended: BTreeMap::new(),
            dead: VecDeque::new(),
            most_dead,
            forgotten: 0,
            drops_when_full: false,
            unsynced: VecDeque::new(),
            has_failed: false,
        }
    }

    /// Writes, which is safe only after a sync.
    pub(super) fn write(&mut self, write: Write) {
        if !self.has_failed {
            self.unsynced.push_back(write);
        }
    }

    /// How many writes are not synced.
    pub(super) fn unsynced(&self) -> usize {
        self.unsynced.len()
    }

    /// Syncs the first so many; gives them.
    pub(super) fn sync(&mut self, count: usize) -> Vec<Write> {
        let count = count.min(self.unsynced.len());
        let synced: Vec<_> = self.unsynced.drain(..count).collect();
        for write in &synced {
            self.apply(write);
        }
        synced
    }

    /// The process is killed, and the kernel writes what it has; or the power goes, and
    /// some of the first writes are on the disk, of which the last is torn and does not
    /// count.
    pub(super) fn restart(&mut self, is_powerless: bool, random: &mut Random) {
        let there = if is_powerless || self.has_failed {
            let most = u8::try_from(self.unsynced.len()).unwrap_or(u8::MAX - 1);
            random.index(most + 1)
        } else {
            self.unsynced.len()
        };
        self.sync(there);
        self.unsynced.clear();
        self.has_failed = false;
    }

    fn apply(&mut self, write: &Write) {
        match write {
            Write::Record(stored) => {
                self.waiting.insert(stored.ticket.number, stored.clone());
            }
            Write::End(number, end) => {
                self.waiting.remove(number);
                self.ended.insert(*number, *end);
                if !end.is_delivered {
                    self.bury(*number);
                }
            }
            Write::Doubt(number) => {
                if let Some(stored) = self.waiting.get_mut(number) {
                    stored.ticket.may_be_written = true;
                }
            }
        }
    }

    fn bury(&mut self, number: u64) {
        if self.drops_when_full && self.dead.len() == self.most_dead {
            return;
        }
        self.dead.push_back(number);
        if self.dead.len() > self.most_dead {
            self.dead.pop_front();
            self.forgotten += 1;
        }
    }

    /// Whether each record that was given up is a dead letter, or was counted when it had to
    /// go.
    pub(super) fn has_all_letters(&self) -> bool {
        let given_up = self.ended.values().filter(|end| !end.is_delivered);
        given_up.count() == self.dead.len() + self.forgotten
    }
}
