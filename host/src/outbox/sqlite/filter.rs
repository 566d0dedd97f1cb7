//! A filter as a part of a query.

use std::fmt::Write as _;

use rusqlite::{Connection, Result, Row, types::Value};

use super::count::State;
use crate::outbox::letter::{EventNames, Filter};

/// What stands behind `WHERE`, and what it compares with.
pub(super) struct Clause {
    text: String,
    values: Vec<Value>,
}

impl Clause {
    /// What a filter asks of rows `r` in this state, with lane `l` and source `s`: `AND`
    /// before every part, and parameters from the third on.
    pub(super) fn of(filter: &Filter, state: State) -> Self {
        let mut clause = Self {
            text: String::new(),
            values: Vec::new(),
        };
        clause.ask("r.number = ?", number(filter.number));
        clause.ask("l.tenant = ?", text(filter.tenant.as_ref()));
        clause.ask("s.trigger = ?", text(filter.trigger.as_ref()));
        clause.ask("l.topic = ?", text(filter.topic.as_ref()));
        clause.ask("r.event = ?", text(filter.event.as_ref()));
        clause.ask("r.accepted_ms >= ?", number(filter.since_ms));
        clause.ask("r.accepted_ms < ?", number(filter.until_ms));
        clause.ask(
            "(l.tenant, r.event) NOT IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))",
            events(&filter.without),
        );
        match (state, &filter.code) {
            (State::Dead, code) => clause.ask("r.code = ?", text(code.as_ref())),
            // What waits has no code yet.
            (State::Waiting, Some(_)) => clause.text.push_str(" AND FALSE"),
            (State::Waiting, None) => {}
        }
        clause
    }

    /// The same of events `r` that were given up: [`Filter::passes_event`] as a query.
    pub(super) fn of_events(filter: &Filter) -> Self {
        let mut clause = Self {
            text: String::new(),
            values: Vec::new(),
        };
        clause.ask("r.number = ?", number(filter.number));
        clause.ask("r.tenant = ?", text(filter.tenant.as_ref()));
        clause.ask(
            "EXISTS (SELECT 1 FROM json_each(r.queues) q WHERE q.value ->> 'trigger' = ?)",
            text(filter.trigger.as_ref()),
        );
        if filter.topic.is_some() {
            // Only a record has one.
            clause.text.push_str(" AND FALSE");
        }
        clause.ask("r.event = ?", text(filter.event.as_ref()));
        clause.ask("r.accepted_ms >= ?", number(filter.since_ms));
        clause.ask("r.accepted_ms < ?", number(filter.until_ms));
        clause.ask(
            "(r.code = ? OR EXISTS (SELECT 1 FROM json_each(r.queues) q WHERE q.value ->> 'code' \
             = ?))",
            text(filter.code.as_ref()),
        );
        clause
    }

    /// Asks for something, with the value in place of each `?`.
    fn ask(&mut self, what: &str, value: Option<Value>) {
        if let Some(value) = value {
            self.values.push(value);
            let number = self.values.len() + 2;
            let what = what.replace('?', &format!("?{number}"));
            // Writing to a string cannot fail.
            write!(self.text, " AND {what}").ok();
        }
    }

    /// Hands on the rows of a query that pass, oldest first, while more are wanted: at most
    /// so many, if there is a bound. The query ends with what its `WHERE` asks of `?1`,
    /// which is the number given.
    pub(super) fn each(
        &self,
        connection: &Connection,
        (query, number, most): (&str, u64, Option<usize>),
        mut take: impl FnMut(&Row<'_>) -> Result<bool>,
    ) -> Result<()> {
        let find = format!("{query} {} ORDER BY r.number LIMIT ?2", self.text);
        let mut find = connection.prepare_cached(&find)?;
        find.raw_bind_parameter(1, number)?;
        let most = most.map_or(-1, |most| i64::try_from(most).unwrap_or(-1));
        find.raw_bind_parameter(2, most)?;
        for (place, value) in (3..).zip(&self.values) {
            find.raw_bind_parameter(place, value)?;
        }
        let mut rows = find.raw_query();
        while let Some(row) = rows.next()? {
            if !take(row)? {
                break;
            }
        }
        Ok(())
    }

    /// The numbers that such a query gives first in its rows.
    pub(super) fn numbers(
        &self,
        connection: &Connection,
        (query, number, most): (&str, u64, usize),
    ) -> Result<Vec<u64>> {
        let mut numbers = Vec::new();
        self.each(connection, (query, number, Some(most)), |row| {
            numbers.push(row.get(0)?);
            Ok(true)
        })?;
        Ok(numbers)
    }
}

/// The tenants and ids of events, if there are some, as JSON.
fn events(events: &EventNames) -> Option<Value> {
    // Texts always are JSON.
    let text = || serde_json::to_string(events).unwrap_or_default();
    (!events.is_empty()).then(|| Value::Text(text()))
}

fn text(text: Option<&String>) -> Option<Value> {
    text.cloned().map(Value::Text)
}

fn number(number: Option<u64>) -> Option<Value> {
    number.map(|number| Value::Integer(i64::try_from(number).unwrap_or(i64::MAX)))
}
