//! Events for callers that keep them until they are told that they were taken, such as
//! those of an HTTP service.

use std::{pin::pin, sync::Arc};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::{
    Runtime,
    commit::{self, Claims, Keeper},
    error::NotTaken,
    events::Events,
    input::{EventOutcome, Input, Rules},
    job::{Job, Reply},
};
use crate::{outbox::Claim, sandbox::Generation};

impl Runtime {
    /// Decides as [`Runtime::process`] does and hands over what is published, all of it
    /// or nothing, without waiting for room in the outbox. Returns once all is in it.
    ///
    /// Calls under way at once enter the outbox in any order.
    ///
    /// # Errors
    ///
    /// The outbox has no room for all of the records, or does not work: then none is
    /// in it, and the caller still has the events.
    pub async fn offer(&self, events: impl Into<Events>) -> Result<Vec<EventOutcome>, NotTaken> {
        let claim = self.delivery.claim();
        // Before anything is decided for nothing.
        claim.look()?;
        let generation = self.tenant.generation();
        let rules = Rules::of(generation.limits());
        let pieces = stream::iter(rules.cut(events.into()));
        let decided = pieces.map(|input| self.claimed(&generation, input, &claim));
        let mut decided = pin!(decided.buffered(self.workers.count() * 2));
        let (mut outcomes, mut claimed, mut failed) = Claims::default();
        while let Some((mut of_piece, mut records, mut events)) = decided.try_next().await? {
            outcomes.append(&mut of_piece);
            claimed.append(&mut records);
            failed.append(&mut events);
        }
        let taken = self.delivery.admit(claimed, failed).await?;
        commit::tell(&taken, &mut outcomes);
        Ok(outcomes)
    }

    /// Lets a worker decide a piece of events, and takes room for its records as they come.
    async fn claimed(
        &self,
        generation: &Arc<Generation>,
        input: Input,
        claim: &Claim,
    ) -> Result<Claims, NotTaken> {
        let (decision, yields) = commit::decision(Keeper::Caller);
        let job = Job {
            generation: Arc::clone(generation),
            input,
            reply: Reply::Process(yields),
        };
        let submitted = self.workers.submit(job).await;
        submitted.map_err(|_| NotTaken::Stopped)?;
        decision.claim(&self.delivery, claim).await
    }
}
