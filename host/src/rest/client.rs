//! The one place that makes an HTTP client and speaks through it.

use std::{
    error::Error,
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use action_triggers_core::rest::{
    Answer, Failure, address_to_configure, proxy::Request, retry_after,
};
use http::{
    Method,
    header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, LOCATION, RETRY_AFTER},
};
use tokio::time::Instant;

use super::{
    access::{Access, Identity},
    body::{Body, Problem},
    error::RestError,
    tls,
};
use crate::{
    cluster::{Cluster, HttpProxy, Secret},
    wall_clock::unix_ms,
};

/// Confluent closes connections after 30 s without a word, and a POST on a
/// closed one is lost.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);
/// An HTTP/2 connection that does not answer a ping in this time is dead; requests
/// share it, so one that died in silence would hold them all.
const PING_EVERY: Duration = Duration::from_secs(20);
const PING_TIMEOUT: Duration = Duration::from_secs(10);

/// Most headers of an answer; gateways add theirs.
const MOST_HEADERS: usize = 500;

/// The one encoding of answers that is asked for.
const GZIP: &str = "gzip";

/// An HTTP client for one cluster's proxy.
#[derive(Debug)]
pub(super) struct Client {
    cluster: Arc<Cluster>,
    connections: Mutex<Connections>,
    /// Whether there was ever an answer of any kind.
    has_answered: AtomicBool,
}

/// Connections that are kept, and since when.
#[derive(Debug)]
struct Connections {
    http: reqwest::Client,
    /// Kept to connect again.
    tls: rustls::ClientConfig,
    since: Instant,
    /// Whose identity they show: how often it had changed.
    identity: u64,
}

impl Client {
    pub(super) fn new(cluster: Arc<Cluster>) -> Result<Self, RestError> {
        let connections = Mutex::new(connect(&cluster, tls(&cluster)?, 0)?);
        Ok(Self {
            cluster,
            connections,
            has_answered: AtomicBool::new(false),
        })
    }

    /// The client whose connections are young enough and show who we are now. Another
    /// one is dropped with its idle connections; requests under way keep theirs until
    /// they are answered.
    fn http(&self, identity: Identity) -> reqwest::Client {
        let mut current = self
            .connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let is_other = current.identity != identity.changes;
        if is_other || current.since.elapsed() >= self.cluster.connection_max_age {
            let tls = if is_other {
                self.tls_of(identity.pem)
            } else {
                Some(current.tls.clone())
            };
            let renewed = tls.and_then(|tls| connect(&self.cluster, tls, identity.changes).ok());
            if let Some(renewed) = renewed {
                *current = renewed;
            } else {
                // Old connections are better than none.
                current.since = Instant::now();
                current.identity = identity.changes;
            }
        }
        current.http.clone()
    }

    /// The configuration with another identity; none if it cannot be used.
    fn tls_of(&self, identity_pem: Option<Secret>) -> Option<rustls::ClientConfig> {
        let mut cluster = Cluster::clone(&self.cluster);
        cluster.tls.identity_pem = identity_pem;
        tls(&cluster).ok()
    }

    /// Sends a request and reads the answer, or as much of it as comes in time.
    pub(super) async fn send(&self, request: Request, access: &Access) -> Result<Answer, Failure> {
        let limit = request.limit;
        let mut answer = None;
        // Boxed, because a publisher's future is kept while it waits.
        let exchange = Box::pin(self.exchange(request, access, &mut answer));
        let failure = match tokio::time::timeout(limit, exchange).await {
            Ok(Ok(())) => None,
            Ok(Err(failure)) => Some(failure),
            Err(_) => Some(Failure::TimedOut(limit)),
        };
        match (answer, failure) {
            (Some((answer, body)), failure) => {
                self.has_answered.store(true, Relaxed);
                Ok(Answer {
                    body: body.into_bytes(),
                    failure,
                    ..answer
                })
            }
            (None, Some(failure)) => {
                // A certificate that is refused may break the connection without a word.
                let shows_identity = self.cluster.tls.identity_pem.is_some();
                if shows_identity && matches!(failure, Failure::Tls(_) | Failure::Lost(_)) {
                    access.renew().await;
                }
                Err(failure)
            }
            (None, None) => Err(Failure::Lost("there was no answer".to_owned())),
        }
    }

    /// Fills `answer` as it comes, so that a part of it is there after a time-out.
    async fn exchange(
        &self,
        request: Request,
        access: &Access,
        answer: &mut Option<(Answer, Body)>,
    ) -> Result<(), Failure> {
        let Request { url, cap, .. } = request;
        let method = match request.body {
            Some(_) => Method::POST,
            None => Method::GET,
        };
        let mut builder = self
            .http(access.identity())
            .request(method, url.clone())
            .headers(access.shown().headers)
            .header(ACCEPT, request.accept)
            .header(ACCEPT_ENCODING, GZIP);
        if let Some((content_type, body)) = request.body {
            builder = builder.header(CONTENT_TYPE, content_type).body(body);
        }
        let sent = builder.send().await;
        let mut response = sent.map_err(|error| self.failure(&error))?;
        let text = |name| {
            let value = response.headers().get(name)?;
            Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        let location = text(LOCATION).filter(|_| response.status().is_redirection());
        let head = Answer {
            status: response.status().as_u16(),
            retry_after: text(RETRY_AFTER).and_then(|text| retry_after(&text, unix_ms())),
            content_type: text(CONTENT_TYPE),
            moved_to: location
                .and_then(|location| address_to_configure(&self.cluster.rest_url, &url, &location)),
            ..Answer::default()
        };
        let encoding = text(CONTENT_ENCODING).filter(|name| is_unasked(name));
        let (_, body) = answer.insert((head, Body::new(cap)));
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| Failure::Lost(root_cause(&error)))?
        {
            body.read(&chunk).map_err(|problem| match problem {
                Problem::TooLarge => Failure::TooLarge(cap),
                Problem::Broken => Failure::Encoded(GZIP.to_owned()),
            })?;
        }
        // Where the body is JSON all the same, that counts.
        encoding.map_or(Ok(()), |name| Err(Failure::Encoded(name)))
    }

