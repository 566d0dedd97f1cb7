//! Why a trigger fires for an event, or does not.

use action_triggers_django::Templates;

use crate::{
    engine::{Engine, Outcome},
    event::{Change, Input},
    trigger::Trigger,
};

/// Why one trigger fires for an event, or does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The trigger's place in the set.
    pub trigger: u32,
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
    /// The content types that the host lets fire at all.
    Whitelist,
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
    /// The member of a trigger or of the host's settings that holds the clause.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Whitelist => "whitelisted_content_types",
            Self::Active => "active",
            Self::Signal => "signal",
            Self::ContentType => "content_type",
            Self::When => "when",
        }
    }
}

impl Engine {
    /// Says of every trigger why it fires for each event, or does not. One
    /// outcome per event, in order.
    pub fn explain(&self, events: Vec<Input>) -> Vec<Outcome<Explanation>> {
        let explain = |input| {
            self.read(input, true, |change| {
                let explain = |(place, trigger)| self.explain_one(place, trigger, change);
                (0..).zip(&self.triggers).map(explain).collect()
            })
        };
        events.into_iter().map(explain).collect()
    }

    fn explain_one(&self, place: u32, trigger: &Trigger, change: &Change<'_>) -> Explanation {
        let content_type = &*change.content_type;
        let (fires, clause, reason) =
            if self.whitelist.is_empty() || self.whitelist.contains(content_type) {
                self.templates.share_allowance(self.limits().fuel);
                let decided = decide(trigger, change, &self.templates);
                self.templates.end_allowance();
                decided
            } else {
                let reason = format!("`{content_type}` is not on the whitelist");
                (false, Clause::Whitelist, reason)
            };
        Explanation {
            trigger: place,
            fires,
            clause,
            reason,
        }
    }
}

fn decide(trigger: &Trigger, change: &Change<'_>, templates: &Templates) -> (bool, Clause, String) {
    let signal = change.signal;
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
