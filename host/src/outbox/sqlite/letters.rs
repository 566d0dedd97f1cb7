//! Dead letters: buried, forgotten, sent again, taken out.

use rusqlite::{OptionalExtension as _, Result};

use super::{
    count::State,
    filter::Clause,
    rows,
    transaction::{Forgotten, MOST_AT_ONCE, Tables},
};
use crate::{
    outbox::letter::{Death, Filter},
    wall_clock::unix_ms,
};

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
        let age = u64::try_from(self.file.dead_age.as_millis()).unwrap_or(u64::MAX);
        let too_old = unix_ms().saturating_sub(age);
        let most = i64::try_from(self.file.dead_bytes).unwrap_or(i64::MAX);
        for _ in 0..MOST_AT_ONCE {
            let (record, event) = (self.oldest_letter()?, self.oldest_event()?);
            let died = |oldest: &Option<(u64, u64)>| oldest.map(|(number, died)| (died, number));
            let oldest = [died(&record), died(&event)].into_iter().flatten().min();
            let Some((died_ms, number)) = oldest else {
                return Ok(());
            };
            let bytes = self.counts.bytes(State::Dead) + self.events.bytes;
            if died_ms >= too_old && bytes <= most {
                return Ok(());
            }
            if event.is_some_and(|(event, _)| event == number) {
                self.forget_event(number)?;
            } else {
                self.forget_letter(number)?;
            }
        }
        Ok(())
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
        self.forget_name(number)?;
        self.take_letter(number)?;
        self.tally.forgotten += 1;
        self.forgotten.push(letter);
        Ok(())
    }

    /// Forgets the name of a dead letter, so that it can be sent again.
    fn forget_name(&self, number: u64) -> Result<()> {
        let forget = "DELETE FROM seen WHERE (source_name, event) IN (SELECT n.id, r.event FROM \
                      dead r JOIN sources s ON s.id = r.source JOIN names n ON n.tenant = s.tenant \
                      AND n.trigger = s.trigger AND n.queue = s.queue WHERE r.number = ?1)";
        let mut forget = self.connection.prepare_cached(forget)?;
        forget.execute([number]).map(drop)
    }

    fn take_letter(&mut self, number: u64) -> Result<()> {
        let delete = "DELETE FROM dead WHERE number = ?1 RETURNING lane, bytes, flags";
        self.take(delete, number, State::Dead).map(drop)
    }

    /// Makes some dead letters with numbers up to `newest` waiting records again.
    pub(super) fn replay(
        &mut self,
        filter: &Filter,
        (newest, most): (u64, usize),
        now_ms: u64,
    ) -> Result<usize> {
        let numbers = self.matching(filter, State::Dead, (newest, most))?;
        let columns = rows::COLUMNS;
        let replayed = columns.replace(
            "accepted_ms, deadline_ms",
            "?3, ?3 + (deadline_ms - accepted_ms)",
        );
        let replay = format!(
            "INSERT INTO waiting (number, lane, source, {columns}) SELECT ?2, lane, source, \
             {replayed} FROM dead WHERE number = ?1 RETURNING lane, bytes"
        );
        for number in &numbers {
            self.last += 1;
            let mut replay = self.connection.prepare_cached(&replay)?;
            let (lane, bytes) = replay.query_row((number, self.last, now_ms), |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
            drop(replay);
            self.counts.add(lane, State::Waiting, bytes, self.last);
            self.take_letter(*number)?;
        }
        Ok(numbers.len())
    }

    /// Takes some records out for good.
    pub(super) fn purge(
        &mut self,
        filter: &Filter,
        state: State,
        (newest, most): (u64, usize),
    ) -> Result<usize> {
        let numbers = self.matching(filter, state, (newest, most))?;
        let delete = format!(
            "DELETE FROM {} WHERE number = ?1 RETURNING lane, bytes, flags",
            state.table()
        );
        for number in &numbers {
            self.take(&delete, *number, state)?;
        }
        Ok(numbers.len())
    }

    /// The numbers of the oldest records that pass a filter, up to `newest`.
    fn matching(
        &self,
        filter: &Filter,
        state: State,
        (newest, most): (u64, usize),
    ) -> Result<Vec<u64>> {
        let query = format!(
            "SELECT r.number FROM {} r {} WHERE r.number <= ?1",
            state.table(),
            rows::JOINS
        );
        let mut numbers = Vec::new();
        let place = (&*query, newest, Some(most));
        Clause::of(filter, state).each(&self.connection, place, |row| {
            numbers.push(row.get(0)?);
            Ok(true)
        })?;
        Ok(numbers)
    }
}