    fn failure(&self, error: &reqwest::Error) -> Failure {
        let is_https = self.cluster.rest_url.scheme() == "https";
        let cause = root_cause(error);
        let tls = sources(error).find_map(tls_error);
        match tls {
            Some(error) => Failure::Tls(tls::explain(error)),
            None if cause.contains("HTTP version") && !is_https => Failure::Lost(format!(
                "{cause}: that is not an answer in HTTP/1; if the port wants TLS, or speaks HTTP/2 only, write `https://` in `rest_url`"
            )),
            None if error.is_connect() && is_https && ends_handshake(&cause) => {
                Failure::Tls(format!("{cause}; {}", tls::NO_TLS_THERE))
            }
            None if error.is_connect() => Failure::Unreachable(cause),
            None if !is_https && ends_silently(&cause) && !self.has_answered.load(Relaxed) => {
                Failure::Lost(format!(
                    "{cause}; it has not answered yet: if the port wants TLS, write `https://` in `rest_url`"
                ))
            }
            None => Failure::Lost(cause),
        }
    }
}

/// A server that does not speak TLS hangs up, or waits for more, until we do.
fn ends_handshake(cause: &str) -> bool {
    [
        "handshake eof",
        "reset by peer",
        "timed out",
        "deadline has elapsed",
    ]
    .iter()
    .any(|text| cause.contains(text))
}

/// A server that waits for TLS hangs up on what is none.
fn ends_silently(cause: &str) -> bool {
    ["reset by peer", "before message completed"]
        .iter()
        .any(|text| cause.contains(text))
}

fn tls(cluster: &Cluster) -> Result<rustls::ClientConfig, RestError> {
    let proxy_is_https = |proxy: &HttpProxy| proxy.url.scheme() == "https";
    let config = if cluster.rest_url.scheme() == "https"
        || cluster.proxy.as_ref().is_some_and(proxy_is_https)
    {
        tls::client_config(&cluster.tls)
    } else {
        tls::no_tls()
    };
    config.map_err(|problem| RestError::InvalidTls {
        cluster: cluster.bootstrap_servers.clone(),
        problem,
    })
}

fn connect(
    cluster: &Cluster,
    tls: rustls::ClientConfig,
    identity: u64,
) -> Result<Connections, RestError> {
    let failed = |error: &reqwest::Error| RestError::Client {
        cluster: cluster.bootstrap_servers.clone(),
        problem: root_cause(error),
    };
    // Were the attempt's own bound over first, nobody knew that nothing was sent.
    let connect_timeout = cluster
        .connect_timeout
        .min(cluster.request_timeout / 10 * 9);
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("action-triggers/", env!("CARGO_PKG_VERSION")))
        .tls_backend_preconfigured(tls.clone())
        // A redirect would carry credentials and records elsewhere; a proxy
        // from the environment would see them; a retry would write twice.
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .retry(reqwest::retry::never())
        // An odd header must not hide that records are written.
        .http1_max_headers(MOST_HEADERS)
        .http1_ignore_invalid_headers_in_responses(true)
        .http1_allow_spaces_after_header_name_in_responses(true)
        .http1_allow_obsolete_multiline_headers_in_responses(true)
        .connect_timeout(connect_timeout)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .pool_max_idle_per_host(cluster.max_in_flight)
        .http2_keep_alive_interval(PING_EVERY)
        .http2_keep_alive_timeout(PING_TIMEOUT);
    if let Some(proxy) = &cluster.proxy {
        let mut through = reqwest::Proxy::all(proxy.url.clone()).map_err(|error| failed(&error))?;
        if let Some((username, password)) = &proxy.basic {
            through = through.basic_auth(username, password.expose());
        }
        builder = builder.proxy(through);
    }
    Ok(Connections {
        http: builder.build().map_err(|error| failed(&error))?,
        tls,
        since: Instant::now(),
        identity,
    })
}

/// Whether an answer names an encoding beyond those that may be expected.
fn is_unasked(names: &str) -> bool {
    let mut names = names.split(',').map(str::trim);
    !names.all(|name| {
        let asked = ["", GZIP, "x-gzip", "identity"];
        asked.iter().any(|one| name.eq_ignore_ascii_case(one))
    })
}

/// The innermost text: the outer ones repeat the address.
fn root_cause(error: &reqwest::Error) -> String {
    sources(error)
        .last()
        .map_or_else(|| "the request failed".to_owned(), ToString::to_string)
}

fn sources<'a>(error: &'a reqwest::Error) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(error.source(), |&error| error.source())
}

/// An I/O error hides what it was made from.
fn tls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    error
        .downcast_ref()
        .or_else(|| tls_error(error.downcast_ref::<io::Error>()?.get_ref()?))
}
