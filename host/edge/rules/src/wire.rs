//! A network made of values: what an attempt sends is put aside for the caller, and
//! the attempt waits until the caller says what came of it.

use std::{
    collections::BTreeMap,
    fmt,
    future::poll_fn,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Poll,
    time::Duration,
};

use action_triggers_core::{
    clock::Moment,
    cluster::Cluster,
    rest::{
        Answer, Condensed, Failure, Redactor,
        access::{AccessError, Shown},
        address_to_configure,
        proxy::{Request, Transport},
        retry_after,
    },
};
use url::Url;

/// An HTTP request to be sent. Its headers may hold secrets, so `Debug` shows their
/// names only.
#[derive(Clone, PartialEq, Eq)]
pub struct WireRequest {
    /// Names it for its answer.
    pub id: u64,
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Where to.
    pub url: String,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// What is posted.
    pub body: Option<Vec<u8>>,
    /// When to give up.
    pub timeout: Duration,
}

impl fmt::Debug for WireRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        formatter
            .debug_struct("WireRequest")
            .field("id", &self.id)
            .field("method", &self.method)
            .field("url", &self.url)
            .field("headers", &names)
            .finish_non_exhaustive()
    }
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It was answered.
    Answered {
        /// The HTTP status.
        status: u16,
        /// The headers.
        headers: Vec<(String, String)>,
        /// The body.
        body: Vec<u8>,
    },
    /// There was no answer in time.
    TimedOut,
    /// There is no answer.
    Failed(Failure),
}

/// What all clusters' wires share: the clock, and requests on their way.
#[derive(Debug, Default)]
pub(crate) struct Line(Mutex<Traffic>);

#[derive(Debug, Default)]
pub(crate) struct Traffic {
    pub(crate) now: Moment,
    pub(crate) unix_ms: u64,
    last_id: u64,
    /// Not handed out yet.
    pub(crate) outgoing: Vec<WireRequest>,
    /// By request; none until there is one. A request that nobody waits for any more is
    /// not among them.
    replies: BTreeMap<u64, Option<Reply>>,
    /// When something waits for the time alone.
    pub(crate) wakes: Vec<Moment>,
}

impl Line {
    pub(crate) fn traffic(&self) -> MutexGuard<'_, Traffic> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a moment.
    async fn until(&self, moment: Moment) {
        poll_fn(|_| self.traffic().reached(moment)).await;
    }
}

impl Traffic {
    /// Keeps a reply, if somebody waits for it.
    pub(crate) fn keep(&mut self, id: u64, reply: Reply) {
        if let Some(waiting) = self.replies.get_mut(&id) {
            waiting.get_or_insert(reply);
        }
    }

    fn reached(&mut self, moment: Moment) -> Poll<()> {
        if self.now >= moment {
            return Poll::Ready(());
        }
        self.wakes.push(moment);
        Poll::Pending
    }
}

/// Forgets a request when nobody waits for its answer any more.
struct Awaited<'a> {
    line: &'a Line,
    id: u64,
}

impl Drop for Awaited<'_> {
    fn drop(&mut self) {
        let mut traffic = self.line.traffic();
        traffic.replies.remove(&self.id);
        traffic.outgoing.retain(|request| request.id != self.id);
    }
}

/// How one cluster's proxy is reached.
#[derive(Debug)]
pub(crate) struct Wire {
    line: Arc<Line>,
    cluster: Arc<Cluster>,
    shown: Shown,
}

impl Wire {
    pub(crate) fn new(line: Arc<Line>, cluster: Arc<Cluster>) -> Result<Self, AccessError> {
        Ok(Self {
            shown: Shown::of(&cluster)?,
            line,
            cluster,
        })
    }

    fn hand_out(&self, request: &mut Request) -> u64 {
        let mut headers = self.shown.headers.clone();
        headers.push(("accept".to_owned(), request.accept.to_owned()));
        let body = request.body.take().map(|(content_type, body)| {
            headers.push(("content-type".to_owned(), content_type.to_owned()));
            body
        });
        let mut traffic = self.line.traffic();
        traffic.last_id += 1;
        let id = traffic.last_id;
        traffic.replies.insert(id, None);
        traffic.outgoing.push(WireRequest {
            id,
            method: if body.is_some() { "POST" } else { "GET" },
            url: request.url.to_string(),
            headers,
            body,
            timeout: request.limit,
        });
        id
    }
}

impl Transport for Wire {
    fn now(&self) -> Moment {
        self.line.traffic().now
    }

    fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send {
        let until = self.now().after(time);
        self.line.until(until)
    }

    async fn send(&self, mut request: Request) -> Result<Answer, Failure> {
        let (limit, cap) = (request.limit, request.cap);
        let over = self.now().after(limit);
        let id = self.hand_out(&mut request);
        let _awaited = Awaited {
            line: &self.line,
            id,
        };
        let reply = poll_fn(|_| {
            let mut traffic = self.line.traffic();
            match traffic.replies.get_mut(&id).and_then(Option::take) {
                Some(reply) => Poll::Ready(Some(reply)),
                None => traffic.reached(over).map(|()| None),
            }
        });
        match reply.await {
            Some(Reply::Answered {
                status,
                headers,
                body,
            }) => {
                let unix_ms = self.line.traffic().unix_ms;
                let head = Head {
                    headers: &headers,
                    unix_ms,
                };
                Ok(head.answer(status, &body, cap, (&self.cluster.rest_url, &request.url)))
            }
            Some(Reply::Failed(failure)) => Err(failure),
            Some(Reply::TimedOut) | None => Err(Failure::TimedOut(limit)),
        }
    }

    fn redactor(&self) -> Arc<Redactor> {
        Arc::clone(&self.shown.redactor)
    }

    async fn renew(&self) -> bool {
        // A host that has other secrets configures again.
        false
    }
}

/// An answer's headers, and when they came.
struct Head<'a> {
    headers: &'a [(String, String)],
    unix_ms: u64,
}

impl Head<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter();
        let found = found.find(|(one, _)| one.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    fn answer(&self, status: u16, body: &[u8], cap: usize, (base, asked): (&Url, &Url)) -> Answer {
        let is_redirect = (300..400).contains(&status);
        let location = self.get("location").filter(|_| is_redirect);
        let mut condensed = Condensed::new(cap);
        let failure = condensed.read(body).err().map(|_| Failure::TooLarge(cap));
        Answer {
            status,
            retry_after: self
                .get("retry-after")
                .and_then(|text| retry_after(text, self.unix_ms)),
            content_type: self.get("content-type").map(str::to_owned),
            moved_to: location.and_then(|location| address_to_configure(base, asked, location)),
            body: condensed.into_bytes(),
            failure,
        }
    }
}
