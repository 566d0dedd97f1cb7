//! Dead letters: buried, forgotten, sent again, taken out.

use rusqlite::{OptionalExtension as _, Result};

use super::{
    count::State,
    rows,
    transaction::{Forgotten, MOST_AT_ONCE, Tables},
};
use crate::{outbox::letter::Death, wall_clock::unix_ms};

impl Tables {
    pub(super) fn bury(&mut self, number: u64, death: &Death) -> Result<()> {
        let columns = rows::COLUMNS;
        let bury = format!(
            "INSERT OR REPLACE INTO dead (number, lane, source, {columns}, code, message, \
             attempts, last_answer, died_ms) SELECT number, lane, source, {columns}, ?2, ?3, ?4, \
             ?5, ?6 FROM waiting WHERE number = ?1 RETURNING lane, bytes"
        );
        let mut bury = self.connection.prepare_cached(&bury)?;
        let row = (
            number,
            &death.code,
            &death.message,
            death.attempts,
            &death.last_answer,
            death.died_ms,
        );
        let buried = bury.query_row(row, |row| Ok((row.get(0)?, row.get(1)?)));
        let buried: Option<(i64, i64)> = buried.optional()?;
        if let Some((lane, bytes)) = buried {
            self.counts.add(lane, State::Dead, bytes, number);
            self.tally.dead += 1;
        }
        Ok(())
    }

    /// Forgets dead letters that are too old, or too many bytes of them: the oldest
    /// first.
    pub(super) fn forget_letters(&mut self) -> Result<()> {
        let too_old = self.too_old();
        let most = i64::try_from(self.file.dead_bytes).unwrap_or(i64::MAX);
        for _ in 0..MOST_AT_ONCE {
            let Some((died_ms, number, is_event)) = self.oldest_dead()? else {
                return Ok(());
            };
            let bytes = self.counts.bytes(State::Dead) + self.events.bytes;
            if died_ms >= too_old && bytes <= most {
                return Ok(());
            }
            if is_event {
                self.forget_event(number)?;
            } else {
                self.forget_letter(number)?;
            }
        }
        Ok(())
    }

    /// Whether a dead letter is too old.
    pub(super) fn is_letter_over(&self) -> Result<bool> {
        let oldest = self.oldest_dead()?;
        Ok(oldest.is_some_and(|(died_ms, ..)| died_ms < self.too_old()))
    }

    /// What was given up before this is too old.
    fn too_old(&self) -> u64 {
        let age = u64::try_from(self.file.dead_age.as_millis()).unwrap_or(u64::MAX);
        unix_ms().saturating_sub(age)
    }

    /// When the letter that is to be forgotten first was given up, its number, and whether
    /// it is an event.
    fn oldest_dead(&self) -> Result<Option<(u64, u64, bool)>> {
        let record = self
            .oldest_letter()?
            .map(|(number, died)| (died, number, false));
        let event = self
            .oldest_event()?
            .map(|(number, died)| (died, number, true));
        Ok([record, event].into_iter().flatten().min())
    }

    /// The record that is to be forgotten first, and when it was given up.
    fn oldest_letter(&self) -> Result<Option<(u64, u64)>> {
        let oldest = "SELECT number, died_ms FROM dead ORDER BY died_ms, number LIMIT 1";
        let mut oldest = self.connection.prepare_cached(oldest)?;
        let oldest = oldest.query_row([], |row| Ok((row.get(0)?, row.get(1)?)));
        oldest.optional()
    }

    fn forget_letter(&mut self, number: u64) -> Result<()> {
        let name = "SELECT r.event, s.trigger FROM dead r JOIN sources s ON s.id = r.source \
                    WHERE r.number = ?1";
        let mut name = self.connection.prepare_cached(name)?;
        let letter = name.query_row([number], |row| {
            Ok(Forgotten {
                event: row.get(0)?,
                trigger: row.get(1)?,
            })
        })?;
        drop(name);
        self.forget_name(number, State::Dead)?;
        self.take_letter(number)?;
        self.tally.forgotten += 1;
        self.forgotten.push(letter);
        Ok(())
    }

    /// Forgets the name of a record that nobody has any more once it is taken out, so that
    /// it can be sent again.
    fn forget_name(&self, number: u64, state: State) -> Result<()> {
        let forget = format!(
            "DELETE FROM seen WHERE (source_name, event) IN (SELECT n.id, r.event FROM {} r JOIN \
             sources s ON s.id = r.source JOIN names n ON n.tenant = s.tenant AND n.trigger = \
             s.trigger AND n.queue = s.queue WHERE r.number = ?1)",
            state.table()
        );
        let mut forget = self.connection.prepare_cached(&forget)?;
        forget.execute([number]).map(drop)
    }

    fn take_letter(&mut self, number: u64) -> Result<()> {
        let delete = "DELETE FROM dead WHERE number = ?1 RETURNING lane, bytes, flags";
        self.take(delete, number, State::Dead).map(drop)
    }

    /// Makes dead letters waiting records again; says how many of them there were.
    pub(super) fn replay(&mut self, numbers: &[u64], now_ms: u64) -> Result<usize> {
        let columns = rows::COLUMNS;
        let replayed = columns.replace(
            "accepted_ms, deadline_ms",
            "?3, ?3 + (deadline_ms - accepted_ms)",
        );
        let replay = format!(
            "INSERT INTO waiting (number, lane, source, {columns}) SELECT ?2, lane, source, \
             {replayed} FROM dead WHERE number = ?1 RETURNING lane, bytes"
        );
        let mut replayed = 0;
        for number in numbers {
            let next = self.last + 1;
            let mut replay = self.connection.prepare_cached(&replay)?;
            let found =
                replay.query_row((number, next, now_ms), |row| Ok((row.get(0)?, row.get(1)?)));
            let found: Option<(i64, i64)> = found.optional()?;
            drop(replay);
            let Some((lane, bytes)) = found else { continue };
            self.last = next;
            self.counts.add(lane, State::Waiting, bytes, next);
            self.take_letter(*number)?;
            replayed += 1;
        }
        Ok(replayed)
    }

    /// Takes records out for good; says how many of them there were.
    pub(super) fn purge(&mut self, numbers: &[u64], state: State) -> Result<usize> {
        let delete = format!(
            "DELETE FROM {} WHERE number = ?1 RETURNING lane, bytes, flags",
            state.table()
        );
        let mut purged = 0;
        for number in numbers {
            self.forget_name(*number, state)?;
            purged += usize::from(self.take(&delete, *number, state)?.is_some());
        }
        Ok(purged)
    }
}
