//! Remedies for configurations.

use serde_json::{Value, json};

use super::cases::{BROKER, CLUSTER, Case, QUEUE, Row, TRIGGER, checks, edited, good};

const AREA: &str = "Configurations";

pub(super) fn rows() -> Vec<Row> {
    let mut rows = files();
    rows.extend(upstreams());
    rows.extend(keys());
    rows.extend(clusters());
    rows.extend(carried());
    rows
}

fn file(code: &'static str, wrong: (&'static str, &[u8]), right: (&'static str, &[u8])) -> Row {
    let case = |(name, bytes): (&'static str, &[u8])| Case::File(name, bytes.to_vec());
    Row {
        area: AREA,
        code,
        wrong: case(wrong),
        right: case(right),
    }
}

fn files() -> Vec<Row> {
    let text = good().to_string();
    let json = ("config.json", text.as_bytes());
    let toml = include_bytes!("good.toml");
    let deep = |levels: usize| {
        let note = "[".repeat(levels) + &"]".repeat(levels);
        text.replacen("\"topic\"", &format!("\"note\":{note},\"topic\""), 1)
    };
    vec![
        file("unknown_file_type", ("config.yaml", json.1), json),
        file("file_not_utf8", ("config.json", b"{\"a\": \"\xff\"}"), json),
        file(
            "invalid_json",
            ("config.json", json.1.split_last().unwrap().1),
            json,
        ),
        file(
            "invalid_toml",
            ("config.toml", b"a = [\n"),
            ("config.toml", toml),
        ),
        file("invalid_toml", ("config.toml", json.1), json),
        file(
            "too_deep",
            ("config.json", deep(200).as_bytes()),
            ("config.json", deep(20).as_bytes()),
        ),
        file(
            "repeated_key",
            (
                "config.json",
                text.replacen("{\"ACTION", "{\"outbox\":{},\"outbox\":{},\"ACTION", 1)
                    .as_bytes(),
            ),
            (
                "config.json",
                text.replacen("{\"ACTION", "{\"outbox\":{},\"ACTION", 1)
                    .as_bytes(),
            ),
        ),
    ]
}

fn upstreams() -> Vec<Row> {
    const SETTINGS: &str = "/ACTION_TRIGGER_SETTINGS";
    const WHITELIST: &str = "/ACTION_TRIGGERS/whitelisted_content_types";
    let (kind, allowed) = (
        format!("{BROKER}/broker_type"),
        format!("{SETTINGS}/ALLOWED_DYNAMIC_IMPORT_PATHS"),
    );
    let timeout = format!("{SETTINGS}/MAX_BROKER_TIMEOUT");
    let redis = json!({"broker_type": "redis"});
    checks(
        AREA,
        [
            (
                "action_triggers.E001",
                &[("/ACTION_TRIGGERS", Value::Null)],
                &[],
            ),
            (
                "action_triggers.E002",
                &[(&kind, Value::Null)],
                &[(&kind, json!("kafka"))],
            ),
            (
                "action_triggers.E003",
                &[(&kind, json!("kafak"))],
                &[(&kind, json!("kafka"))],
            ),
            ("action_triggers.E004", &[(SETTINGS, Value::Null)], &[]),
            (
                "action_triggers.W001",
                &[(WHITELIST, json!([]))],
                &[(WHITELIST, json!(["shop.sale"]))],
            ),
            (
                "action_triggers.W001",
                &[(WHITELIST, Value::Null)],
                &[
                    (WHITELIST, Value::Null),
                    (
                        "/ACTION_TRIGGER_SETTINGS/whitelisted_content_types",
                        json!(["shop.sale"]),
                    ),
                ],
            ),
            (
                "action_triggers.W002",
                &[(
                    "/ACTION_TRIGGERS/whitelisted_webhook_endpoint_patterns",
                    Value::Null,
                )],
                &[],
            ),
            (
                "action_triggers.W003",
                &[(&timeout, Value::Null)],
                &[(&timeout, json!(5))],
            ),
            (
                "invalid_content_type",
                &[(WHITELIST, json!(["sale"]))],
                &[(WHITELIST, json!(["shop.sale"]))],
            ),
            (
                "allow_list_is_text",
                &[(&allowed, json!("a.b"))],
                &[(&allowed, json!(["a.b"])), ("/values", json!({"a.b": 1}))],
            ),
            (
                "setting_without_value",
                &[(&allowed, json!(["a.b"]))],
                &[(&allowed, json!(["a.b"])), ("/values", json!({"a.b": 1}))],
            ),
            (
                "unserved_broker_type",
                &[("/ACTION_TRIGGERS/brokers/other", redis)],
                &[],
            ),
        ],
    )
}

fn keys() -> Vec<Row> {
    let messages = "/outbox/messages";
    checks(
        AREA,
        [
            (
                "wrong_type",
                &[("/clusters", json!([]))],
                &[("/clusters", good()["clusters"].clone())],
            ),
            (
                "unknown_key",
                &[("/outbx", json!({}))],
                &[("/outbox", json!({}))],
            ),
            // A key at the wrong level says where it belongs.
            (
                "unknown_key",
                &[("/memory_bytes", json!(100_000_000))],
                &[("/limits/memory_bytes", json!(100_000_000))],
            ),
            (
                "missing_key",
                &[("/clusters/k:1/rest_url", Value::Null)],
                &[("/clusters/k:1/rest_url", json!("http://127.0.0.1:9"))],
            ),
            (
                "repeated_key",
                &[("/ACTION_TRIGGERS/brokers/kafka_1/parameters", json!({}))],
                &[("/ACTION_TRIGGERS/brokers/kafka_1/parameters", Value::Null)],
            ),
            (
                "unknown_value",
                &[("/text_encoding", json!("utf8"))],
                &[("/text_encoding", json!("raw"))],
            ),
            (
                "out_of_range",
                &[(messages, json!(0))],
                &[(messages, json!(1))],
            ),
            (
                "empty_path",
                &[("/outbox", json!({"path": ""}))],
                &[("/outbox", json!({"path": "outbox.db"}))],
            ),
            (
                "invalid_listen",
                &[("/serve", json!({"listen": "localhost"}))],
                &[("/serve", json!({"listen": "127.0.0.1:8090"}))],
            ),
            (
                "invalid_token",
                &[("/serve", json!({"token": {"file": "spaced"}}))],
                &[("/serve", json!({"token": {"file": "token"}}))],
            ),
            (
                "unprotected_service",
                &[("/serve", json!({"listen": "0.0.0.0:8090"}))],
                &[(
                    "/serve",
                    json!({"listen": "0.0.0.0:8090", "token": {"file": "token"}}),
                )],
            ),
            (
                "outbox_key_unused",
                &[("/outbox", json!({"max_bytes": 1_000_000}))],
                &[(
                    "/outbox",
                    json!({"path": "outbox.db", "max_bytes": 1_000_000}),
                )],
            ),
            (
                "outbox_key_unused",
                &[("/outbox", json!({"path": "outbox.db", "messages": 1}))],
                &[("/outbox", json!({"path": "outbox.db"}))],
            ),
            (
                "file_unreadable",
                &[("/triggers", json!("nothing.json"))],
                &[],
            ),
            ("missing_triggers", &[("/triggers", Value::Null)], &[]),
            (
                "unknown_cluster",
                &[("/clusters", json!({"other:1": good()["clusters"]["k:1"]}))],
                &[("/clusters", json!({"k:1": good()["clusters"]["k:1"]}))],
            ),
        ],
    )
}

fn clusters() -> Vec<Row> {
    let at = |name: &str| format!("{CLUSTER}/{name}");
    let (auth, tls, url) = (at("auth"), at("tls"), at("rest_url"));
    let https = json!("https://127.0.0.1:9");
    let bearer = |origin: Value| json!({"bearer": origin});
    let (headers, proxy) = (at("headers"), at("proxy"));
    checks(
        AREA,
        [
            (
                "literal_secret",
                &[(&auth, bearer(json!("hunter2")))],
                &[(&auth, bearer(json!({"env": "HOME"})))],
            ),
            (
                "secret_unavailable",
                &[(
                    &auth,
                    bearer(json!({"env": "ACTION_TRIGGERS_TEST_NOT_SET"})),
                )],
                &[(&auth, bearer(json!({"env": "HOME"})))],
            ),
            (
                "invalid_rest_url",
                &[(&url, json!("localhost"))],
                &[(&url, json!("http://localhost:8082"))],
            ),
            (
                "invalid_rest_url",
                &[(&url, json!("ftp://localhost:8082"))],
                &[(&url, json!("http://localhost:8082"))],
            ),
            (
                "invalid_header",
                &[(&headers, json!({"a b": "x"}))],
                &[(&headers, json!({"a-b": "x"}))],
            ),
            (
                "invalid_proxy",
                &[(&proxy, json!("proxy.example"))],
                &[(&proxy, json!("http://proxy.example:3128"))],
            ),
            (
                "unsupported_api",
                &[
                    (&at("api"), json!("v3")),
                    (&at("flavor"), json!("karapace")),
                ],
                &[
                    (&at("api"), json!("v2")),
                    (&at("flavor"), json!("karapace")),
                ],
            ),
            (
                "invalid_auth",
                &[(
                    &auth,
                    json!({"basic": {"username": "a:b", "password": {"env": "HOME"}}}),
                )],
                &[(
                    &auth,
                    json!({"basic": {"username": "a", "password": {"env": "HOME"}}}),
                )],
            ),
            (
                "invalid_tls",
                &[
                    (&url, https.clone()),
                    (&tls, json!({"identity": {"env": "HOME"}})),
                ],
                &[(&url, https.clone()), (&tls, json!({}))],
            ),
        ],
    )
}

/// Edits whose places are made up as they are needed.
type Owned = Vec<(String, Value)>;

/// What a cluster's REST proxy cannot carry is found before there is a record.
fn carried() -> Vec<Row> {
    let record = |name: &str| format!("{QUEUE}/record/{name}");
    let at = |name: &str| format!("{CLUSTER}/{name}");
    let (headers, timestamp, tombstone, key) = (
        record("headers"),
        record("timestamp"),
        record("tombstone"),
        record("key"),
    );
    let (payload, format, flavor) = (format!("{TRIGGER}/payload"), at("format"), at("flavor"));
    let v3 = (at("api"), json!("v3"));
    let rows = [
        (
            "headers_unsupported",
            vec![(headers, json!({"a": "{{ id }}"}))],
            vec![v3.clone()],
        ),
        (
            "timestamp_unsupported",
            vec![(timestamp.clone(), json!("{{ created }}"))],
            vec![v3.clone()],
        ),
        (
            "timestamp_unsupported",
            vec![(timestamp.clone(), json!(0))],
            vec![v3.clone()],
        ),
        (
            "invalid_timestamp",
            vec![(timestamp.clone(), json!(-5)), v3.clone()],
            vec![(timestamp, json!(5))],
        ),
        (
            "tombstone_unsupported",
            vec![
                (flavor.clone(), json!("karapace")),
                (tombstone, json!(true)),
                (key, json!("{{ id }}")),
            ],
            vec![(flavor.clone(), json!("confluent"))],
        ),
        (
            "json_unsupported",
            vec![
                (flavor, json!("strimzi")),
                (format.clone(), json!("json")),
                (payload, json!("5")),
            ],
            vec![(format, json!("binary"))],
        ),
    ];
    let row = |(code, wrong, mended): (_, Owned, Owned)| {
        let all = |edits: &[(String, Value)]| {
            let edits: Vec<_> = edits
                .iter()
                .map(|(place, value)| (place.as_str(), value.clone()))
                .collect();
            Case::Check(edited(&edits))
        };
        Row {
            area: if code == "invalid_timestamp" {
                "Deliveries that fail"
            } else {
                "Records that are refused"
            },
            code,
            wrong: all(&wrong),
            right: all(&[wrong, mended].concat()),
        }
    };
    rows.into_iter().map(row).collect()
}
