//! The lists: which module may use which, and which libraries have one home.

/// A module, and the modules of its crate that it may use. `lib` is the crate's root.
pub(super) type Allowed = &'static [(&'static str, &'static [&'static str])];

/// The project's crates, and the arrows within each.
pub(super) const CRATES: &[(&str, Allowed)] = &[
    ("guest/vocabulary/src", VOCABULARY),
    ("guest/django/src", DJANGO),
    ("guest/src", GUEST),
    ("host/core/src", CORE),
    ("host/config/src", CONFIG),
    ("host/src", HOST),
    ("host/cli/src", CLI),
    ("host/dev-proxy/src", DEV_PROXY),
    ("host/edge/rules/src", RULES),
    ("host/edge/facade/src", &[]),
    ("host/edge/front/src", FRONT),
    (
        "host/edge/module/src",
        &[("exports", &["lib"]), ("lib", &["answer", "call"])],
    ),
    (
        "host/edge/src",
        &[
            ("bake", &["compose", "parts"]),
            ("compose", &["parts"]),
            ("lib", &["compose", "parts"]),
        ],
    ),
];

const VOCABULARY: Allowed = &[
    ("content_type", &["quote"]),
    ("place", &["quote"]),
    ("topic", &["quote"]),
];

const DJANGO: Allowed = &[
    ("ast", &["filters"]),
    ("condition", &["ast", "expression", "lexer"]),
    ("context", &["dates", "error", "json"]),
    ("decimal", &["integer", "json", "python"]),
    ("emit", &["ast", "json_text"]),
    (
        "direct",
        &[
            "ast",
            "context",
            "error",
            "filters",
            "json",
            "json_text",
            "output",
            "python",
            "runtime",
        ],
    ),
    ("error", &["limits"]),
    ("expression", &["ast", "filters", "lexer", "python"]),
    (
        "fated",
        &[
            "ast", "context", "dates", "error", "filters", "json", "runtime",
        ],
    ),
    (
        "filters",
        &[
            "dates", "decimal", "integer", "json", "limits", "output", "python", "sequence",
        ],
    ),
    ("integer", &["python"]),
    ("json", &["dates", "decimal", "python"]),
    ("json_text", &["ast", "error", "json", "output", "python"]),
    ("least", &["ast", "json_text", "meter", "reach", "runtime"]),
    ("lexer", &["python"]),
    ("machine", &["runtime"]),
    ("meter", &["limits"]),
    ("output", &["decimal", "filters", "python"]),
    (
        "parser",
        &[
            "ast",
            "condition",
            "context",
            "error",
            "expression",
            "lexer",
            "python",
        ],
    ),
    (
        "python",
        &["dates", "decimal", "integer", "json", "sequence"],
    ),
    ("reach", &["ast", "parser"]),
    (
        "runtime",
        &[
            "ast",
            "context",
            "dates",
            "decimal",
            "emit",
            "filters",
            "json",
            "json_text",
            "limits",
            "meter",
            "output",
            "python",
            "sequence",
        ],
    ),
    ("tags", &["ast", "expression", "lexer", "parser", "python"]),
    (
        "templates",
        &[
            "ast",
            "context",
            "direct",
            "emit",
            "error",
            "fated",
            "json_text",
            "least",
            "limits",
            "machine",
            "meter",
            "output",
            "parser",
            "runtime",
        ],
    ),
];

const GUEST: Allowed = &[
    ("compiled", &["event", "failure"]),
    ("compiler", &["compiled", "diagnostic", "event", "failure"]),
    (
        "component",
        &[
            "destination",
            "diagnostic",
            "engine",
            "event",
            "explain",
            "failure",
            "host",
            "limits",
            "loaded",
            "message",
        ],
    ),
    ("destination", &["failure", "host"]),
    (
        "engine",
        &[
            "diagnostic",
            "event",
            "failure",
            "host",
            "limits",
            "loaded",
            "matching",
            "message",
            "record",
            "trigger",
        ],
    ),
    ("explain", &["engine", "event", "trigger"]),
    ("host", &["message"]),
    (
        "loaded",
        &["destination", "diagnostic", "message", "trigger"],
    ),
    ("matching", &["trigger"]),
    ("payload", &["compiled", "compiler", "failure", "message"]),
    ("record", &["compiled", "event", "failure"]),
    (
        "trigger",
        &[
            "compiled",
            "compiler",
            "destination",
            "diagnostic",
            "event",
            "host",
            "payload",
            "record",
        ],
    ),
];

const CORE: Allowed = &[
    (
        "broker",
        &["cluster", "outcome", "record", "settings", "verdict"],
    ),
    ("delivery", &["clock", "cluster", "limits", "verdict"]),
    ("outcome", &["event", "record"]),
    ("record", &["cluster"]),
    ("rest", &["clock", "cluster", "record", "verdict"]),
];

const RULES: Allowed = &[
    (
        "component",
        &["courier", "desk", "free_memory", "publisher", "wire"],
    ),
    ("courier", &["wire"]),
    ("publisher", &["around", "courier", "desk", "wire"]),
];

const FRONT: Allowed = &[
    ("component", &["bindings", "exchange", "fault", "tally"]),
    ("exchange", &["bindings"]),
];

