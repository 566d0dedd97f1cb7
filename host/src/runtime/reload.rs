//! Another generation in place of the one of now.

use super::{BuildError, Builder, Runtime};

impl Runtime {
    /// Decides by other triggers, settings, brokers, clusters and limits from now on,
    /// without a stop. The builder says all of it anew: what it does not name has its
    /// default, as in [`Builder::build`].
    ///
    /// Events of calls that began before are decided by what was there before, events
    /// of later calls by the new. Records that were accepted are delivered, through the
    /// new connections where their clusters say something else now. A cluster that is
    /// not named any more stays reachable for records on their way to it.
    ///
    /// Workers, the outbox and its limits, and a publisher of your own stay as they
    /// are; what the builder says of them does not count.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use action_triggers_host::Runtime;
    ///
    /// let runtime = Runtime::builder().build().await?;
    /// assert!(runtime.reload(Runtime::builder().triggers("no JSON")).await.is_err());
    /// runtime.reload(Runtime::builder().triggers("[]")).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Something given is wrong, with every fault; or `stack_bytes` is larger than at
    /// the start. Then everything goes on as before.
    pub async fn reload(&self, builder: Builder) -> Result<(), BuildError> {
        let _alone = self.reloading.lock().await;
        let plan = builder.plan()?;
        if plan.limits.stack_bytes > self.workers.stack_bytes() {
            let limit = "stack_bytes";
            return Err(BuildError::NeedsStart { limit });
        }
        let clusters = plan.clusters.clone();
        let running = self.tenant.generation().sandbox().clone();
        let publisher = self.delivery.publisher();
        let workers = self.workers.count();
        let generation = plan.load(publisher, Some(running), workers).await?;
        if let Some(rest) = &self.rest {
            rest.connect_all(clusters)?;
        }
        // From here on nothing can fail.
        self.delivery.count_clusters();
        self.tenant.replace(generation);
        Ok(())
    }
}
