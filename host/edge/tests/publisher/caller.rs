//! A host of `edge.wasm`: wasmtime, the WIT, and a loop of requests.

use std::{
    sync::OnceLock,
    time::{Duration, Instant, SystemTime},
};

use action_triggers_edge::components;
use wasmtime::{
    Engine, Result, Store,
    component::{Component, Linker},
};

pub(super) use bindings::exports::action_triggers::edge::{
    publisher::Processed,
    types::{
        Configuration, FailureReason, File, HttpAnswer, HttpFailure, Misuse, Now, Problem, Report,
        Request, Response, Secret, Step, Syntax,
    },
};

mod bindings {
    wasmtime::component::bindgen!({
        path: ["../../wit", "wit"],
        world: "action-triggers:edge/edge",
    });
}

/// The artefact of this name.
pub(super) fn artefact(name: &str) -> Vec<u8> {
    let mut files = components().unwrap().into_iter();
    let file = files.find(|file| file.name == name);
    file.unwrap().bytes.into_owned()
}

/// Compiles the publisher.
pub(super) fn compile() -> (Engine, Component) {
    let engine = Engine::default();
    let component = Component::new(&engine, artefact("edge.wasm")).unwrap();
    (engine, component)
}

/// The publisher, compiled once for all tests.
fn compiled() -> &'static (Engine, Component) {
    static COMPILED: OnceLock<(Engine, Component)> = OnceLock::new();
    COMPILED.get_or_init(compile)
}

/// An instance of the publisher, and clocks.
pub(super) struct Caller {
    store: Store<()>,
    edge: bindings::Edge,
    start: Instant,
}

impl Caller {
    /// An instance of the publisher. It is given no import.
    pub(super) fn new() -> Self {
        let (engine, component) = compiled();
        Self::of(engine, component).unwrap()
    }

    /// An instance of another component of the publisher's kind.
    pub(super) fn of(engine: &Engine, component: &Component) -> Result<Self> {
        let mut store = Store::new(engine, ());
        let linker = Linker::new(engine);
        let edge = bindings::Edge::instantiate(&mut store, component, &linker)?;
        Ok(Self {
            store,
            edge,
            start: Instant::now(),
        })
    }

    /// One that is configured by this JSON text, and started.
    pub(super) fn started(config: &str) -> Self {
        let mut caller = Self::new();
        let found = caller.configure(config);
        found.unwrap_or_else(|problems| panic!("{problems:?}"));
        caller.start(&[]).unwrap();
        caller
    }

    pub(super) fn configure(&mut self, config: &str) -> Result<Vec<Problem>, Vec<Problem>> {
        let config = Configuration {
            text: config.to_owned(),
            syntax: Syntax::Json,
            files: Vec::new(),
        };
        self.configure_with(&config)
    }

    pub(super) fn configure_with(
        &mut self,
        config: &Configuration,
    ) -> Result<Vec<Problem>, Vec<Problem>> {
        let publisher = self.edge.action_triggers_edge_publisher();
        publisher.call_configure(&mut self.store, config).unwrap()
    }

    pub(super) fn start(&mut self, secrets: &[(&str, &str)]) -> Result<(), Vec<Problem>> {
        let secret = |(name, value): &(&str, &str)| Secret {
            name: (*name).to_owned(),
            value: (*value).to_owned(),
        };
        let secrets: Vec<_> = secrets.iter().map(secret).collect();
        let publisher = self.edge.action_triggers_edge_publisher();
        let entropy = b"sixteen bytes...";
        publisher
            .call_start(&mut self.store, &secrets, entropy)
            .unwrap()
    }

    pub(super) fn process(&mut self, events: &[String]) -> Result<Processed, Misuse> {
        let now = self.now();
        self.process_at(events, now)
    }

    pub(super) fn process_at(&mut self, events: &[String], now: Now) -> Result<Processed, Misuse> {
        let publisher = self.edge.action_triggers_edge_publisher();
        publisher
            .call_process(&mut self.store, events, now)
            .unwrap()
    }

    pub(super) fn answer_at(&mut self, request: u64, response: &Response, now: Now) -> Step {
        let publisher = self.edge.action_triggers_edge_publisher();
        let step = publisher.call_answer(&mut self.store, request, response, now);
        step.unwrap().unwrap()
    }

    pub(super) fn wake_at(&mut self, now: Now) -> Step {
        let publisher = self.edge.action_triggers_edge_publisher();
        publisher.call_wake(&mut self.store, now).unwrap().unwrap()
    }

    pub(super) fn give_up(&mut self) -> Step {
        let publisher = self.edge.action_triggers_edge_publisher();
        publisher.call_give_up(&mut self.store).unwrap().unwrap()
    }

    /// What both clocks show.
    pub(super) fn now(&self) -> Now {
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap();
        let unix = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Now {
            monotonic_ms: ms(self.start.elapsed()),
            unix_ms: ms(unix.unwrap()),
        }
    }

    /// Sends requests and lets the time pass until every record has ended.
    pub(super) async fn deliver(&mut self, mut step: Step) -> Vec<Report> {
        let http = client();
        let mut reports = Vec::new();
        loop {
            reports.append(&mut step.reports);
            let requests = std::mem::take(&mut step.requests);
            for request in &requests {
                let response = fetch(&http, request).await;
                let now = self.now();
                let mut next = self.answer_at(request.id, &response, now);
                reports.append(&mut next.reports);
                step.requests.append(&mut next.requests);
                step.wake_at_ms = next.wake_at_ms;
            }
            if !step.requests.is_empty() {
                continue;
            }
            let Some(wake) = step.wake_at_ms else {
                return reports;
            };
            let wait = wake.saturating_sub(self.now().monotonic_ms);
            tokio::time::sleep(Duration::from_millis(wait)).await;
            step = self.wake_at(self.now());
        }
    }
}

pub(super) fn client() -> reqwest::Client {
    // An error means that another test was first.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    reqwest::Client::new()
}

async fn fetch(http: &reqwest::Client, request: &Request) -> Response {
    let method = request.method.parse().unwrap();
    let mut sent = http
        .request(method, &request.url)
        .timeout(Duration::from_millis(request.timeout_ms));
    for (name, value) in &request.headers {
        sent = sent.header(name, value);
    }
    if let Some(body) = &request.body {
        sent = sent.body(body.clone());
    }
    let answer = match sent.send().await {
        Ok(answer) => answer,
        Err(error) => return failed(&error),
    };
    let status = answer.status().as_u16();
    let headers = answer.headers().iter();
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().into()));
    let headers = headers.collect();
    match answer.bytes().await {
        Ok(body) => Response::Answered(HttpAnswer {
            status,
            headers,
            body: body.to_vec(),
        }),
        Err(error) => failed(&error),
    }
}

fn failed(error: &reqwest::Error) -> Response {
    let reason = if error.is_connect() {
        FailureReason::Unreachable
    } else if error.is_timeout() {
        FailureReason::TimedOut
    } else {
        FailureReason::Lost
    };
    Response::Failed(HttpFailure {
        reason,
        message: error.to_string(),
    })
}
