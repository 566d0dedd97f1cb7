//! Dead letters, tried again: records as they are, and events by the triggers of now.

use std::{collections::BTreeSet, sync::Arc};

use tracing::{Instrument as _, Span};

use super::{Events, Runtime, input::EventRendering, traced};
use crate::{
    delivery::Delivery,
    event::EventText,
    outbox::{DeadEvent, DeadLetter, Filter, OutboxAdmin, Redecided, Replayed, StoreError},
    outcome::{FailedEvent, FailedQueue, Failure, Loaded, Missing, Rendering},
    record::Message,
};

/// Which queues of an event that is decided again publish.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Extent {
    /// Those that failed, under the event's id.
    #[default]
    Failed,
    /// All of triggers that fire now, under another id: `ID~2`, then `ID~3`.
    Whole,
}

impl Runtime {
    /// The records that were given up, as far as the outbox keeps them.
    ///
    /// # Errors
    ///
    /// The outbox's store fails.
    pub async fn dead_letters(&self, filter: &Filter) -> Result<Vec<DeadLetter>, StoreError> {
        self.delivery.dead_letters(filter).await
    }

    /// Some of the oldest events with numbers above `after` of which something failed, as
    /// far as the outbox keeps them; none only where there are none.
    ///
    /// # Errors
    ///
    /// The outbox's store fails.
    pub async fn dead_events(
        &self,
        filter: &Filter,
        after: u64,
    ) -> Result<Vec<DeadEvent>, StoreError> {
        self.delivery.dead_events(filter, after).await
    }

    /// Tries dead letters again: records through today's connections and with a new
    /// time to live, events by the triggers of now. What comes of them comes after what
    /// was accepted since.
    ///
    /// A trigger or queue that is there no more fails with `trigger_gone`; one that does
    /// not fire now publishes nothing. What fails again stays a dead letter.
    ///
    /// # Errors
    ///
    /// The outbox's store fails; some may have been tried.
    pub async fn replay(&self, filter: &Filter, extent: Extent) -> Result<Replayed, StoreError> {
        let mut letters = Letters::Own(&self.delivery);
        self.replay_from(&mut letters, filter, extent).await
    }

    /// Does what [`Runtime::replay`] does for an outbox's file on which another process
    /// may be working: that one delivers what comes of it.
    ///
    /// # Errors
    ///
    /// The file cannot be read or written; some may have been tried.
    pub async fn replay_in(
        &self,
        file: &mut OutboxAdmin,
        filter: &Filter,
        extent: Extent,
    ) -> Result<Replayed, StoreError> {
        let mut letters = Letters::Other(file);
        self.replay_from(&mut letters, filter, extent).await
    }

    async fn replay_from(
        &self,
        letters: &mut Letters<'_>,
        filter: &Filter,
        extent: Extent,
    ) -> Result<Replayed, StoreError> {
        let span = traced::replay();
        let replaying = self.replay_all(letters, filter, extent);
        let replayed = replaying.instrument(span.clone()).await?;
        traced::tell_replayed(&span, replayed);
        Ok(replayed)
    }

    async fn replay_all(
        &self,
        letters: &mut Letters<'_>,
        filter: &Filter,
        extent: Extent,
    ) -> Result<Replayed, StoreError> {
        let records = match extent {
            Extent::Failed => filter.clone(),
            Extent::Whole => letters.beside_whole(filter).await?,
        };
        let mut replayed = Replayed {
            records: letters.replay_records(&records).await?,
            ..Replayed::default()
        };
        let records = usize::try_from(replayed.records).unwrap_or(usize::MAX);
        let mut left = filter.limit.map(|limit| limit.saturating_sub(records));
        let mut after = 0;
        while left != Some(0) {
            let mut page = letters.events(filter, after).await?;
            page.truncate(left.unwrap_or(usize::MAX));
            let Some(last) = page.last() else { break };
            after = last.number;
            left = left.map(|left| left - page.len());
            let redecided = self.decide_again(&page, extent).await;
            for is_left in letters.redeem(redecided).await?.into_iter().flatten() {
                replayed.events += 1;
                replayed.failed += u64::from(is_left);
            }
        }
        Ok(replayed)
    }

    async fn decide_again(&self, events: &[DeadEvent], extent: Extent) -> Vec<Redecided> {
        let texts = events.iter().map(|dead| text_of(dead, extent)).collect();
        let replay = Span::current();
        let spans: Vec<_> = events.iter().map(|_| traced::event(&replay)).collect();
        let renderings = self.render(Events::texts(texts)).await;
        let loaded = self.loaded();
        let decided = events.iter().zip(renderings).zip(spans);
        let redecided = decided.map(|((dead, rendering), span)| {
            let name = rendering.event.clone();
            let (messages, left) = decided_again(dead, rendering, extent, &loaded);
            let missing = left.as_ref().map(|left| &left.missing);
            traced::tell_again(&span, &name, messages.len(), missing);
            Redecided {
                number: dead.number,
                records: self.delivery.stored(messages),
                left,
            }
        });
        redecided.collect()
    }
}

