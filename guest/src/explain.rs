//! Why a trigger fires for an event, or does not.

use action_triggers_django::Templates;

use crate::{
    engine::Engine,
    event::{Change, Event},
    failure::Failure,
    trigger::Trigger,
};

/// Why one trigger fires for an event, or does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation<'a> {
    /// The trigger's name.
    pub trigger: &'a str,
    /// Whether it fires.
    pub fires: bool,
    /// The clause that decided.
    pub clause: Clause,
    /// The decision in words.
    pub reason: String,
}

/// A clause of a trigger, in the order in which they are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clause {
    /// Whether the trigger is active.
    Active,
    /// The signals it listens to.
    Signal,
    /// The content types it watches.
    ContentType,
    /// Its condition.
    When,
}

impl Clause {
    /// The member of a trigger that holds the clause.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Signal => "signal",
            Self::ContentType => "content_type",
            Self::When => "when",
        }
    }
}

impl Engine {
    /// Says of every trigger why it fires for this event, or does not.
    ///
    /// # Errors
    ///
    /// The event could not be read.
    pub fn explain(&self, event: &Event<'_>) -> Result<Vec<Explanation<'_>>, Failure> {
        let change = Change::read(event, &self.models)?;
        let explain = |trigger| explain(trigger, &change, &self.templates);
        Ok(self.triggers.iter().map(explain).collect())
    }
}

fn explain<'a>(
    trigger: &'a Trigger,
    change: &Change<'_>,
    templates: &Templates,
) -> Explanation<'a> {
    let (fires, clause, reason) = decide(trigger, change, templates);
    Explanation {
        trigger: &trigger.name,
        fires,
        clause,
        reason,
    }
}

fn decide(trigger: &Trigger, change: &Change<'_>, templates: &Templates) -> (bool, Clause, String) {
    let signal = change.event.signal;
    let content_type = &*change.content_type;
    if !trigger.active {
        return (false, Clause::Active, "the trigger is not active".into());
    }
    if !trigger.signals.contains(&signal) {
        let listens = list(trigger.signals.iter().map(|signal| signal.as_str()));
        let reason = format!("it listens to {listens}, and the event is `{signal}`");
        return (false, Clause::Signal, reason);
    }
    if !trigger
        .content_types
        .iter()
        .any(|known| **known == *content_type)
    {
        let watches = list(trigger.content_types.iter().map(AsRef::as_ref));
        let reason = format!("it watches {watches}, and the event is about `{content_type}`");
        return (false, Clause::ContentType, reason);
    }
    let Some(when) = &trigger.when else {
        let reason = format!("it listens to `{signal}` of `{content_type}`");
        return (true, Clause::ContentType, reason);
    };
    let source = when.source();
    match when.holds(templates, change) {
        Ok(true) => (true, Clause::When, format!("`{source}` holds")),
        Ok(false) => (false, Clause::When, format!("`{source}` does not hold")),
        Err(failure) => (false, Clause::When, failure.to_string()),
    }
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    if quoted.is_empty() {
        return "nothing".into();
    }
    quoted.join(", ")
}
