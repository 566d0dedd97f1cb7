//! The one place that makes an HTTP client and speaks through it.

use std::{error::Error, io, time::Duration};

use action_triggers_core::rest::{Answer, Failure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{
    HeaderMap, HeaderValue,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER},
};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{error::RestError, tls};
use crate::cluster::{Auth, Cluster};

/// Confluent closes connections after 30 s without a word, and a POST on a
/// closed one is lost.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// An HTTP client for one cluster's proxy.
#[derive(Debug)]
pub(super) struct Client {
    http: reqwest::Client,
}

impl Client {
    pub(super) fn new(
        cluster: &Cluster,
        authorization: Option<&SecretString>,
    ) -> Result<Self, RestError> {
        let name = || cluster.bootstrap_servers.clone();
        let tls = if cluster.rest_url.scheme() == "https" {
            tls::client_config(&cluster.tls)
        } else {
            tls::no_tls()
        }
        .map_err(|problem| RestError::InvalidTls {
            cluster: name(),
            problem,
        })?;
        let http = reqwest::Client::builder()
            .default_headers(default_headers(cluster, authorization)?)
            .user_agent(concat!("action-triggers/", env!("CARGO_PKG_VERSION")))
            .tls_backend_preconfigured(tls)
            // A redirect would carry credentials and records elsewhere; a proxy
            // from the environment would see them; a retry would write twice.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .retry(reqwest::retry::never())
            .connect_timeout(cluster.connect_timeout)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(cluster.max_in_flight)
            .build()
            .map_err(|error| RestError::Client {
                cluster: name(),
                problem: root_cause(&error),
            })?;
        Ok(Self { http })
    }

    /// Posts a body. Waits for `limit` and takes `cap` bytes of answer at most.
    pub(super) async fn post(
        &self,
        url: Url,
        (content_type, accept): (&'static str, &'static str),
        body: Vec<u8>,
        (limit, cap): (Duration, usize),
    ) -> Result<Answer, Failure> {
        let request = self
            .http
            .post(url)
            .header(CONTENT_TYPE, content_type)
            .header(ACCEPT, accept)
            .body(body);
        answer(request, limit, cap).await
    }

    /// Asks for JSON of this media type.
    pub(super) async fn get(
        &self,
        url: Url,
        accept: &'static str,
        (limit, cap): (Duration, usize),
    ) -> Result<Answer, Failure> {
        let request = self.http.get(url).header(ACCEPT, accept);
        answer(request, limit, cap).await
    }
}

/// The value of the `Authorization` header.
pub(super) fn authorization(cluster: &Cluster) -> Result<Option<SecretString>, RestError> {
    match &cluster.auth {
        Auth::None => Ok(None),
        // RFC 7617: the first colon ends the name.
        Auth::Basic { username, .. } if username.contains(':') => Err(RestError::InvalidAuth {
            cluster: cluster.bootstrap_servers.clone(),
            problem: "has a user name with a colon, which HTTP Basic cannot carry",
        }),
        Auth::Basic { username, password } => {
            let credentials = format!("{username}:{}", password.expose_secret());
            Ok(Some(
                format!("Basic {}", STANDARD.encode(credentials)).into(),
            ))
        }
        Auth::Bearer(token) => Ok(Some(format!("Bearer {}", token.expose_secret()).into())),
    }
}

fn default_headers(
    cluster: &Cluster,
    authorization: Option<&SecretString>,
) -> Result<HeaderMap, RestError> {
    let mut headers = HeaderMap::new();
    if let Some(authorization) = authorization {
        let mut value = HeaderValue::from_str(authorization.expose_secret()).map_err(|_| {
            RestError::InvalidAuth {
                cluster: cluster.bootstrap_servers.clone(),
                problem: "has a token that no HTTP header can carry; is there a line break in it?",
            }
        })?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    Ok(headers)
}

async fn answer(
    request: reqwest::RequestBuilder,
    limit: Duration,
    cap: usize,
) -> Result<Answer, Failure> {
    let mut answer = None;
    // Boxed, because a publisher's future is kept while it waits.
    let exchange = Box::pin(exchange(request, cap, &mut answer));
    let failure = match tokio::time::timeout(limit, exchange).await {
        Ok(Ok(())) => None,
        Ok(Err(failure)) => Some(failure),
        Err(_) => Some(Failure::TimedOut(limit)),
    };
    match (answer, failure) {
        (Some(answer), failure) => Ok(Answer { failure, ..answer }),
        (None, Some(failure)) => Err(failure),
        (None, None) => Err(Failure::Lost("there was no answer".to_owned())),
    }
}

/// Fills `answer` as it comes, so that a part of it is there after a time-out.
async fn exchange(
    request: reqwest::RequestBuilder,
    cap: usize,
    answer: &mut Option<Answer>,
) -> Result<(), Failure> {
    let mut response = request.send().await.map_err(|error| failure(&error))?;
    let answer = answer.insert(Answer {
        status: response.status().as_u16(),
        retry_after: retry_after(response.headers()),
        body: Vec::new(),
        failure: None,
    });
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| Failure::Lost(root_cause(&error)))?
    {
        if answer.body.len() + chunk.len() > cap {
            return Err(Failure::TooLarge(cap));
        }
        answer.body.extend_from_slice(&chunk);
    }
    Ok(())
}

/// `Retry-After` in seconds; a date is taken as no wish at all.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers
        .get(RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds))
}

fn failure(error: &reqwest::Error) -> Failure {
    let cause = root_cause(error);
    let tls = sources(error).find_map(tls_error);
    match tls {
        Some(rustls::Error::AlertReceived(_)) => Failure::Tls(cause),
        _ if !error.is_connect() => Failure::Lost(cause),
        Some(_) => Failure::Tls(cause),
        None => Failure::Unreachable(cause),
    }
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
