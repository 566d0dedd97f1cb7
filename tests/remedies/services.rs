//! Remedies for what `serve` refuses, followed over real sockets.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, TcpStream},
    thread::sleep,
    time::Duration,
};

use serde_json::json;

use super::cases::edited;
use crate::cli::{
    serve::client::{Answer, Service, read},
    support::Place,
};

/// A code that a service gives.
pub(super) struct Row {
    pub(super) area: &'static str,
    pub(super) code: &'static str,
    /// What the configuration says beside the good one: a place, and JSON.
    config: [Edits; 2],
    /// What is sent where it is given, and what as its remedy says.
    sent: [fn(&Service) -> Answer; 2],
}

type Edits = &'static [(&'static str, &'static str)];

const SERVICE: &str = "The service";
const BODIES: &str = "Bodies of requests";
const EVENTS: &str = "Events";

/// The remedy is to send something else.
const fn sends(
    area: &'static str,
    code: &'static str,
    wrong: fn(&Service) -> Answer,
    right: fn(&Service) -> Answer,
) -> Row {
    Row {
        area,
        code,
        config: [&[]; 2],
        sent: [wrong, right],
    }
}

/// The remedy is another configuration.
const fn says(
    area: &'static str,
    code: &'static str,
    wrong: Edits,
    right: Edits,
    sent: fn(&Service) -> Answer,
) -> Row {
    Row {
        area,
        code,
        config: [wrong, right],
        sent: [sent; 2],
    }
}

impl Row {
    const fn under(mut self, config: Edits) -> Self {
        self.config = [config; 2];
        self
    }
}

