//! Decides which triggers fire for changed model instances, and delivers what they
//! publish to Kafka through a Kafka REST proxy.
//!
//! Triggers are data: people write them at run time, in the format of Django Action
//! Triggers. A WebAssembly component matches them against events and renders their
//! payloads. This crate runs that component in a sandbox, checks every record that it
//! hands over, keeps records in an outbox and delivers them in order.
//!
//! # The first event
//!
//! A [`Runtime`] needs a set of triggers, a [`Broker`] that the triggers name, and a
//! [`Cluster`] that says which REST proxy serves the broker's bootstrap servers. This
//! example runs as it stands: instead of a real REST proxy it starts the one that this
//! project embeds for tests.
//!
//! ```
//! use action_triggers_host::{Broker, Cluster, Event, Runtime, Signal};
//! # use action_triggers_dev_proxy::{DevProxy, Options};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let proxy = DevProxy::start(Options { address: ([127, 0, 0, 1], 0).into(), ..Options::default() }).await?;
//! let rest_url = "http://localhost:8082";
//! # let rest_url = proxy.url();
//! let runtime = Runtime::builder()
//!     .triggers(
//!         r#"[{
//!             "name": "sold",
//!             "config_signals": ["post_save"],
//!             "content_types": ["shop.sale"],
//!             "msg_broker_queues": [{"name": "kafka_1"}],
//!             "payload": {"text": "{{ customer }} bought {{ quantity }}"}
//!         }]"#,
//!     )
//!     .brokers([Broker::kafka("kafka_1").bootstrap_servers("localhost:9092").topic("sales")])
//!     .clusters([Cluster::new("localhost:9092", rest_url.parse()?)])
//!     .build()
//!     .await?;
//!
//! let sale = r#"{"id": 7, "customer": "Alice", "quantity": 3}"#;
//! let outcomes = runtime.process(Event::new("e1", Signal::PostSave, "shop.sale", sale)).await;
//! for publication in outcomes[0].outcome.as_ref().unwrap() {
//!     println!("{} publishes to {:?}", publication.trigger, publication.outcome);
//! }
//!
//! let flushed = runtime.flush().await;
//! assert_eq!((flushed.delivered, flushed.dead), (1, 0));
//! # Ok(())
//! # }
//! ```
//!
//! [`Runtime::process`] returns when the records are in the outbox.
//! [`Runtime::flush`] waits until each of them is delivered or given up.
//!
//! # Looking before publishing
//!
//! [`Runtime::render`] gives the records that an event would publish, and
//! [`Runtime::explain`] says of every trigger why it fires or does not. Neither
//! publishes anything. All three take decoded events or lines of NDJSON: see [`Events`].
//!
//! The example also shows a [`Publisher`] of its own, which takes the place of the REST
//! client. Tests of your own program can use one.
//!
//! ```
//! use std::sync::Arc;
//!
//! use action_triggers_host::{
//!     Batch, Broker, Cluster, Events, PublishFuture, Publisher, Runtime, Verdict,
//! };
//!
//! struct Printer;
//!
//! impl Publisher for Printer {
//!     fn publish<'a>(&'a self, batch: &'a Batch) -> PublishFuture<'a> {
//!         println!("{} records for `{}`", batch.records.len(), batch.topic);
//!         let written = Verdict::Delivered { partition: None, offset: None };
//!         Box::pin(async move { vec![written; batch.records.len()] })
//!     }
//! }
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let runtime = Runtime::builder()
//!     .triggers(
//!         r#"[{
//!             "config_signals": ["post_save"],
//!             "content_types": ["shop.sale"],
//!             "msg_broker_queues": [{"name": "kafka_1"}],
//!             "payload": "{{ customer }}"
//!         }]"#,
//!     )
//!     .brokers([Broker::kafka("kafka_1").bootstrap_servers("localhost:9092").topic("sales")])
//!     .clusters([Cluster::new("localhost:9092", "http://localhost:8082".parse()?)])
//!     .publisher(Arc::new(Printer))
//!     .build()
//!     .await?;
//!
//! let lines = r#"{"signal": "post_save", "content_type": "shop.sale", "instance": {"customer": "Alice"}}
//! {"signal": "post_save", "content_type": "shop.refund", "instance": {"customer": "Bob"}}"#;
//! let rendered = runtime.render(Events::ndjson(lines)).await;
//! let record = &rendered[0].outcome.as_ref().unwrap()[0].outcome.as_ref().unwrap().record;
//! assert_eq!(record.value.as_deref(), Some(&b"Alice"[..]));
//!
//! let explained = runtime.explain(Events::ndjson(lines)).await;
//! let refund = &explained[1].outcome.as_ref().unwrap()[0];
//! assert_eq!((refund.fires, refund.clause.as_str()), (false, "content_type"));
//! # Ok(())
//! # }
//! ```
//!
//! # What became of each record
//!
//! - [`EventOutcome`] is the decision: each queue of each trigger that fired, or why the
//!   event came to nothing. A trigger that fails never stops another one.
//! - [`Runtime::reports`] gives a [`Report`] for every record that ended: where it
//!   lies, or why it was given up. Subscribing is optional. A subscriber must read its
//!   reports, because unread ones take up room in the outbox.
//! - A record that is lost is logged with `tracing` at level `WARN` at least, whether or
//!   not somebody reads reports.
//! - [`Runtime::dead_letters`] lists records that were given up, and [`Runtime::replay`]
//!   tries them again.
//!
//! Delivery is at least once. By default the outbox is in memory: what it holds is lost
//! with the process, so end with [`Runtime::flush`] or [`Runtime::shutdown`].
//! [`Builder::outbox`] keeps it in a file instead, which outlives the process;
//! [`OutboxAdmin`] looks into such a file.
//!
//! # Settings
//!
//! Triggers may name settings of the host in the destinations of their queues, such as
//! `{{ myapp.settings.TOPIC }}`. They see a value only if its exact path is allowed.
//!
//! ```
//! use action_triggers_host::Settings;
//!
//! let settings = Settings::builder()
//!     .value("myapp.settings.TOPIC", "sales")
//!     .allow("myapp.settings.TOPIC")
//!     .build();
//! # let _ = settings;
//! ```
//!
//! # Other triggers without a stop
//!
//! [`Runtime::reload`] puts another set of triggers, and other settings, brokers,
//! clusters and limits, in place of the current ones. It loads and checks them first; where
//! one has a fault, everything goes on as before. A call that began before is decided
//! by what was there when it began.
//!
//! # Starting quickly
//!
//! Each start compiles the component, which takes a second or less in a release build
//! and about half a minute in a debug build, whose compiler is not optimised itself.
//! The `[profile.dev.package]` of this repository's `Cargo.toml` optimises it; copied into
//! yours, a start takes some seconds. [`Builder::code_cache`] keeps the compiled code in a
//! folder. Without it nothing is kept, and every start compiles again.
//!
//! # Errors
//!
//! Every error has a stable code for machines; [`codes`] lists all of them with their
//! meaning and remedy.
//!
//! | error | says |
//! |---|---|
//! | [`BuildError`] | why a [`Runtime`] cannot start, with every fault of the triggers |
//! | [`EventFailure`] | why an event came to nothing; an [`EventError`] in it points into the event's text |
//! | [`Failure`] | why one queue of a trigger publishes nothing for an event |
//! | [`DeliveryError`] | why a record was given up |
//!
//! # A configuration file
//!
//! [`Config`] reads the file that the `action-triggers` command reads, and gives a
//! [`Builder`] of what it says. [`schema`] describes the file.
//!
//! # Compatibility
//!
//! No type of wasmtime, of the generated bindings or of the HTTP client is part of this
//! interface, so their new versions change nothing here. The types of other crates that
//! are part of it: [`bytes::Bytes`], [`url::Url`], and [`serde_json`]'s `Map` and
//! `Value`. Structs and enums that may grow are `#[non_exhaustive]` and have
//! constructors.

