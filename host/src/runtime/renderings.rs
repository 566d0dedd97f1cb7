//! Renderings as their caller gets them.

use std::{sync::Arc, vec};

use tokio::sync::mpsc;

use super::{
    input::{EventRendering, Input, Rules},
    job::{Job, Reply},
    parts::{Part, parts},
    workers::{EngineStopped, Workers},
};
use crate::{outcome::Failure, sandbox::Generation};

/// What events would publish, a part at a time: see
/// [`Runtime::render_in_parts`](super::Runtime::render_in_parts).
pub struct Renderings<'a> {
    workers: &'a Workers,
    generation: Arc<Generation>,
    rules: Rules,
    inputs: vec::IntoIter<Input>,
    at_hand: Option<Asked>,
}

impl std::fmt::Debug for Renderings<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Renderings").finish_non_exhaustive()
    }
}

impl<'a> Renderings<'a> {
    pub(super) fn new(
        workers: &'a Workers,
        generation: Arc<Generation>,
        (rules, inputs): (Rules, Vec<Input>),
    ) -> Self {
        Self {
            workers,
            generation,
            rules,
            inputs: inputs.into_iter(),
            at_hand: None,
        }
    }

    /// The next renderings, in the order of the events; none once all were given.
    ///
    /// A part has the renderings of at least one call into the component, and about
    /// 4 MiB of records where there are as many. The worker waits until it is taken.
    pub async fn next(&mut self) -> Option<Vec<EventRendering>> {
        loop {
            if let Some(asked) = &mut self.at_hand
                && let Some(part) = asked.next(&self.rules).await
            {
                return Some(part);
            }
            let input = self.inputs.next()?;
            let generation = Arc::clone(&self.generation);
            self.at_hand = Some(Asked::of(self.workers, generation, input).await);
        }
    }
}

/// A piece of events that a worker renders.
pub(super) struct Asked {
    input: Input,
    /// How many of its renderings have come.
    taken: usize,
    /// None once all have come.
    parts: Option<mpsc::Receiver<Part>>,
}

impl Asked {
    /// Hands a piece of events to a worker.
    pub(super) async fn of(workers: &Workers, generation: Arc<Generation>, input: Input) -> Self {
        let (sender, receiver) = parts();
        let job = Job {
            generation,
            input: input.clone(),
            reply: Reply::Render(sender),
        };
        // Where there is no worker, the job's end of the way is closed.
        workers.submit(job).await.ok();
        Self {
            input,
            taken: 0,
            parts: Some(receiver),
        }
    }

    pub(super) async fn next(&mut self, rules: &Rules) -> Option<Vec<EventRendering>> {
        let Some(part) = self.parts.as_mut()?.recv().await else {
            self.parts = None;
            let why = Failure::new("engine_stopped", EngineStopped.to_string());
            let unanswered = rules.unanswered(self.input.clone(), &why);
            return Some(unanswered.into_iter().skip(self.taken).collect());
        };
        self.taken += part.renderings.len();
        if part.is_last {
            self.parts = None;
        }
        // All may have gone before the end is known.
        Some(part.renderings).filter(|renderings| !renderings.is_empty())
    }
}
