//! One configuration from its text to its last report: what `edge.wasm` is made of, but
//! for the engine.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use action_triggers_config::{Configuration, Problem};
use action_triggers_core::{
    broker::{BrokerMembers, Offer, RegistryError},
    clock::Now,
    cluster::{Cluster, Origin, Tls},
    event::{EventError, EventText},
    limits::{Limits, OutboxLimits},
    outcome::{Loaded, Severity},
    settings::Settings,
};
use action_triggers_vocabulary::{PublishError, SettingError};

use super::{
    around::{Around, Given},
    courier::{Courier, Step},
    desk::{Bounds, Decided, Desk, Outcome, Parts},
    wire::Reply,
};

/// Random bytes that are needed at least: ids of events take 10 of them, pauses 6.
const ENTROPY: usize = 16;

/// A call that does not fit what was called before.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misuse {
    /// There is no configuration yet.
    #[error("nothing is configured: give a configuration first, by `configure`")]
    NotConfigured,
    /// There is a configuration already.
    #[error("an instance is configured once: make another one for another configuration")]
    AlreadyConfigured,
    /// There are no secrets and no random bytes yet.
    #[error("nothing is started: call `start` first")]
    NotStarted,
    /// There are too few random bytes.
    #[error("{0} random bytes are too few: give 16 or more")]
    EntropyTooShort(usize),
    /// Too many records have not ended.
    #[error(
        "{0} records have not ended, and the outbox holds no more: send the requests and answer them, or raise `messages` in `outbox`"
    )]
    OutboxFull(usize),
    /// The engine and the rules do not say the same.
    #[error("{0}")]
    WrongComposition(String),
}

impl Misuse {
    /// Stable, for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotConfigured => "not_configured",
            Self::AlreadyConfigured => "already_configured",
            Self::NotStarted => "not_started",
            Self::EntropyTooShort(_) => "entropy_too_short",
            Self::OutboxFull(_) => "outbox_full",
            Self::WrongComposition(_) => "wrong_composition",
        }
    }
}

impl From<Misuse> for Problem {
    fn from(misuse: Misuse) -> Self {
        Self::error(misuse.code(), "$", misuse.to_string())
    }
}

/// What the engine is to load.
#[derive(Clone, Debug)]
pub struct Order {
    /// The set of triggers, as JSON text.
    pub set: String,
    /// Which members of a destination each broker sets itself.
    pub brokers: Vec<BrokerMembers>,
    /// Bounds on what triggers may use.
    pub limits: Limits,
    /// The content types that may fire at all; none allows all.
    pub content_types: Vec<String>,
}

/// Publishes what an engine makes of events, by requests that others send.
#[derive(Debug, Default)]
pub struct Publisher {
    configured: Option<Configured>,
    /// None before it is started.
    courier: Option<Courier>,
}

#[derive(Debug)]
struct Configured {
    /// What was read, until the engine has loaded its triggers: problems have their places
    /// in its texts.
    read: Option<Configuration>,
    clusters: Vec<Cluster>,
    outbox: OutboxLimits,
    events_per_call: usize,
    given: Arc<Given>,
    desk: Desk,
}

