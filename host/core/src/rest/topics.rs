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

use futures_util::future::{Either, join, select};

use super::topic::Topic;
use crate::clock::Moment;

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
    at: Moment,
    /// None until there is an answer.
    topic: Option<Topic>,
    /// When a record last could not be written to it.
    doubted: Option<Moment>,
}

impl Topics {
    /// Whether to ask for a topic before posting to it.
    pub(super) fn is_doubtful(&self, name: &str, now: Moment) -> bool {
        let asked = self.asked();
        let doubted = asked.get(name).and_then(|asked| asked.doubted);
        doubted.is_some_and(|doubted| now.since(doubted) < DOUBTFUL)
    }

    /// Makes a topic that was asked for doubtful.
    pub(super) fn doubt(&self, name: &str, now: Moment) {
        if let Some(asked) = self.asked().get_mut(name) {
            asked.doubted = Some(now);
        }
    }

    /// Asks for a topic, or tells what was answered a moment ago.
    pub(super) async fn ask(
        &self,
        name: &str,
        now: Moment,
        question: impl Future<Output = Option<Topic>>,
    ) -> Option<Topic> {
        if !self.begin(name, now) {
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
    fn begin(&self, name: &str, now: Moment) -> bool {
        let mut asked = self.asked();
        let last = asked.get(name);
        if last.is_some_and(|last| now.since(last.at) < FRESH) {
            return false;
        }
        let doubted = last.and_then(|last| last.doubted);
        asked.retain(|_, asked| now.since(asked.at) < DOUBTFUL);
        let question = Asked {
            at: now,
            topic: None,
            doubted,
        };
        asked.insert(name.to_owned(), question);
        true
    }

    fn asked(&self) -> MutexGuard<'_, BTreeMap<String, Asked>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits for an answer; puts a question meanwhile if `slow`, a wait, is over first.
pub(super) async fn ask_meanwhile<A, Q>(
    answer: impl Future<Output = A>,
    slow: Option<impl Future<Output = ()>>,
    question: impl Future<Output = Q>,
) -> (A, Option<Q>) {
    let answer = pin!(answer);
    let Some(slow) = slow else {
        return (answer.await, None);
    };
    match select(answer, pin!(slow)).await {
        Either::Left((answer, _)) => (answer, None),
        Either::Right(((), answer)) => {
            let (answer, said) = join(answer, question).await;
            (answer, Some(said))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::{pending, poll_fn, ready},
        task::Poll,
    };

    use futures_util::FutureExt as _;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn found(partitions: u32) -> Topic {
        Topic::Found {
            partitions,
            is_compacted: false,
        }
    }

    /// What comes of a question that is answered at once.
    fn ask(topics: &Topics, name: &str, seconds: u64, answer: Topic) -> Option<Topic> {
        let now = Moment::from_millis(seconds * 1_000);
        topics.ask(name, now, ready(Some(answer))).now_or_never()?
    }

    #[test]
    fn a_question_is_put_once_a_post_takes_long() {
        let quick = ask_meanwhile(ready(1), Some(pending()), ready(2));
        assert_eq!(quick.now_or_never(), Some((1, None)));
        let mut is_over = false;
        let long = poll_fn(|_| {
            if std::mem::replace(&mut is_over, true) {
                Poll::Ready(1)
            } else {
                Poll::Pending
            }
        });
        let slow = ask_meanwhile(long, Some(ready(())), ready(2));
        assert_eq!(slow.now_or_never(), Some((1, Some(2))));
        assert_eq!(slow_after(70 * SECOND), Some(10 * SECOND));
        assert_eq!(slow_after(5 * SECOND), Some(SECOND * 5 / 2));
        assert_eq!(slow_after(SECOND * 9 / 10), None);
    }

    #[test]
    fn a_question_does_not_outlast_its_post() {
        for (limit, expected) in [(70, 5 * SECOND), (4, 2 * SECOND)] {
            let limit = limit * SECOND;
            assert_eq!(asked_for(limit, slow_after(limit)), expected);
        }
    }

    #[test]
    fn a_topic_is_asked_for_at_most_every_two_seconds() {
        let topics = Topics::default();
        assert_eq!(ask(&topics, "a", 0, Topic::Missing), Some(Topic::Missing));
        assert_eq!(ask(&topics, "a", 1, found(1)), Some(Topic::Missing));
        assert_eq!(ask(&topics, "b", 1, found(1)), Some(found(1)));
        assert_eq!(ask(&topics, "a", 2, found(1)), Some(found(1)));
    }

    #[test]
    fn a_topic_is_doubtful_for_five_minutes() {
        let topics = Topics::default();
        let at = |seconds: u64| Moment::from_millis(seconds * 1_000);
        ask(&topics, "a", 0, Topic::Missing);
        assert!(!topics.is_doubtful("a", at(0)));
        topics.doubt("a", at(0));
        ask(&topics, "a", 299, Topic::Missing);
        assert!(topics.is_doubtful("a", at(299)));
        assert!(!topics.is_doubtful("a", at(300)));
    }
}
