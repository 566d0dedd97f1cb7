//! Worker threads that share one queue of jobs.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use tokio::sync::mpsc;

use super::job::Job;

/// Bytes of a worker's stack besides what the component may have of it: wasmtime
/// runs the component on the worker's own stack.
const OWN_STACK: usize = 2 << 20;

type Queue = Arc<Mutex<mpsc::Receiver<Job>>>;

/// The workers are gone: the runtime was shut down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the engine has stopped")]
pub(super) struct EngineStopped;

/// Threads that do jobs. They end when this is dropped and the jobs at hand are done.
pub(super) struct Workers {
    jobs: mpsc::Sender<Job>,
    count: usize,
    stack_bytes: usize,
}

impl Workers {
    /// Starts so many, for components that may use this much stack.
    pub(super) fn start(count: usize, stack_bytes: usize) -> io::Result<Self> {
        let (jobs, queue) = mpsc::channel(count * 2);
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..count {
            let queue = Arc::clone(&queue);
            thread::Builder::new()
                .name("trigger-worker".into())
                .stack_size(stack_bytes + OWN_STACK)
                .spawn(move || work(&queue))?;
        }
        Ok(Self {
            jobs,
            count,
            stack_bytes,
        })
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The most stack that a component may use on them.
    pub(super) fn stack_bytes(&self) -> usize {
        self.stack_bytes
    }

    /// Waits for a place in the queue and hands a job to the next free worker.
    ///
    /// # Errors
    ///
    /// The workers are gone.
    pub(super) async fn submit(&self, job: Job) -> Result<(), EngineStopped> {
        self.jobs.send(job).await.map_err(|_| EngineStopped)
    }
}

fn work(queue: &Queue) {
    loop {
        let job = queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .blocking_recv();
        let Some(job) = job else { return };
        // A job that panics closes its reply, and its instance is gone.
        catch_unwind(AssertUnwindSafe(|| job.run())).ok();
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::sandbox::StartError;

    #[test]
    fn threads_with_more_stack_than_there_can_be_are_refused_and_with_less_start() {
        let code = |stack_bytes| {
            let started = Workers::start(1, stack_bytes).map(drop);
            started.map_err(|error| StartError::Thread(error).code())
        };
        assert_eq!(code(1 << 47), Err("no_threads"));
        assert_eq!(code(1 << 20), Ok(()));
    }
}
