//! What the command line takes, and what `--help` teaches.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use action_triggers_dev_proxy::Fault;
use action_triggers_host::{Builder, Component};
use clap::{
    CommandFactory as _, Parser, Subcommand,
    builder::PossibleValuesParser,
    error::{ContextKind, ContextValue, ErrorKind},
};

use super::time;

const EXAMPLES: &str = "\
Examples:
  action-triggers demo
      A sale is saved, a trigger fires, the record arrives in a topic. Needs nothing else.
  action-triggers check --config config.json
      Finds every fault of a configuration and its triggers, and points at each.
  action-triggers render --config config.json events.ndjson
      Shows what would be published, one JSON line a record.
  tail -f events.ndjson | action-triggers run --config config.json -
      Publishes, one JSON line for each record delivered or failed.

An event is one line of JSON:
  {\"signal\": \"post_save\", \"content_type\": \"shop.sale\", \"instance\": {\"id\": 7}}

Exit codes: 0 success; 1 an event or record failed, or `check` found errors; 2 the configuration or
the call is wrong, or the output cannot be written.";

/// Decides which triggers fire when model instances change, and publishes their
/// records to Kafka.
///
/// The triggers are those of Django Action Triggers; a sandboxed WebAssembly
/// component decides which of them fire and what they publish.
#[derive(Debug, Parser)]
#[command(name = "action-triggers", version, after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Args {
    /// Reads the command line, or ends the process with what is wrong about it.
    pub(crate) fn read() -> Self {
        Self::try_parse().unwrap_or_else(|error| known_elsewhere(error).exit())
    }
}

/// Says of a command that other builds have what it takes.
fn known_elsewhere(error: clap::Error) -> clap::Error {
    match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(name)) if ["bake", "edge"].contains(&name.as_str()) => {
            let needs = format!(
                "`{name}` needs a build with the feature `edge`: cargo install --path host/cli --features edge"
            );
            Args::command().error(ErrorKind::InvalidSubcommand, needs)
        }
        _ => error,
    }
}