pub mod artefacts;
mod config;
mod delivery;
mod file;
mod observe;
mod outbox;
mod process;
mod publisher;
mod rest;
mod runtime;
mod sandbox;
mod tenant;
mod wall_clock;

// The core's modules, under the names that this crate's own modules use.
use action_triggers_core::{
    broker, clock, cluster, event, limits, outcome, record, settings, verdict,
};
pub use action_triggers_vocabulary::codes;

// Bodies of requests, decoded into events.
pub use action_triggers_core::event::decode;

// What every embedder meets.
pub use self::{
    broker::{Broker, TextEncoding},
    cluster::Cluster,
    event::{Event, EventError, EventText, Signal},
    limits::{Limits, OutboxFile, OutboxLimits},
    outcome::{EventFailure, Failure},
    runtime::{
        BuildError, Builder, Component, EMBEDDED, EventExplanation, EventOutcome, EventRendering,
        EventResult, Events, Extent, NotTaken, Renderings, Runtime,
    },
    sandbox::{CallError, StartError},
    settings::{Environment, SettingError, Settings, SettingsBuilder},
};

// What was loaded, and what events came to.
pub use self::outcome::{
    Diagnostic, Explanation, FailedEvent, FailedQueue, Frequency, KnownHeader, KnownRecord,
    KnownValue, Loaded, LoadedQueue, LoadedTrigger, Missing, NamedSetting, Publication,
    QueueDestination, Refusal, Rendering, Severity, Span,
};

// How clusters are reached.
pub use self::{
    broker::RegistryError,
    cluster::{Api, Auth, ClusterId, Flavor, Format, HttpProxy, Order, Origin, Secret, Terms, Tls},
    rest::{AccessError, ReadBackError, RestError, RestPublisher, read_back, supports_headers},
};

// Records and what becomes of them.
pub use self::{
    delivery::{Delivered, Delivery, DeliveryError, Report, Reports, Retries, Retry},
    observe::{Attempts, Times},
    outbox::{
        Acceptance, Closed, ClusterStats, DeadEvent, DeadLetter, Death, EventStats, Filter,
        Flushed, NotAccepted, OutboxAdmin, OutboxRecord, OutboxStats, OutboxTotals, RecordState,
        Replayed, StoreError, StoredEvent, Waiting,
    },
    publisher::{Batch, PublishFuture, Publisher},
    record::{Destination, Header, Message, Record, RecordId, StoredRecord},
    verdict::{Reason, Verdict},
};

// Configuration files, and what is wrong with them.
pub use self::config::{Config, ConfigFiles};
pub use self::file::read as read_file;
pub use action_triggers_config::{
    ConfigError, Excerpt, Problem, Service, ServiceTls, is_steering, schema,
};

#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