/// Where dead letters are.
enum Letters<'a> {
    /// In the outbox of this runtime.
    Own(&'a Delivery),
    /// In a file that may be another's.
    Other(&'a mut OutboxAdmin),
}

impl Letters<'_> {
    async fn replay_records(&mut self, filter: &Filter) -> Result<u64, StoreError> {
        match self {
            Self::Own(delivery) => Ok(delivery.replay(filter).await? as u64),
            Self::Other(file) => file.replay(filter),
        }
    }

    async fn events(&self, filter: &Filter, after: u64) -> Result<Vec<DeadEvent>, StoreError> {
        match self {
            Self::Own(delivery) => delivery.dead_events(filter, after).await,
            Self::Other(file) => file.events(filter, after),
        }
    }

    /// A filter of records without those of events that it finds too: published whole, an
    /// event publishes again what they were.
    async fn beside_whole(&self, filter: &Filter) -> Result<Filter, StoreError> {
        let (mut unbounded, mut records) = (filter.clone(), filter.clone());
        unbounded.limit = None;
        let mut after = 0;
        loop {
            let page = self.events(&unbounded, after).await?;
            let Some(last) = page.last() else {
                return Ok(records);
            };
            after = last.number;
            for event in &page {
                records.leave_out(&event.stored);
            }
        }
    }

    async fn redeem(&mut self, redecided: Vec<Redecided>) -> Result<Vec<Option<bool>>, StoreError> {
        match self {
            Self::Own(delivery) => delivery.redeem(redecided).await,
            Self::Other(file) => file.redeem(&redecided),
        }
    }
}

/// The event's text as it is decided again.
fn text_of(dead: &DeadEvent, extent: Extent) -> EventText {
    let event = &dead.stored.event;
    let text = EventText {
        text: event.text.clone(),
        id: event.id.clone(),
    };
    match extent {
        Extent::Failed => text,
        // A text that is not an object fails as it did before.
        Extent::Whole => text.renamed(next_id(&event.id)).unwrap_or(text),
    }
}

/// The id under which the whole of an event is published again.
fn next_id(id: &str) -> String {
    let again = id.rsplit_once('~').and_then(|(id, count)| {
        let count: u32 = count.parse().ok()?;
        Some(format!("{id}~{}", count.checked_add(1)?))
    });
    again.unwrap_or_else(|| format!("{id}~2"))
}

/// What an event publishes now, and the event as it is left.
fn decided_again(
    dead: &DeadEvent,
    rendering: EventRendering,
    extent: Extent,
    loaded: &Loaded,
) -> (Vec<Message>, Option<FailedEvent>) {
    let event = &dead.stored.event;
    let queues = match rendering.outcome {
        Ok(queues) => queues,
        Err(failure) => {
            let failure = Failure::new(failure.code(), failure.to_string());
            return (Vec::new(), Some(left(event, Missing::Event(failure))));
        }
    };
    let wanted: Option<BTreeSet<_>> = match (extent, &event.missing) {
        (Extent::Whole, _) | (_, Missing::Event(_)) => None,
        (Extent::Failed, Missing::Queues(queues)) => {
            let place = |one: &FailedQueue| (Arc::clone(&one.trigger), one.queue);
            Some(queues.iter().map(place).collect())
        }
    };
    let (mut messages, mut failed) = (Vec::new(), Vec::new());
    for Rendering {
        trigger,
        queue,
        outcome,
        ..
    } in queues
    {
        let place = (trigger, queue);
        if wanted
            .as_ref()
            .is_some_and(|wanted| !wanted.contains(&place))
        {
            continue;
        }
        match outcome {
            Ok(mut message) => {
                message.id_is_given = event.id_is_given;
                message.carried = Arc::clone(&event.carried);
                messages.push(message);
            }
            Err(failure) => failed.push(FailedQueue::new(place.0, queue, failure)),
        }
    }
    let gone = wanted.into_iter().flatten();
    let gone = gone.filter(|(trigger, queue)| !is_there(loaded, trigger, *queue));
    failed.extend(gone.map(|(trigger, queue)| {
        let message = format!(
            "the triggers have no queue {queue} of `{trigger}` any more: put it back, replay the \
             whole event with --all, or purge it"
        );
        FailedQueue::new(trigger, queue, Failure::new("trigger_gone", message))
    }));
    let missing = Missing::of_queues(failed);
    let left = missing.map(|missing| {
        let mut left = left(event, missing);
        if extent == Extent::Whole {
            // The rest of it has this name now.
            left.id = rendering.event;
            left.text = text_of(dead, extent).text;
        }
        left
    });
    (messages, left)
}

fn left(event: &FailedEvent, missing: Missing) -> FailedEvent {
    let mut left = event.clone();
    left.missing = missing;
    left
}

fn is_there(loaded: &Loaded, name: &str, queue: u32) -> bool {
    let mut triggers = loaded.triggers.iter();
    let found = triggers.find(|trigger| *trigger.name == *name);
    let queue = usize::try_from(queue).unwrap_or(usize::MAX);
    found.is_some_and(|trigger| queue < trigger.queues.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_replay_of_a_whole_event_has_an_id_of_its_own() {
        assert_eq!(next_id("a"), "a~2");
        assert_eq!(next_id("a~2"), "a~3");
        assert_eq!(next_id("a~b"), "a~b~2");
        assert_eq!(next_id("~"), "~~2");
        assert_eq!(next_id("a~4294967295"), "a~4294967295~2");
    }
}