#[derive(Debug, Subcommand)]
#[expect(
    clippy::doc_markdown,
    reason = "`--help` shows these words as they stand"
)]
pub(crate) enum Command {
    /// Publishes one record, from a saved sale to a topic, and reads it back
    ///
    /// In one process: the embedded REST proxy, a trigger, an event, and the
    /// record as it is read back. Needs no configuration and no Kafka.
    Demo,
    /// Reads events and publishes the records of the triggers that fire
    ///
    /// Prints one JSON line per record:
    /// {"event","trigger","queue","topic","partition","offset"} when it is delivered,
    /// {"event","trigger","queue","error":{"code","message"}} when it is not.
    /// An event that fails as a whole has null for trigger and queue; one that
    /// fires nothing has no line.
    ///
    /// Interrupted or terminated, it reads no more and delivers what it has
    /// accepted; asked a second time, it gives that up and reports it.
    Run(Input),
    /// Takes events over HTTP and publishes the records of the triggers that fire
    ///
    /// Prints {"listening": URL, "outbox": PATH} once it can be reached; the path is "memory"
    /// where the outbox is in no file. POST /v1/events takes an
    /// event, a list of events, or one a line (application/x-ndjson), and answers when
    /// their records are in the outbox: 202, or 207 and 422 where events were rejected;
    /// 429 and 503 where none is kept, to be sent again. POST /v1/render and /v1/explain
    /// answer as the commands print. GET /healthz, /readyz, /metrics.
    ///
    /// On SIGHUP, and when the content of the configuration's files changes, it reads
    /// them again and goes on by what they say; where they have a fault, as before.
    ///
    /// Terminated, it answers what is under way and delivers what it has accepted,
    /// within `shutdown_grace_secs` of `serve`. The last line says how many records are
    /// left in the outbox's file, and how many were lost with one in memory:
    /// {"stopped": true, "left": 0, "lost": 0}.
    Serve(Serve),
    /// Reads events and shows what `run` would publish
    ///
    /// Prints one JSON line per record: {"event","trigger","queue","broker",
    /// "bootstrap_servers","topic","key","headers","partition","value"}, with the
    /// exact bytes of the value as text, null for none. What fails has the line
    /// that `run` prints.
    Render(Input),
    /// Says of every trigger why it fires for an event, or does not
    ///
    /// Prints one JSON line per event and trigger:
    /// {"event","trigger","fires","clause","reason"}. The clause is the one that
    /// the event did not meet or, where the trigger fires, the last one checked:
    /// `whitelisted_content_types`, `active`, `signal`, `content_type` or `when`.
    Explain(Input),
    /// Finds every fault of a configuration and its triggers
    ///
    /// Each has its code, its place in the file and what to do about it. Exits
    /// with 1 when there are errors. Upstream's system checks keep their codes,
    /// such as `action_triggers.E002`.
    Check(Files),
    /// Prints a JSON Schema of what may be written: each key with its meaning,
    /// unit and default
    ///
    /// Editors complete and check a configuration or a set of triggers by it.
    Schema {
        /// Which file it is for
        #[arg(value_enum, default_value_t = Document::Config, value_name = "FILE")]
        of: Document,
    },
    /// Prints every stable code of errors and warnings, what it means and what
    /// to do about it
    Codes {
        /// Print one JSON line a code: {"code","area","meaning","remedy"}
        #[arg(long)]
        json: bool,
    },
    /// Writes the component and its WIT package as files, for other hosts
    ///
    /// Writes engine.wasm, the WIT package as text (wit/) and in its binary form
    /// with documentation (engine.wit.wasm), a bill of materials
    /// (engine.cdx.json, CycloneDX), and SHA256SUMS. Prints one JSON line a file:
    /// {"file","bytes","sha256"}. A command that was built with the feature `edge`
    /// adds the sizes after compression, "gzip" and "brotli", and writes more:
    /// edge.wasm, which delivers too, and what it exports (wit/edge/);
    /// engine.core.wasm, a core module, and what its functions are (engine.core.md);
    /// and engine-small.wasm, which has no filters for web pages.
    Component {
        /// Where to put them; the folder is made if it is missing
        #[arg(short, long, value_name = "DIR")]
        output: PathBuf,
    },
    /// Loads a configuration and its triggers ahead, for other hosts
    ///
    /// Writes engine.wasm with the triggers loaded, edge.wasm configured, and
    /// SHA256SUMS. Neither holds a secret: edge.wasm is given them by `start`. Faults
    /// are told as `check` tells them. Prints the lines that `component` prints.
    #[cfg(feature = "edge")]
    Bake {
        #[command(flatten)]
        config: ConfigFile,
        /// Where to put them; the folder is made if it is missing
        #[arg(short, long, value_name = "DIR")]
        output: PathBuf,
    },
    /// Makes a component for hosts of wasi:http that publishes what is posted to it
    ///
    /// It is of the world wasi:http/proxy 0.2 and holds the configuration and its
    /// triggers. `POST /v1/events` takes one event, an array, or one a line, and is
    /// answered when every record has ended: 200 when all are written, 207 when some
    /// are, 503 when none is. Prints the line that `component` prints.
    #[cfg(feature = "edge")]
    Edge {
        #[command(flatten)]
        config: ConfigFile,
        /// The file to write
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
        /// A secret to write into the file: its variable, or the path of its file, as
        /// the configuration has it; may be given more than once
        #[arg(long = "secret", value_name = "NAME")]
        secrets: Vec<String>,
        /// Read all other secrets from variables when it runs, by one import more:
        /// wasi:cli/environment
        #[arg(long)]
        env_secrets: bool,
        /// How long a request may take until it is answered
        #[arg(long, default_value_t = 10, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
        deadline_secs: u64,
    },
    /// Looks into the outbox's file and changes it, while `run` works on it or not
    ///
    /// The configuration names the file: `{"outbox": {"path": "outbox.db"}}`. Each
    /// command prints JSON lines. A `run` that is under way notices within a second.
    #[command(subcommand)]
    Outbox(OutboxCommand),
    /// Runs the embedded Kafka REST proxy, a stand-in for tests
    ///
    /// It speaks v2 and v3 as Confluent's proxy does, keeps records in memory and
    /// forgets them when it stops. It replicates nothing and asks for no
    /// credentials. Read a partition back with
    /// `GET /topics/TOPIC/partitions/N/messages`: keys and values are in base64.
    DevProxy(DevProxy),
}