const CONFIG: Allowed = &[
    ("checks", &["keys", "node", "reading", "upstream"]),
    ("clusters", &["keys", "node", "problem", "reading"]),
    ("destinations", &["finding", "problem", "room", "trial"]),
    ("document", &["mask", "node", "problem"]),
    ("error", &["problem"]),
    (
        "host",
        &[
            "document", "keys", "lib", "node", "outbox", "problem", "reading", "secret", "serve",
            "upstream",
        ],
    ),
    (
        "lib",
        &[
            "destinations",
            "document",
            "error",
            "locate",
            "outbox",
            "problem",
            "reading",
            "serve",
            "surroundings",
        ],
    ),
    ("locate", &["document", "node", "problem", "reading"]),
    ("mask", &["node", "problem"]),
    ("outbox", &["keys", "node", "reading"]),
    (
        "reading",
        &["document", "keys", "node", "problem", "surroundings"],
    ),
    ("room", &["finding"]),
    ("secret", &["keys", "node", "reading"]),
    ("sources", &["keys", "reading"]),
    ("serve", &["keys", "node", "reading"]),
    ("trial", &["finding"]),
    ("upstream", &["keys", "node", "reading"]),
];

const HOST: Allowed = &[
    ("artefacts", &["runtime"]),
    ("config", &["file", "process", "rest", "runtime"]),
    ("delivery", &["outbox", "publisher", "wall_clock"]),
    ("observe", &["publisher"]),
    ("outbox", &["wall_clock"]),
    ("process", &["file"]),
    ("rest", &["file", "publisher", "wall_clock"]),
    (
        "runtime",
        &[
            "delivery",
            "file",
            "observe",
            "outbox",
            "process",
            "publisher",
            "rest",
            "sandbox",
            "tenant",
        ],
    ),
    ("tenant", &["sandbox"]),
];

const CLI: Allowed = &[
    ("args", &["time"]),
    ("bake", &["component", "error", "outcome", "report"]),
    (
        "check",
        &["args", "code_cache", "error", "outcome", "output", "report"],
    ),
    ("codes", &["error", "outcome", "output"]),
    ("component", &["error", "outcome", "output"]),
    (
        "console",
        &[
            "error",
            "events",
            "interrupt",
            "lines",
            "output",
            "progress",
            "report",
        ],
    ),
    (
        "edge",
        &["component", "error", "outcome", "output", "report"],
    ),
    ("demo", &["code_cache", "error", "outcome", "output"]),
    (
        "dev_proxy",
        &["args", "error", "interrupt", "outcome", "output"],
    ),
    ("events", &["error", "interrupt"]),
    (
        "lib",
        &[
            "args",
            "bake",
            "check",
            "codes",
            "component",
            "demo",
            "dev_proxy",
            "edge",
            "error",
            "outbox",
            "outcome",
            "publish",
            "report",
            "schema",
            "serve",
            "show",
        ],
    ),
    ("letters", &["lines", "time"]),
    ("lines", &["shown"]),
    (
        "outbox",
        &["args", "code_cache", "error", "lines", "outcome", "output"],
    ),
    ("output", &["error"]),
    ("print", &["shown"]),
    ("progress", &["lines", "outcome", "report"]),
    (
        "publish",
        &[
            "args",
            "console",
            "error",
            "events",
            "interrupt",
            "lines",
            "outcome",
            "report",
            "start",
        ],
    ),
    ("report", &["error", "print", "shown"]),
    ("schema", &["args", "error", "outcome", "output"]),
    (
        "serve",
        &[
            "args",
            "code_cache",
            "error",
            "interrupt",
            "lines",
            "outcome",
            "output",
            "report",
        ],
    ),
    (
        "show",
        &["args", "error", "events", "lines", "outcome", "start"],
    ),
    (
        "start",
        &[
            "args",
            "code_cache",
            "console",
            "error",
            "events",
            "lines",
            "progress",
        ],
    ),
];

const DEV_PROXY: Allowed = &[
    (
        "lib",
        &["fault", "log", "options", "routes", "state", "wire"],
    ),
    ("log", &["options", "partition"]),
    ("read", &["answer", "log", "state", "v3"]),
    (
        "routes",
        &["answer", "fault", "read", "state", "v2", "v3", "wire"],
    ),
    ("state", &["fault", "log"]),
    ("v2", &["answer", "fault", "log"]),
    ("v3", &["answer", "fault", "log", "time"]),
];

/// A library, and the only places that may name it.
pub(super) const KNOWN_ONLY_TO: &[(&str, &[&str])] = &[
    ("wasmtime", &["host/src/sandbox/", "host/edge/src/bake/"]),
    ("wasmtime_wizer", &["host/edge/src/bake/image.rs"]),
    ("reqwest", &["host/src/rest/"]),
    ("rusqlite", &["host/src/outbox/sqlite/"]),
    ("axum", &["host/cli/src/serve/", "host/dev-proxy/src/"]),
    ("clap", &["host/cli/src/"]),
    ("indicatif", &["host/cli/src/"]),
    ("miette", &["host/cli/src/"]),
    (
        "wit_bindgen",
        &[
            "guest/src/component.rs",
            "host/edge/facade/src/component.rs",
            "host/edge/front/src/bindings.rs",
            "host/edge/rules/src/component.rs",
        ],
    ),
];

const NO_SYSTEM: &[&str] = &[
    "std::env",
    "std::fs",
    "std::net::TcpListener",
    "std::net::TcpStream",
    "std::net::UdpSocket",
    "std::process",
    "std::thread",
    "std::time::Instant",
    "std::time::SystemTime",
];

/// Crates without a system below them, and what they must not name. The guest has no
/// random order either: its maps are ordered.
pub(super) const PURE: &[(&str, &[&str])] = &[
    ("guest/vocabulary/src", NO_SYSTEM),
    ("guest/django/src", NO_SYSTEM),
    ("guest/src", NO_SYSTEM),
    ("host/core/src", NO_SYSTEM),
    ("host/config/src", NO_SYSTEM),
    ("host/edge/rules/src", NO_SYSTEM),
    ("host/edge/facade/src", NO_SYSTEM),
    ("host/edge/module/src", NO_SYSTEM),
    ("host/edge/front/src", NO_SYSTEM),
];