impl Publisher {
    /// Reads a configuration, which has this name, and the files that it names.
    ///
    /// # Errors
    ///
    /// Every fault.
    pub fn configure(
        &mut self,
        name: &str,
        text: String,
        files: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Order, Vec<Problem>> {
        if self.configured.is_some() {
            return Err(vec![Misuse::AlreadyConfigured.into()]);
        }
        let files = files.into_iter().chain([(name.to_owned(), text)]);
        let files = files.map(|(name, text)| (PathBuf::from(name), text));
        let around = Around {
            files: files.collect(),
            given: Arc::default(),
        };
        let config = Configuration::read(Path::new(name), None, &around);
        let config = config.map_err(|error| error.problems().to_vec())?;
        let settings = config.settings().clone();
        let given = around.given;
        let desk = desk(
            &config,
            settings.or_environment(Arc::<Given>::clone(&given)),
        )?;
        let order = Order {
            set: config.triggers_json().as_deref().unwrap_or("[]").to_owned(),
            brokers: desk.members(),
            limits: config.limits().clone(),
            content_types: config.whitelist().to_vec(),
        };
        self.configured = Some(Configured {
            clusters: config.clusters().to_vec(),
            outbox: config.outbox_limits(),
            events_per_call: config.limits().events_per_call.max(1),
            read: Some(config),
            given,
            desk,
        });
        Ok(order)
    }

    /// Learns what the engine loaded, and gives what is hardly meant. A set that was
    /// refused leaves nothing configured.
    ///
    /// # Errors
    ///
    /// What the engine refused.
    pub fn loaded(
        &mut self,
        loaded: &Loaded,
        is_refused: bool,
    ) -> Result<Vec<Problem>, Vec<Problem>> {
        let Some(configured) = &mut self.configured else {
            return Err(vec![Misuse::NotConfigured.into()]);
        };
        let Some(read) = configured.read.take() else {
            return Err(vec![Misuse::AlreadyConfigured.into()]);
        };
        let mut problems = read.locate(&loaded.diagnostics);
        if is_refused {
            self.configured = None;
            return Err(problems);
        }
        configured.desk.know(loaded);
        problems.extend(not_kept(&read));
        Ok(problems)
    }

    /// Takes the secrets that the configuration names, and random bytes. Called again, it
    /// takes other secrets, with which the next requests are sent.
    ///
    /// # Errors
    ///
    /// Every secret that is missing or that no request can carry; nothing has changed
    /// for the clusters that they are for.
    pub fn start(
        &mut self,
        secrets: impl IntoIterator<Item = (String, String)>,
        entropy: &[u8],
    ) -> Result<(), Vec<Problem>> {
        let Some(configured) = &mut self.configured else {
            return Err(vec![Misuse::NotConfigured.into()]);
        };
        let Some((ids, rest)) = entropy
            .split_first_chunk::<10>()
            .filter(|_| entropy.len() >= ENTROPY)
        else {
            return Err(vec![Misuse::EntropyTooShort(entropy.len()).into()]);
        };
        configured.given.replace(secrets.into_iter().collect());
        let mut courier = self.courier.take().unwrap_or_else(|| {
            configured.desk.seed(*ids);
            let seed = rest.iter().take(8);
            Courier::new(seed.fold(0, |seed, byte| (seed << 8) | u64::from(*byte)))
        });
        let mut problems = Vec::new();
        for cluster in &configured.clusters {
            let reached = renewed(cluster, &configured.given);
            let reached = reached.and_then(|cluster| {
                let connected = courier.connect(Arc::new(cluster));
                connected.map_err(|error| {
                    let message = error.to_string();
                    Box::new(Problem::error(error.code(), "$.clusters", message))
                })
            });
            problems.extend(reached.err().map(|problem| *problem));
        }
        if problems.is_empty() {
            self.courier = Some(courier);
            return Ok(());
        }
        Err(problems)
    }

    /// Bounds events and names them. One that is refused has its id too.
    ///
    /// # Errors
    ///
    /// It is too early, or too many records have not ended.
    #[expect(
        clippy::type_complexity,
        reason = "an event, or its name and why it is refused"
    )]
    pub fn name(
        &mut self,
        events: Vec<String>,
        now: Now,
    ) -> Result<Vec<Result<EventText, (String, EventError)>>, Misuse> {
        let configured = self.configured.as_mut().ok_or(Misuse::NotConfigured)?;
        let courier = self.courier.as_ref().ok_or(Misuse::NotStarted)?;
        let (limits, waiting) = (configured.outbox, courier.waiting());
        if waiting.records >= limits.records || waiting.bytes >= limits.bytes {
            return Err(Misuse::OutboxFull(waiting.records));
        }
        Ok(configured.desk.name(events, now))
    }

    /// Most events that the engine is asked about at once.
    pub fn events_per_call(&self) -> usize {
        let configured = self.configured.as_ref();
        configured.map_or(1, |one| one.events_per_call)
    }

    /// The value of a setting, as JSON text.
    ///
    /// # Errors
    ///
    /// It is not allowed, missing or unreadable.
    pub fn setting(&self, path: &str) -> Result<String, SettingError> {
        let configured = self.configured.as_ref().ok_or(SettingError::NotAllowed)?;
        configured.desk.setting(path)
    }

    /// The engine is about to be asked for so many events.
    pub fn begin(&mut self, events: u32) {
        if let Some(configured) = &mut self.configured {
            configured.desk.begin(events);
        }
    }

    /// Takes a record and says its number in the call.
    ///
    /// # Errors
    ///
    /// The record is not taken, and never will be.
    pub fn publish(&mut self, offer: Offer) -> Result<u32, PublishError> {
        let configured = self.configured.as_mut();
        configured
            .ok_or(PublishError::NotPublishing)?
            .desk
            .publish(offer)
    }

    /// Ends a call: what became of its events. Their records are taken on; the next
    /// step has their requests.
    ///
    /// # Errors
    ///
    /// It is too early, or what the engine says is not what it handed over. Nothing of
    /// the call is delivered.
    pub fn end(&mut self, decided: Vec<Decided>, now: Now) -> Result<Vec<Outcome>, Misuse> {
        let configured = self.configured.as_mut().ok_or(Misuse::NotConfigured)?;
        let courier = self.courier.as_mut().ok_or(Misuse::NotStarted)?;
        let ended = configured.desk.end(decided);
        let (outcomes, messages) = ended.map_err(Misuse::WrongComposition)?;
        courier.take_on(messages, now);
        Ok(outcomes)
    }

    /// Says what became of a request.
    ///
    /// # Errors
    ///
    /// It is too early.
    pub fn answer(&mut self, request: u64, reply: Reply, now: Now) -> Result<Step, Misuse> {
        Ok(self.courier()?.answer(request, reply, now))
    }

    /// Lets the time pass.
    ///
    /// # Errors
    ///
    /// It is too early.
    pub fn wake(&mut self, now: Now) -> Result<Step, Misuse> {
        Ok(self.courier()?.wake(now))
    }

    /// Ends every record that has not ended.
    ///
    /// # Errors
    ///
    /// It is too early.
    pub fn give_up(&mut self) -> Result<Step, Misuse> {
        Ok(self.courier()?.give_up())
    }

    fn courier(&mut self) -> Result<&mut Courier, Misuse> {
        self.courier.as_mut().ok_or(Misuse::NotStarted)
    }
}