/// What is done with an outbox's file.
#[derive(Debug, Subcommand)]
#[expect(
    clippy::doc_markdown,
    reason = "`--help` shows these words as they stand"
)]
pub(crate) enum OutboxCommand {
    /// Prints how many records wait and how many were given up, a line per cluster and
    /// state; how many events were given up; and what the file has seen
    ///
    /// {"kind":"record","tenant","cluster","state","records","bytes","oldest","paused"}, then
    /// {"kind":"event","state","events","bytes","oldest"}, and at the end
    /// {"accepted","sent_twice","delivered","perhaps_twice","dead","failed_events","forgotten"}.
    Stats(ConfigFile),
    /// Prints a line per record and event, oldest first: records that were given up,
    /// events of which something failed, and records that wait
    ///
    /// {"number","kind":"record","state","tenant","cluster","topic","event","trigger","queue",
    /// "accepted","deadline","bytes","may_be_written"}, and of records that were given up also
    /// "error":{"code","message"}, "attempts", "last_answer" and "died". Of an event
    /// {"number","kind":"event","state","tenant","event","accepted","bytes","error","failed",
    /// "attempts","died"}, where "failed" has {"trigger","queue","error"} for each queue that
    /// came to nothing; it is empty where the event as a whole did.
    List {
        #[command(flatten)]
        config: ConfigFile,
        #[command(flatten)]
        letters: Letters,
    },
    /// Prints a record or an event whole: what `list` prints, with "key", "headers",
    /// "partition", "timestamp_ms" and "value" as text, or with the event's "text"
    Show {
        /// The number that `list` prints
        number: u64,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Sends records again that were given up, and decides events again of which something
    /// failed
    ///
    /// Records keep their ids, get a new time to live, and use today's addresses and
    /// secrets. An event publishes what failed of it, by today's triggers; with a filter and
    /// --all it publishes all, under the id ID~2. A trigger that is gone fails with
    /// `trigger_gone`, and what fails again stays. All come after what was delivered since.
    ///
    /// Prints {"replayed","events","failed_again","dry_run"}; exits with 1 where something
    /// failed again.
    Replay {
        #[command(flatten)]
        files: Files,
        #[command(flatten)]
        letters: Letters,
        #[command(flatten)]
        asked: Asked,
    },
    /// Takes records and events out for good
    Purge {
        #[command(flatten)]
        config: ConfigFile,
        #[command(flatten)]
        letters: Letters,
        #[command(flatten)]
        asked: Asked,
    },
    /// Looks for damage; exits with 1 where it finds some
    Verify(ConfigFile),
    /// Copies the outbox as it is now into another file
    Backup {
        /// The copy; it must not be there yet
        to: PathBuf,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Holds back what waits for a cluster; nothing is lost
    Pause {
        /// Its bootstrap servers, as brokers write them
        cluster: String,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Lets a cluster go on that was held back
    Resume {
        /// Its bootstrap servers, as brokers write them
        cluster: String,
        #[command(flatten)]
        config: ConfigFile,
    },
}

impl OutboxCommand {
    /// The configuration that names the file.
    pub(crate) fn config(&self) -> &Path {
        match self {
            Self::Replay { files, .. } => &files.config,
            Self::Stats(config)
            | Self::Verify(config)
            | Self::List { config, .. }
            | Self::Show { config, .. }
            | Self::Purge { config, .. }
            | Self::Backup { config, .. }
            | Self::Pause { config, .. }
            | Self::Resume { config, .. } => &config.config,
        }
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct ConfigFile {
    /// The configuration: JSON or TOML, by its ending
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
}

/// Which records and events of an outbox are meant.
#[derive(Debug, clap::Args)]
pub(crate) struct Letters {
    /// Only those in this state
    #[arg(long, value_enum)]
    pub(crate) state: Option<State>,
    /// Only those of this tenant
    #[arg(long, value_name = "NAME")]
    pub(crate) tenant: Option<String>,
    /// Only those of this trigger
    #[arg(long, value_name = "NAME")]
    pub(crate) trigger: Option<String>,
    /// Only those for this topic
    #[arg(long, value_name = "NAME")]
    pub(crate) topic: Option<String>,
    /// Only those given up with this code
    #[arg(long, value_name = "CODE")]
    pub(crate) code: Option<String>,
    /// Only those accepted at this time or later, such as 2026-11-26T10:00:00Z
    #[arg(long, value_name = "TIME", value_parser = time::read)]
    pub(crate) since: Option<u64>,
    /// Only those accepted before this time
    #[arg(long, value_name = "TIME", value_parser = time::read)]
    pub(crate) until: Option<u64>,
    /// Only those of the event with this id
    #[arg(long, value_name = "ID")]
    pub(crate) id: Option<String>,
    /// At most so many: the oldest
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
}

/// How much is asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct Asked {
    /// Without a filter: take all of them. With a filter, `replay` publishes all of an event
    /// and not only what failed
    #[arg(long)]
    pub(crate) all: bool,
    /// Only say how many there are
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Whether records wait or were given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum State {
    /// They are to be delivered
    Waiting,
    /// They were given up
    Dead,
}

/// A file that a schema is for.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum Document {
    /// A configuration, with the triggers that may stand in it
    Config,
    /// A set of triggers in a file of its own
    Triggers,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Files {
    /// The configuration: JSON or TOML, by its ending
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// The triggers, instead of those that the configuration names
    #[arg(long, value_name = "FILE")]
    pub(crate) triggers: Option<PathBuf>,
    /// The component, instead of the one that is built in: `bake`, a command of builds with
    /// the feature `edge`, makes such files
    #[arg(long, value_name = "FILE")]
    pub(crate) component: Option<PathBuf>,
}

impl Files {
    /// Has the builder take the component that is named, if one is.
    pub(crate) fn with_component(&self, builder: Builder) -> Builder {
        match &self.component {
            Some(file) => builder.component(Component::File(file.clone())),
            None => builder,
        }
    }
}

#[derive(Debug, clap::Args)]
#[expect(
    clippy::doc_markdown,
    reason = "`--help` shows these words as they stand"
)]
pub(crate) struct Input {
    #[command(flatten)]
    pub(crate) files: Files,
    /// The events, one JSON object a line; `-` is standard input
    ///
    /// {"signal": "post_save", "content_type": "shop.sale", "instance": {…}},
    /// with "id" (the host gives one where it is missing), "before" (the instance
    /// before the change), "created" (whether the save made the instance) and
    /// "time" (RFC 3339) where they are known. Signals are
    /// pre_save, post_save, pre_delete and post_delete.
    #[arg(default_value = "-", value_name = "EVENTS")]
    pub(crate) events: PathBuf,
    /// The tool that the events come from; without it they are in our own form
    #[arg(long, value_name = "FORMAT", value_parser = PossibleValuesParser::new(["cloudevents", "debezium", "hasura", "supabase"]))]
    pub(crate) format: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) files: Files,
    /// Where to listen, instead of where the configuration says; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DevProxy {
    /// Where to listen; port 0 picks a free one
    #[arg(long, default_value = "127.0.0.1:8082", value_name = "ADDRESS")]
    pub(crate) listen: SocketAddr,
    /// Partitions of each topic
    #[arg(long, default_value_t = 3, value_name = "N")]
    pub(crate) partitions: u32,
    /// Topics that are there from the start
    #[arg(long = "topic", value_name = "NAME")]
    pub(crate) topics: Vec<String>,
    /// Refuse records for topics that are not there
    #[arg(long)]
    pub(crate) no_auto_create: bool,
    /// How the next POST fails; given again, how the one after it does
    ///
    /// record:N:CODE refuses the record at place N (from 0) with this error code,
    /// records:CODE refuses all; status:S answers with this HTTP status; delay:MS
    /// answers late; hang never answers; drop stores and closes the connection;
    /// redirect:URL redirects; truncate stores and cuts the answer short.
    #[arg(long = "fault", value_name = "FAULT")]
    pub(crate) faults: Vec<Fault>,
    /// How many POSTs meet each fault
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) fault_times: usize,
}
