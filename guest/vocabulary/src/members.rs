//! How the members of a set of triggers are spelled.
//!
//! A member with several spellings is a list: the first is the one to write,
//! the others are upstream's too. Giving two spellings of one member is a fault.

/// The list of triggers, where a set is an object.
pub const TRIGGERS: &[&str] = &["triggers"];

/// The types of models' fields, where a set is an object.
pub const MODELS: &[&str] = &["models"];

/// Spellings of upstream's first versions, and what to write today.
pub const FORMER: &[(&str, &str)] = &[
    (
        "trigger",
        "write its `signals` as `config_signals` and its `models` as `content_types`, beside the queues",
    ),
    ("signals", "write `config_signals`"),
    ("models", "write `content_types`"),
    ("broker_queues", "write `msg_broker_queues`"),
    ("queues", "write `msg_broker_queues`"),
    ("broker_config_name", "write `name`"),
    (
        "params",
        "write `parameters`: `params` is the spelling of brokers",
    ),
];

/// Where an unknown member belongs, or what is written instead of it.
pub fn belongs(name: &str) -> Option<String> {
    let homes: [(&str, &[&[&str]]); 5] = [
        ("a queue's `parameters`", &[&[queue::TOPIC]]),
        ("a queue's `conn_details`", &[&[queue::BOOTSTRAP_SERVERS]]),
        ("a queue of `msg_broker_queues`", queue::ALL),
        ("`record` of a queue", record::ALL),
        ("the trigger", trigger::ALL),
    ];
    let former = FORMER.iter().find(|(former, _)| *former == name);
    let has = |names: &[&[&str]]| names.iter().any(|names| names.contains(&name));
    let home = homes.iter().find(|(_, names)| has(names));
    former
        .map(|(_, today)| (*today).to_owned())
        .or_else(|| home.map(|(place, _)| format!("it belongs in {place}")))
}

/// Members of a trigger.
pub mod trigger {
    /// What the trigger is called.
    pub const NAME: &[&str] = &["name"];
    /// What it is called where it has no name.
    pub const ID: &[&str] = &["id"];
    /// Whether it may fire.
    pub const ACTIVE: &[&str] = &["active"];
    /// The signals it listens to.
    pub const SIGNALS: &[&str] = &["config_signals"];
    /// The content types it watches.
    pub const CONTENT_TYPES: &[&str] = &["content_types"];
    /// Where its records go.
    pub const QUEUES: &[&str] = &["msg_broker_queues", "message_broker_queues"];
    /// What its records hold.
    pub const PAYLOAD: &[&str] = &["payload"];
    /// The condition under which it fires.
    pub const WHEN: &[&str] = &["when"];
    /// Whether single expressions keep their JSON type.
    pub const PAYLOAD_TYPES: &[&str] = &["payload_types"];
    /// Whether output is escaped for HTML.
    pub const AUTOESCAPE: &[&str] = &["autoescape"];
    /// What upstream also runs and this library does not.
    pub const NOT_RUN: &[&str] = &["webhooks", "actions"];
    /// What upstream's API adds to the objects it gives out, and nobody needs.
    pub const IGNORED: &[&str] = &["created_by", "created_at", "updated_at", "webhook_id"];

    /// All of them.
    pub const ALL: &[&[&str]] = &[
        NAME,
        ID,
        ACTIVE,
        SIGNALS,
        CONTENT_TYPES,
        QUEUES,
        PAYLOAD,
        WHEN,
        PAYLOAD_TYPES,
        AUTOESCAPE,
        NOT_RUN,
        IGNORED,
    ];
}

/// Members of a signal that is written as an object.
pub mod signal {
    /// Its name.
    pub const SIGNAL: &[&str] = &["signal"];

    /// All of them.
    pub const ALL: &[&[&str]] = &[SIGNAL, super::trigger::ID];
}

/// Members of a content type that is written as an object.
pub mod content_type {
    /// Its app label.
    pub const APP_LABEL: &[&str] = &["app_label"];
    /// Its model.
    pub const MODEL: &[&str] = &["model_name", "model"];

    /// All of them.
    pub const ALL: &[&[&str]] = &[APP_LABEL, MODEL, super::trigger::ID];
}

/// Members of a queue.
pub mod queue {
    /// The name of its broker.
    pub const NAME: &[&str] = &["name"];
    /// How its cluster is reached.
    pub const CONN_DETAILS: &[&str] = &["conn_details", "connection_details"];
    /// Where in the cluster its records go.
    pub const PARAMETERS: &[&str] = &["parameters"];
    /// How long an attempt to publish may take.
    pub const TIMEOUT_SECS: &[&str] = &["timeout_secs"];
    /// What else its records hold.
    pub const RECORD: &[&str] = &["record"];

    /// All of them.
    pub const ALL: &[&[&str]] = &[
        NAME,
        CONN_DETAILS,
        PARAMETERS,
        TIMEOUT_SECS,
        RECORD,
        super::trigger::ID,
    ];

    /// The member of `conn_details` that must come out as a text.
    pub const BOOTSTRAP_SERVERS: &str = "bootstrap_servers";
    /// The member of `parameters` that must come out as a text.
    pub const TOPIC: &str = "topic";
}

/// Members of a queue's `record`.
pub mod record {
    /// The record's key.
    pub const KEY: &[&str] = &["key"];
    /// The topic it is written to, where the event decides.
    pub const TOPIC: &[&str] = &["topic"];
    /// Its headers.
    pub const HEADERS: &[&str] = &["headers"];
    /// The partition it is written to.
    pub const PARTITION: &[&str] = &["partition"];
    /// When it happened.
    pub const TIMESTAMP: &[&str] = &["timestamp"];
    /// Whether it deletes its key.
    pub const TOMBSTONE: &[&str] = &["tombstone"];

    /// All of them.
    pub const ALL: &[&[&str]] = &[KEY, TOPIC, HEADERS, PARTITION, TIMESTAMP, TOMBSTONE];
}

/// Members of a header that is written as an object.
pub mod header {
    /// Its name.
    pub const NAME: &[&str] = &["name"];
    /// Its value.
    pub const VALUE: &[&str] = &["value"];

    /// All of them.
    pub const ALL: &[&[&str]] = &[NAME, VALUE];
}
