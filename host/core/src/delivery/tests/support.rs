//! A machine whose clock the test moves.

use std::time::Duration;

use crate::{
    clock::Moment,
    cluster::{ClusterId, Terms},
    delivery::{Backoff, Finished, Machine, Post, Settled, Ticket},
    verdict::{Reason, TOO_LARGE, Verdict},
};

pub(super) const SECOND: Duration = Duration::from_secs(1);

pub(super) struct Bench {
    pub(super) machine: Machine,
    pub(super) terms: Terms,
    now: Moment,
    last: u64,
}

impl Bench {
    pub(super) fn new(terms: Terms) -> Self {
        Self {
            machine: Machine::new(Backoff::seeded(1)),
            terms,
            now: Moment::from_millis(1_000),
            last: 0,
        }
    }

    /// Accepts a record of a topic and key; gives its number.
    pub(super) fn accept(&mut self, topic: &str, key: Option<&str>) -> u64 {
        self.accept_with(topic, key, None)
    }

    pub(super) fn accept_with(
        &mut self,
        topic: &str,
        key: Option<&str>,
        timeout: Option<Duration>,
    ) -> u64 {
        self.last += 1;
        let ticket = Ticket {
            number: self.last,
            key: key.map(Into::into),
            size: 10,
            timeout,
            since: self.now,
            deadline: self.now.after(self.terms.time_to_live),
            may_be_written: false,
        };
        self.machine.accept(&cluster(), topic, ticket, self.terms);
        self.last
    }

    /// Lets the time pass and gives what expired.
    pub(super) fn pass(&mut self, time: Duration) -> Vec<Settled> {
        self.now = self.now.after(time);
        self.machine.advance(self.now)
    }

    /// Every POST that may start now.
    pub(super) fn posts(&mut self) -> Vec<Post> {
        std::iter::from_fn(|| self.machine.next_post(self.now, true)).collect()
    }

    pub(super) fn finish(&mut self, post: Post, verdict: &Verdict) -> Finished {
        let verdicts = vec![verdict.clone(); post.len()];
        self.machine.finish(post, verdicts, self.now)
    }

    /// How long it is until then.
    pub(super) fn until(&self, moment: Moment) -> Duration {
        moment.since(self.now)
    }

    /// How long it is until the machine wants to be asked again.
    pub(super) fn next_wake(&self) -> Option<Duration> {
        Some(self.machine.next_wake(self.now)?.since(self.now))
    }
}

pub(super) fn cluster() -> ClusterId {
    ClusterId::new("", "kafka:9092")
}

pub(super) fn topics(posts: &[Post]) -> Vec<&str> {
    posts.iter().map(|post| &*post.topic).collect()
}

pub(super) const DELIVERED: Verdict = Verdict::Delivered {
    partition: Some(0),
    offset: Some(7),
};

fn reason(retry_after: Option<Duration>) -> Reason {
    Reason {
        code: "scripted",
        message: "not now".to_owned(),
        retry_after,
    }
}

pub(super) fn retriable() -> Verdict {
    Verdict::Retriable(reason(None))
}

pub(super) fn too_large() -> Verdict {
    Verdict::Alone(Reason {
        code: TOO_LARGE,
        ..reason(None)
    })
}

pub(super) fn refused() -> Verdict {
    Verdict::Permanent(reason(None))
}

pub(super) fn unknown() -> Verdict {
    Verdict::Unknown(reason(None))
}

pub(super) fn busy(retry_after: Duration) -> Verdict {
    Verdict::Retriable(reason(Some(retry_after)))
}
