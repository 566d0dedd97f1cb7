//! Ends of records on their way into the store.

use std::{sync::Arc, time::Duration};

use action_triggers_core::{clock::Now, delivery::Settled};
use tokio::{task::JoinHandle, time::Instant};

use crate::outbox::{Death, End, Store, StoreError};

/// How long a store that could not take ends is left alone.
const AGAIN: Duration = Duration::from_secs(1);

/// A batch that the store is taking, and its answer.
type UnderWay = (Vec<Settled>, JoinHandle<Result<(), StoreError>>);

/// What the store answered for a batch.
pub(super) struct Answered {
    pub(super) settled: Vec<Settled>,
    /// Whether it has these ends, and those before that it could not take.
    pub(super) is_taken: bool,
}

/// Hands ends to the store, a batch at a time: what ends meanwhile is the next
/// batch. Nobody has to wait for it, so a slow store holds up no POST.
pub(super) struct Settling {
    store: Arc<dyn Store>,
    next: Vec<(Settled, End)>,
    doubtful: Vec<u64>,
    under_way: Option<UnderWay>,
    /// When the store is asked again to take what it could not take.
    again: Option<Instant>,
    /// Whether the store takes nothing more.
    is_stopped: bool,
    /// Whether what it cannot take is left to it.
    is_closing: bool,
}

impl Settling {
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            next: Vec::new(),
            doubtful: Vec::new(),
            under_way: None,
            again: None,
            is_stopped: false,
            is_closing: false,
        }
    }

    /// Whether the store takes nothing more.
    pub(super) fn is_stopped(&self) -> bool {
        self.is_stopped
    }

    /// Whether the store is taking nothing.
    pub(super) fn is_idle(&self) -> bool {
        self.under_way.is_none()
    }

    /// Takes ends on their way.
    pub(super) fn push(&mut self, settled: Vec<Settled>, now: Now) {
        let ends = settled.into_iter().map(|one| {
            let end = end(&one, now);
            (one, end)
        });
        self.next.extend(ends);
        self.start();
    }

    /// Takes records that may have been written, which the store notes with what ends.
    pub(super) fn doubt(&mut self, mut numbers: Vec<u64>) {
        self.doubtful.append(&mut numbers);
        self.start();
    }

    /// Asks a store that cannot take ends not again.
    pub(super) fn close(&mut self) {
        self.is_closing = true;
        self.again = None;
    }

    /// Waits for the store to answer for a batch; none when there is nothing to wait for.
    /// Dropping the future loses nothing.
    pub(super) async fn settled(&mut self) -> Option<Answered> {
        if self.under_way.is_none() {
            tokio::time::sleep_until(self.again?).await;
            self.begin();
        }
        let (_, taken) = self.under_way.as_mut()?;
        let problem = match taken.await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => {
                self.is_stopped |= error.is_final();
                Some(error.to_string())
            }
            Err(error) => Some(error.to_string()),
        };
        let is_taken = problem.is_none();
        if let Some(problem) = problem {
            tracing::error!("the outbox does not take what became of records: {problem}");
        }
        let (settled, _) = self.under_way.take()?;
        let asks_again = !(is_taken || self.is_stopped || self.is_closing);
        self.again = asks_again.then(|| Instant::now() + AGAIN);
        self.start();
        Some(Answered { settled, is_taken })
    }

    fn start(&mut self) {
        if self.under_way.is_some() || (self.next.is_empty() && self.doubtful.is_empty()) {
            return;
        }
        self.begin();
    }

    fn begin(&mut self) {
        let is_behind = self.again.take().is_some();
        let doubtful = std::mem::take(&mut self.doubtful);
        let (settled, ends): (Vec<_>, Vec<_>) = self
            .next
            .drain(..)
            .map(|(one, end)| {
                let number = one.number;
                (one, (number, end))
            })
            .unzip();
        let store = Arc::clone(&self.store);
        let taken = tokio::spawn(async move {
            // Both go on their way before either is waited for.
            let (doubted, settled) = (
                (!doubtful.is_empty()).then(|| store.doubt(doubtful)),
                (is_behind || !ends.is_empty()).then(|| store.settle(ends)),
            );
            if let Some(doubted) = doubted {
                doubted.await?;
            }
            match settled {
                Some(settled) => settled.await,
                None => Ok(()),
            }
        });
        self.under_way = Some((settled, taken));
    }
}

fn end(settled: &Settled, now: Now) -> End {
    match &settled.result {
        Ok(_) => End::Delivered,
        Err(error) => End::Dead(Death {
            code: error.code.to_owned(),
            message: error.message.clone(),
            attempts: settled.attempts,
            last_answer: settled
                .last_answer
                .as_ref()
                .map(|reason| reason.message.clone()),
            died_ms: now.unix_ms,
        }),
    }
}