pub(super) const ROWS: &[Row] = &[
    says(SERVICE, "no_room", TWO, &[("/outbox/messages", "3")], fills),
    sends(SERVICE, "no_room", fills, |service| {
        fills(service);
        until(|| sale(service, "4"), |answer| answer.status != 429)
    })
    .under(&[
        ("/outbox/messages", "2"),
        ("/clusters/k:1/time_to_live_secs", "0.2"),
    ]),
    sends(
        SERVICE,
        "batch_too_large",
        |service| sales(service, 3),
        |service| sales(service, 2),
    )
    .under(TWO),
    says(
        SERVICE,
        "batch_too_large",
        TWO,
        &[("/outbox/messages", "3")],
        |service| sales(service, 3),
    ),
    says(SERVICE, "event_trapped", HASTY, PATIENT, |service| {
        large_sales(service, "/v1/events", 1)
    }),
    sends(
        SERVICE,
        "unauthenticated",
        |service| post(service, &[JSON], "[]"),
        |service| post(service, &[JSON, ("Authorization", "Bearer c4n4ry")], "[]"),
    )
    .under(&[("/serve/token", r#"{"file": "token"}"#)]),
    sends(
        SERVICE,
        "unknown_path",
        |service| service.post("/v1/event", "[]"),
        |service| service.post("/v1/events", "[]"),
    ),
    sends(
        SERVICE,
        "wrong_method",
        |service| service.get("/v1/events"),
        |service| service.post("/v1/events", "[]"),
    ),
    sends(
        SERVICE,
        "body_too_large",
        |service| sales(service, 9),
        |service| sales(service, 1),
    )
    .under(&[("/serve/max_body_bytes", "200")]),
    says(
        SERVICE,
        "body_too_large",
        &[("/serve/max_body_bytes", "200")],
        &[("/serve/max_body_bytes", "2000")],
        |service| sales(service, 9),
    ),
    says(
        SERVICE,
        "body_too_slow",
        &[("/serve/client_timeout_secs", "0.2")],
        &[("/serve/client_timeout_secs", "60")],
        |service| {
            let mut stream = begun(service, "[", 2);
            // Longer than the shorter of the two.
            stream.set_read_timeout(Some(PAUSE)).unwrap();
            let is_waiting = stream.peek(&mut [0]).is_err();
            if is_waiting {
                stream.write_all(b"]").unwrap();
            }
            stream.set_read_timeout(None).unwrap();
            read(stream)
        },
    ),
    sends(
        SERVICE,
        "body_cut_short",
        |service| {
            let stream = begun(service, "[", 2);
            stream.shutdown(Shutdown::Write).unwrap();
            read(stream)
        },
        |service| read(begun(service, "[]", 2)),
    ),
    sends(
        SERVICE,
        "unsupported_content_encoding",
        |service| post(service, &[JSON, ("Content-Encoding", "gzip")], "[]"),
        |service| post(service, &[JSON], "[]"),
    ),
    sends(
        SERVICE,
        "too_many_events",
        |service| lines(service, 10_001),
        |service| lines(service, 100),
    ),
    sends(
        SERVICE,
        "rendering_too_large",
        |service| large_sales(service, "/v1/render", 10),
        |service| large_sales(service, "/v1/render", 1),
    )
    .under(&[
        ("/clusters/k:1/max_record_bytes", "10000000"),
        ("/triggers/0/payload", r#""{{ s|ljust:2000000 }}""#),
    ]),
    sends(
        SERVICE,
        "invalid_idempotency_key",
        |service| post(service, &[JSON, ("Idempotency-Key", "a b")], "[]"),
        |service| post(service, &[JSON, ("Idempotency-Key", "a-b")], "[]"),
    ),
    sends(
        SERVICE,
        "busy",
        |service| crowded(service).1,
        |service| {
            drop(crowded(service).0);
            taken(service)
        },
    )
    .under(&[("/serve/max_body_bytes", "1024")]),
    sends(
        SERVICE,
        "too_many_connections",
        |service| beside(service, service.connect()),
        |service| {
            drop(service.connect());
            taken(service)
        },
    )
    .under(&[("/serve/max_connections", "1")]),
    says(
        SERVICE,
        "too_many_connections",
        &[("/serve/max_connections", "1")],
        &[("/serve/max_connections", "2")],
        |service| beside(service, service.connect()),
    ),
    sends(
        BODIES,
        "unknown_format",
        |service| service.post("/v1/events?format=jsno", "[]"),
        |service| service.post("/v1/events?format=json", "[]"),
    ),
    sends(
        BODIES,
        "unsupported_content_type",
        |service| post(service, &[TEXT], "[]"),
        |service| post(service, &[JSON], "[]"),
    ),
    sends(
        BODIES,
        "unsupported_content_type",
        |service| post(service, &[TEXT], "[]"),
        |service| service.request("POST", "/v1/events?format=json", &[TEXT], "[]"),
    ),
    sends(
        BODIES,
        "body_malformed",
        |service| service.post("/v1/events", "[1,, 2]"),
        |service| service.post("/v1/events", "[]"),
    ),
    sends(
        BODIES,
        "event_not_utf8",
        |service| post(service, &[JSON], b"[\xe9]"),
        |service| post(service, &[JSON], event("\u{e9}")),
    ),
    sends(
        EVENTS,
        "other_format",
        |service| service.post("/v1/events", HASURA),
        |service| service.post("/v1/events?format=hasura", HASURA),
    ),
    says(
        EVENTS,
        "unknown_event_type",
        &[],
        &[(
            "/sources/cloudevents/types",
            r#"{"placed": {"signal": "post_save", "content_type": "shop.sale"}}"#,
        )],
        |service| cloud_event(service, r#""placed""#, r#"{"id": 7}"#),
    ),
    sends(
        EVENTS,
        "unknown_event_type",
        |service| cloud_event(service, r#""placed""#, r#"{"id": 7}"#),
        |service| cloud_event(service, r#""shop.sale.post_save""#, r#"{"id": 7}"#),
    ),
    says(
        EVENTS,
        "unsupported_encoding",
        &[AT_TIME],
        &[
            AT_TIME,
            ("/sources/debezium/time_precision", r#""milliseconds""#),
        ],
        |service| change(service, "null"),
    ),
    sends(
        EVENTS,
        "unsupported_encoding",
        |service| change(service, "null"),
        |service| {
            change(
                service,
                r#"{"fields": [{"field": "after", "fields":
            [{"field": "at", "name": "io.debezium.time.Time"}]}]}"#,
            )
        },
    )
    .under(&[AT_TIME]),
    sends(
        "Deliveries that fail",
        "event_id_reused",
        |service| {
            service.post("/v1/events", &event("1"));
            service.post("/v1/events", &event("1").replace(":7}", ":8}"))
        },
        |service| {
            service.post("/v1/events", &event("1"));
            service.post("/v1/events", &event("2").replace(":7}", ":8}"))
        },
    )
    .under(&[("/outbox/path", r#""outbox.db""#)]),
];

const JSON: (&str, &str) = ("Content-Type", "application/json");
const TEXT: (&str, &str) = ("Content-Type", "text/plain");
const PAUSE: Duration = Duration::from_millis(400);
/// More than anything takes.
const ATTEMPTS: usize = 3_000;

const TWO: Edits = &[("/outbox/messages", "2")];
/// A template that takes long, and how long it may take.
const HASTY: Edits = &[SLOW, FUEL[0], FUEL[1], ("/limits/call_deadline_ms", "1")];
const PATIENT: Edits = &[
    SLOW,
    FUEL[0],
    FUEL[1],
    ("/limits/call_deadline_ms", "600000"),
];
const SLOW: (&str, &str) = (
    "/triggers/0/payload",
    r#""{% for a in s %}{% for b in s %}{{ a }}{% endfor %}{% endfor %}""#,
);
const FUEL: Edits = &[
    ("/limits/trigger_fuel", "1000000000"),
    ("/limits/call_fuel", "1000000000"),
];

/// A set whose `at` is a time.
const AT_TIME: (&str, &str) = (
    "/triggers",
    r#"{"models": {"shop.sale": {"at": "time"}}, "triggers": [{"config_signals": ["post_save"],
        "content_types": ["shop.sale"], "msg_broker_queues": [{"name": "kafka_1"}]}]}"#,
);

const HASURA: &str = r#"{"id": "1", "created_at": "2024-05-01T10:00:00Z",
    "table": {"schema": "shop", "name": "sale"}, "trigger": {"name": "t"},
    "event": {"op": "INSERT", "session_variables": null, "data": {"old": null, "new": {"id": 7}}}}"#;

fn event(id: &str) -> String {
    let event = json!({"id": id, "signal": "post_save", "content_type": "shop.sale",
        "instance": {"id": 7}});
    event.to_string()
}

fn sale(service: &Service, id: &str) -> Answer {
    service.post("/v1/events", &event(id))
}

/// Posts so many events.
fn sales(service: &Service, events: usize) -> Answer {
    let events: Vec<_> = (0..events).map(|id| event(&id.to_string())).collect();
    service.post("/v1/events", &format!("[{}]", events.join(",")))
}

/// Posts so many events in several requests, for an outbox that holds two.
fn fills(service: &Service) -> Answer {
    sales(service, 2);
    sale(service, "3")
}

fn large_sales(service: &Service, path: &str, events: usize) -> Answer {
    let event = json!({"signal": "post_save", "content_type": "shop.sale",
        "instance": {"id": 7, "s": "x".repeat(1_000)}});
    service.post(path, &json!(vec![event; events]).to_string())
}

fn lines(service: &Service, events: usize) -> Answer {
    let lines = format!("{}\n", event("1")).repeat(events);
    let headers = [("Content-Type", "application/x-ndjson")];
    service.request("POST", "/v1/explain", &headers, lines)
}

fn post(service: &Service, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Answer {
    service.request("POST", "/v1/events", headers, body)
}

fn cloud_event(service: &Service, kind: &str, data: &str) -> Answer {
    let text = format!(
        r#"{{"specversion": "1.0", "id": "1", "source": "s", "type": {kind}, "data": {data}}}"#
    );
    let headers = [("Content-Type", "application/cloudevents+json")];
    service.request("POST", "/v1/events", &headers, text)
}

/// A change of Debezium's, with this schema.
fn change(service: &Service, schema: &str) -> Answer {
    let payload = r#"{"op": "c", "after": {"id": 7, "at": 1000},
        "source": {"schema": "shop", "table": "sale"}}"#;
    let text = format!(r#"{{"schema": {schema}, "payload": {payload}}}"#);
    service.post("/v1/events?format=debezium", &text)
}

/// A request whose body has begun with this and has so many bytes.
fn begun(service: &Service, body: &str, length: usize) -> TcpStream {
    let mut stream = service.connect();
    let head = "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n";
    let text = format!("{head}Content-Length: {length}\r\n\r\n{body}");
    stream.write_all(text.as_bytes()).unwrap();
    stream
}

/// Requests that hold all the room for bodies, and one beside them.
///
/// A request that is let in takes room from those that are to hold it, so each attempt begins one more.
fn crowded(service: &Service) -> (Vec<TcpStream>, Answer) {
    let mut held = Vec::new();
    let ask = || {
        held.push(begun(service, "[", 1_024));
        service.post("/v1/events", "[]")
    };
    let answer = until(ask, |answer| answer.status == 429);
    (held, answer)
}

/// A request while another connection is held.
fn beside(service: &Service, mut held: TcpStream) -> Answer {
    held.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .unwrap();
    held.read_exact(&mut [0; 12]).unwrap();
    service.post("/v1/events", "[]")
}

/// Sends a request until it is taken.
fn taken(service: &Service) -> Answer {
    let send = || service.post("/v1/events", "[]");
    until(send, |answer| answer.status == 202)
}

/// Asks until the answer is such, and gives up in the end.
fn until(mut ask: impl FnMut() -> Answer, is_such: impl Fn(&Answer) -> bool) -> Answer {
    let mut answer = ask();
    for _ in 0..ATTEMPTS {
        if is_such(&answer) {
            break;
        }
        sleep(Duration::from_millis(10));
        answer = ask();
    }
    answer
}

fn service(config: Edits) -> Service {
    let mut edits = vec![("/serve/listen", json!("127.0.0.1:0"))];
    for (place, value) in config {
        edits.push((place, serde_json::from_str(value).unwrap()));
    }
    let place = Place::new(&edited(&edits));
    place.write("token", "c4n4ry");
    Service::start_in(place)
}

#[test]
fn what_a_remedy_says_of_a_request_helps() {
    let mut faults = Vec::new();
    for row in ROWS {
        let [raised, mended] = [0, 1].map(|side| (row.sent[side])(&service(row.config[side])));
        if !raised.codes().contains(&row.code.to_owned()) {
            faults.push(format!("`{}` is not raised, but {raised:?}", row.code));
        }
        if !mended.codes().is_empty() || mended.status >= 300 {
            faults.push(format!("`{}` is followed, and {mended:?}", row.code));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
