//! What the proxy says of topics, asked when its answers leave open whether one
//! is there.
//!
//! "Not present in metadata" comes after 60 s, for a topic or a partition that
//! does not exist and for any other while the broker is away. A question for the
//! topic tells the two apart: it is answered with 404 at once, or not at all.
//!
//! A broker may make a missing topic for its first record. So a POST that takes
//! long is asked about while it waits: a topic missing then has not been made,
//! and one missing only afterwards may be, by a broker that just came back.

use std::{
    collections::BTreeMap,
    pin::pin,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use action_triggers_core::rest::Topic;
use tokio::time::Instant;

/// A POST that takes so long makes its topic doubtful.
const SLOW: Duration = Duration::from_secs(10);
/// The least of half of an attempt's bound, which counts where it is shorter.
const LEAST_SLOW: Duration = Duration::from_millis(500);
/// Bounds a question: where it takes longer, the broker is away.
pub(super) const ANSWERED_WITHIN: Duration = Duration::from_secs(5);
/// How long an answer holds: no topic is asked for more often.
const FRESH: Duration = Duration::from_secs(2);
/// How long a topic that lacked something is asked for before each POST.
const DOUBTFUL: Duration = Duration::from_mins(5);

/// When a POST within this limit makes its topic doubtful, if ever.
pub(super) fn slow_after(limit: Duration) -> Option<Duration> {
    let half = limit / 2;
    (half >= LEAST_SLOW).then_some(half.min(SLOW))
}

/// How long a question may take that is put while a POST within this limit waits: it
/// must not outlast the POST.
pub(super) fn asked_for(limit: Duration, slow_after: Option<Duration>) -> Duration {
    let left = limit.saturating_sub(slow_after.unwrap_or_default());
    left.min(ANSWERED_WITHIN)
}

/// What was asked of topics lately.
#[derive(Debug, Default)]
pub(super) struct Topics(Mutex<BTreeMap<String, Asked>>);

#[derive(Debug)]
struct Asked {
    at: Instant,
    /// None until there is an answer.
    topic: Option<Topic>,
    /// When a record last could not be written to it.
    doubted: Option<Instant>,
}

impl Topics {
    /// Whether to ask for a topic before posting to it.
    pub(super) fn is_doubtful(&self, name: &str) -> bool {
        let asked = self.asked();
        let doubted = asked.get(name).and_then(|asked| asked.doubted);
        doubted.is_some_and(|doubted| doubted.elapsed() < DOUBTFUL)
    }

    /// Makes a topic that was asked for doubtful.
    pub(super) fn doubt(&self, name: &str) {
        if let Some(asked) = self.asked().get_mut(name) {
            asked.doubted = Some(Instant::now());
        }
    }

    /// Asks for a topic, or tells what was answered a moment ago.
    pub(super) async fn ask(
        &self,
        name: &str,
        question: impl Future<Output = Option<Topic>>,
    ) -> Option<Topic> {
        if !self.begin(name) {
            return self.asked().get(name)?.topic;
        }
        let topic = question.await;
        if let Some(asked) = self.asked().get_mut(name) {
            asked.topic = topic;
        }
        topic
    }

    /// Notes a question from now on, unless the last one is fresh: its answer
    /// holds, though it may be awaited still.
    fn begin(&self, name: &str) -> bool {
        let mut asked = self.asked();
        let last = asked.get(name);
        if last.is_some_and(|last| last.at.elapsed() < FRESH) {
            return false;
        }
        let doubted = last.and_then(|last| last.doubted);
        asked.retain(|_, asked| asked.at.elapsed() < DOUBTFUL);
        let now = Asked {
            at: Instant::now(),
            topic: None,
            doubted,
        };
        asked.insert(name.to_owned(), now);
        true
    }

    fn asked(&self) -> MutexGuard<'_, BTreeMap<String, Asked>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits for an answer; puts a question meanwhile if it takes long.
pub(super) async fn ask_meanwhile<A, Q>(
    answer: impl Future<Output = A>,
    slow_after: Option<Duration>,
    question: impl Future<Output = Q>,
) -> (A, Option<Q>) {
    let mut answer = pin!(answer);
    let Some(slow_after) = slow_after else {
        return (answer.await, None);
    };
    if let Ok(answer) = tokio::time::timeout(slow_after, &mut answer).await {
        return (answer, None);
    }
    let (answer, said) = tokio::join!(answer, question);
    (answer, Some(said))
}