fn desk(config: &Configuration, settings: Settings) -> Result<Desk, Vec<Problem>> {
    let limits = config.limits();
    let clusters = config.clusters().iter().cloned().map(Arc::new);
    let desk = Desk::new(Parts {
        brokers: config.brokers().to_vec(),
        clusters: clusters.collect(),
        settings,
        policy: config.policy(),
        bounds: Bounds {
            event_bytes: limits.event_bytes,
            records: limits.records_per_call,
            record_bytes: limits.record_bytes_per_call,
        },
    });
    desk.map_err(|errors| {
        let problem = |error: &RegistryError| Problem::error(error.code(), "$", error.to_string());
        errors.iter().map(problem).collect()
    })
}

/// Says that the outbox's file is not used.
fn not_kept(config: &Configuration) -> Option<Problem> {
    let file = config.outbox()?;
    let message = format!(
        "records wait in memory here, not in `{}`: what waits ends with the instance",
        file.path.display()
    );
    let warning = Problem::new(
        Severity::Warning,
        "outbox_in_memory",
        "$.outbox.path",
        message,
    );
    Some(warning.with_help("remove `path`, or run `action-triggers run` for an outbox in a file"))
}

/// The cluster with its secrets. TLS and HTTP proxies are the caller's, and so are
/// their secrets.
fn renewed(cluster: &Cluster, given: &Given) -> Result<Cluster, Box<Problem>> {
    let mut cluster = cluster.clone();
    cluster.tls = Tls::default();
    cluster.proxy = None;
    cluster
        .renewed(|origin| given.secret(origin))
        .map_err(|origin| {
            let what = match &origin {
                Origin::Env(name) => format!("variable `{name}`"),
                Origin::File(path) => format!("file `{}`", path.display()),
                _ => "cluster".to_owned(),
            };
            let message = format!("the secret of the {what} was not given");
            let problem = Problem::error("secret_unavailable", "$.clusters", message);
            Box::new(problem.with_help("give it to `start`, under this name"))
        })
}
