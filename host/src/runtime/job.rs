//! Jobs: work for one worker, as plain data.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::{
    commit::Yields,
    input::{EventExplanation, Input, Rules},
    parts::Parts,
};
use crate::sandbox::{Generation, Guest};

/// Events to decide, and by which generation.
pub(super) struct Job {
    pub(super) generation: Arc<Generation>,
    pub(super) input: Input,
    pub(super) reply: Reply,
}

/// What is asked of the events, and where the answer goes.
pub(super) enum Reply {
    Process(Yields),
    Render(Parts),
    Explain(oneshot::Sender<Vec<EventExplanation>>),
}

impl Job {
    /// Does the work on this thread. By the time of the answer the job holds its
    /// generation no more.
    pub(super) fn run(self) {
        let Self {
            generation,
            input,
            reply,
        } = self;
        let rules = Rules::of(generation.limits());
        match reply {
            Reply::Process(mut yields) => {
                let mut guest = Guest::of(&generation);
                let outcomes = rules.process(input, &mut guest, |decided| yields.add(decided));
                drop(guest);
                drop(generation);
                yields.finish(outcomes);
            }
            Reply::Render(mut parts) => {
                let mut guest = Guest::of(&generation);
                rules.render(input, &mut guest, |renderings| parts.add(renderings));
                drop(guest);
                drop(generation);
                parts.finish();
            }
            Reply::Explain(reply) => {
                let explanations = rules.explain(input, &mut Guest::of(&generation));
                drop(generation);
                // Nobody listens when the caller has given up.
                reply.send(explanations).ok();
            }
        }
    }
}
