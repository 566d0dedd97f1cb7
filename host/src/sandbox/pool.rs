//! Worker threads that share one queue of work.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use tokio::sync::{mpsc, oneshot};

use super::{
    CallError, Guest, Limits,
    compiled::{Code, Sandbox},
    data::Services,
    guest::{LoadError, Set},
};
use crate::outcome::{Loaded, Refusal, Severity};

type Job = Box<dyn FnOnce(&mut Guest) + Send>;
type Jobs = Arc<Mutex<mpsc::Receiver<Job>>>;

/// Why an engine could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The component is not one, or wants more than the two imports.
    #[error("the component cannot be used: {message}")]
    Component {
        /// What wasmtime says of it.
        message: String,
    },
    /// The triggers have faults.
    #[error("the triggers are refused: {}", faults(.0))]
    Triggers(Box<Refusal>),
    /// The component broke while it took the triggers.
    #[error("the component could not load the triggers: {0}")]
    Load(#[from] CallError),
    /// A worker thread could not be started.
    #[error("a worker thread could not be started: {0}")]
    Thread(#[from] std::io::Error),
}

impl StartError {
    /// Stable, for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Component { .. } => "invalid_component",
            Self::Triggers(_) => "invalid_triggers",
            Self::Load(error) => error.code(),
            Self::Thread(_) => "no_threads",
        }
    }
}

/// The errors among what was found, as one sentence.
fn faults(refusal: &Refusal) -> String {
    let errors = refusal.diagnostics.iter();
    let errors = errors.filter(|found| found.severity == Severity::Error);
    let shown: Vec<String> = errors
        .map(|error| format!("{}: {}", error.path, error.message))
        .collect();
    shown.join("; ")
}

/// The engine's workers are gone: it was shut down, or the work panicked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the engine has stopped")]
pub(crate) struct EngineStopped;

/// Worker threads, each with an instance of the component that has the triggers
/// loaded. They end when the engine is dropped and the work at hand is done.
pub(crate) struct Engine {
    jobs: mpsc::Sender<Job>,
    loaded: Loaded,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Engine")
            .field("loaded", &self.loaded)
            .finish_non_exhaustive()
    }
}

impl Engine {
    /// Compiles the component, loads the triggers once to check them, and
    /// starts the workers. Takes a while: not for an async thread.
    pub(crate) fn start(
        code: Code<'_>,
        triggers: &str,
        workers: usize,
        limits: Limits,
        services: Services,
    ) -> Result<Self, StartError> {
        let workers = workers.max(1);
        let instances = u32::try_from(workers).unwrap_or(u32::MAX);
        // wasmtime runs the guest on the worker's own stack.
        let stack = limits.stack_bytes + (2 << 20);
        let sandbox = Sandbox::new(code, instances, limits, services).map_err(|error| {
            StartError::Component {
                message: format!("{error:#}"),
            }
        })?;
        let sandbox = Arc::new(sandbox);
        let set = Arc::new(Set::new(triggers));
        let mut first = Guest::new(sandbox.clone(), set.clone());
        first.load().map_err(|error| match error {
            LoadError::Refused(refusal) => StartError::Triggers(Box::new(refusal)),
            LoadError::Call(error) => StartError::Load(error),
        })?;
        let loaded = set.loaded();
        let (jobs, receiver) = mpsc::channel(workers * 2);
        let receiver = Arc::new(Mutex::new(receiver));
        let others = (1..workers).map(|_| Guest::new(sandbox.clone(), set.clone()));
        for guest in std::iter::once(first).chain(others) {
            let jobs = receiver.clone();
            let worker = thread::Builder::new()
                .name("trigger-worker".into())
                .stack_size(stack);
            worker.spawn(move || work(guest, &jobs))?;
        }
        Ok(Self { jobs, loaded })
    }

    /// What the guest said of the triggers.
    pub(crate) fn loaded(&self) -> &Loaded {
        &self.loaded
    }

    /// Waits for a place in the queue and hands over work for the next free
    /// worker. Its result comes through the receiver, which is closed when the
    /// work panicked.
    ///
    /// # Errors
    ///
    /// The workers are gone.
    pub(crate) async fn submit<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Guest) -> T + Send + 'static,
    ) -> Result<oneshot::Receiver<T>, EngineStopped> {
        let (reply, receiver) = oneshot::channel();
        let job: Job = Box::new(move |guest| {
            // Nobody listens when the caller has given up.
            drop(reply.send(work(guest)));
        });
        self.jobs.send(job).await.map_err(|_| EngineStopped)?;
        Ok(receiver)
    }
}

fn work(mut guest: Guest, jobs: &Jobs) {
    loop {
        let job = jobs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .blocking_recv();
        let Some(job) = job else { return };
        if catch_unwind(AssertUnwindSafe(|| job(&mut guest))).is_err() {
            guest.discard();
        }
    }
}
