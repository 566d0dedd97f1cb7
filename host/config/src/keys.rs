//! Every key that a configuration may have, by the object that it stands in.
//! The schema is held against these lists.

/// The keys of one kind of object.
#[derive(Debug)]
pub(super) struct Keys {
    /// What the schema calls the object.
    #[cfg_attr(not(test), expect(dead_code, reason = "the schema is held against it"))]
    pub(super) name: &'static str,
    /// Where it stands, for a sentence.
    pub(super) place: &'static str,
    /// What it may have.
    pub(super) names: &'static [&'static str],
}

impl Keys {
    pub(super) fn has(&self, key: &str) -> bool {
        self.names.contains(&key)
    }

    /// Where a key belongs that this object does not have, if any other does.
    pub(super) fn elsewhere(&self, key: &str) -> Option<&'static str> {
        let other = ALL.iter().find(|other| other.has(key));
        other.filter(|_| !self.has(key)).map(|other| other.place)
    }
}

pub(super) const FILE: Keys = Keys {
    name: "configuration",
    place: "the top level of the configuration",
    names: &[
        "ACTION_TRIGGERS",
        "ACTION_BROKERS",
        "ACTION_TRIGGER_SETTINGS",
        "clusters",
        "values",
        "triggers",
        "outbox",
        "serve",
        "limits",
        "sources",
        "text_encoding",
    ],
};

pub(super) const ACTION_TRIGGERS: Keys = Keys {
    name: "action_triggers",
    place: "`ACTION_TRIGGERS`",
    names: &[
        "brokers",
        "webhooks",
        "actions",
        "whitelisted_content_types",
        "whitelisted_webhook_endpoint_patterns",
    ],
};

pub(super) const ACTION_TRIGGER_SETTINGS: Keys = Keys {
    name: "action_trigger_settings",
    place: "`ACTION_TRIGGER_SETTINGS`",
    names: &[
        "ALLOWED_DYNAMIC_IMPORT_PATHS",
        "MAX_BROKER_TIMEOUT",
        "MAX_WEBHOOK_TIMEOUT",
        "MAX_ACTION_TIMEOUT",
        "whitelisted_content_types",
    ],
};

/// `connection_details` and `parameters` are spellings that upstream's
/// documentation has besides.
pub(super) const BROKER: Keys = Keys {
    name: "broker",
    place: "a broker of `ACTION_TRIGGERS.brokers`",
    names: &[
        "broker_type",
        "conn_details",
        "params",
        "connection_details",
        "parameters",
        "topics",
    ],
};

pub(super) const CLUSTER: Keys = Keys {
    name: "cluster",
    place: "a cluster of `clusters`",
    names: &[
        "rest_url",
        "api",
        "flavor",
        "format",
        "cluster_id",
        "auth",
        "auth_retry_secs",
        "headers",
        "proxy",
        "tls",
        "connect_timeout_secs",
        "connection_max_age_secs",
        "request_timeout_secs",
        "time_to_live_secs",
        "linger_ms",
        "max_batch_records",
        "max_batch_bytes",
        "max_record_bytes",
        "topic_max_record_bytes",
        "max_in_flight",
        "max_retry_after_secs",
        "order",
    ],
};

pub(super) const AUTH: Keys = Keys {
    name: "auth",
    place: "`auth` of a cluster",
    names: &["basic", "bearer"],
};

pub(super) const BASIC: Keys = Keys {
    name: "basic",
    place: "`basic` in `auth` or `proxy` of a cluster",
    names: &["username", "password"],
};

pub(super) const PROXY: Keys = Keys {
    name: "proxy",
    place: "`proxy` of a cluster",
    names: &["url", "basic"],
};

pub(super) const TLS: Keys = Keys {
    name: "tls",
    place: "`tls` of a cluster",
    names: &["ca_file", "identity"],
};

pub(super) const ORIGIN: Keys = Keys {
    name: "origin",
    place: "a value or a secret that does not stand in the file",
    names: &["env", "file"],
};

pub(super) const OUTBOX: Keys = Keys {
    name: "outbox",
    place: "`outbox`",
    names: &[
        "path",
        "max_bytes",
        "dedup_hours",
        "dead_days",
        "dead_bytes",
        "messages",
        "bytes",
        "stalled_after_secs",
        "shutdown_grace_secs",
    ],
};

/// The keys of an outbox that only one in a file has.
pub(super) const OF_FILE: &[&str] = &["max_bytes", "dead_days", "dead_bytes"];

/// Those that only one in memory has.
pub(super) const OF_MEMORY: &[&str] = &["messages", "bytes"];

pub(super) const SERVE: Keys = Keys {
    name: "serve",
    place: "`serve`",
    names: &[
        "listen",
        "token",
        "tls",
        "max_body_bytes",
        "max_connections",
        "client_timeout_secs",
        "shutdown_grace_secs",
    ],
};

pub(super) const SERVE_TLS: Keys = Keys {
    name: "serve_tls",
    place: "`tls` of `serve`",
    names: &["cert", "key", "client_ca"],
};

pub(super) const LIMITS: Keys = Keys {
    name: "limits",
    place: "`limits`",
    names: &[
        "memory_bytes",
        "stack_bytes",
        "call_deadline_ms",
        "load_deadline_ms",
        "events_per_call",
        "event_bytes",
        "records_per_call",
        "record_bytes_per_call",
        "trigger_fuel",
        "call_fuel",
        "output_bytes",
        "event_depth",
        "workers",
    ],
};

pub(super) const SOURCES: Keys = Keys {
    name: "sources",
    place: "`sources`",
    names: &["cloudevents", "debezium", "hasura", "supabase"],
};

pub(super) const SOURCE_OF_CLOUDEVENTS: Keys = Keys {
    name: "source_of_cloudevents",
    place: "`sources.cloudevents`",
    names: &["types", "subjects", "record_headers"],
};

pub(super) const EVENT_TYPE: Keys = Keys {
    name: "event_type",
    place: "a type of `sources.cloudevents.types`",
    names: &["signal", "content_type", "created"],
};

pub(super) const SOURCE_OF_CHANGES: Keys = Keys {
    name: "source_of_changes",
    place: "`sources.debezium`",
    names: &[
        "content_types",
        "snapshots",
        "time_precision",
        "datetimes_are_utc",
    ],
};

pub(super) const SOURCE_OF_ROWS: Keys = Keys {
    name: "source_of_rows",
    place: "`hasura` or `supabase` in `sources`",
    names: &["content_types"],
};

/// All of them, outer objects first.
pub(super) const ALL: &[&Keys] = &[
    &FILE,
    &ACTION_TRIGGERS,
    &ACTION_TRIGGER_SETTINGS,
    &BROKER,
    &CLUSTER,
    &OUTBOX,
    &SERVE,
    &LIMITS,
    &SOURCES,
    &SOURCE_OF_CLOUDEVENTS,
    &SOURCE_OF_CHANGES,
    &SOURCE_OF_ROWS,
    &EVENT_TYPE,
    &AUTH,
    &PROXY,
    &BASIC,
    &TLS,
    &SERVE_TLS,
    &ORIGIN,
];
