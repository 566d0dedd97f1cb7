//! The host's own keys.

use super::*;

/// A configuration with one cluster.
fn cluster(members: &str) -> String {
    format!(
        "{{\"triggers\": [],\n \"clusters\": {{\"a:1\": {{\"rest_url\": \"http://localhost:8082\",\n   {members}}}}}}}"
    )
}

fn clusters(cases: &[(&str, &str)]) -> String {
    let texts: Vec<_> = cases
        .iter()
        .map(|(title, one)| (*title, cluster(one)))
        .collect();
    let cases: Vec<_> = texts
        .iter()
        .map(|(title, text)| (*title, text.as_str()))
        .collect();
    table("config.json", &cases)
}

#[test]
fn every_problem_is_found_at_once() {
    let text = r#"{
        "ACTION_TRIGGER_SETTINGS": {"ALLOWED_DYNAMIC_IMPORT_PATHS": "myapp.settings.TOPIC", "MAX_BROKER_TIMEOUT": "5"},
        "clusters": {
            "a:1": {"rest_url": "http://localhost:8082", "api": "v4"},
            "b:1": {"api": "v2"},
            "c:1": {"rest_url": "http://localhost:8082", "auth": {"basic": {"username": "u", "password": "p"}}}
        },
        "values": {"a.b": {"evn": "X"}},
        "limits": {"workers": 0},
        "tiggers": []
    }"#;
    let (_directory, found) = problems("config.json", text.as_bytes(), None);
    let found = found.iter().filter(|one| !one.is_note());
    let places: Vec<_> = found
        .map(|one| format!("{} {}", one.code(), one.path()))
        .collect();
    let places = places.join("\n");
    insta::assert_snapshot!(places);
}

#[test]
fn keys_are_known_and_of_their_type() {
    let shown = table(
        "config.json",
        &[
            ("misspelt", "{\n  \"triggers\": [],\n  \"cluster\": {}\n}"),
            ("of no meaning", r#"{"triggers": [], "x": {}}"#),
            (
                "given twice",
                r#"{"triggers": [], "limits": {}, "limits": {}}"#,
            ),
            ("null is nothing", r#"{"triggers": null}"#),
            ("clusters", r#"{"triggers": [], "clusters": ["a:1"]}"#),
            (
                "a cluster",
                r#"{"triggers": [], "clusters": {"a:1": "http://localhost"}}"#,
            ),
            ("values", r#"{"triggers": [], "values": "hidden-secret"}"#),
            (
                "text_encoding",
                r#"{"triggers": [], "text_encoding": "JSON"}"#,
            ),
            (
                "outbox",
                r#"{"triggers": [], "outbox": {"records": 1, "bytes": 0}}"#,
            ),
            (
                "limits",
                r#"{"triggers": [], "limits": {"worker": 1, "event_bytes": -1, "memory_bytes": 1.5,
  "records_per_call": 4294967296, "call_deadline_ms": 0, "load_deadline_ms": "1s", "workers": 1e400}}"#,
            ),
        ],
    );
    insta::assert_snapshot!(shown);
}

#[test]
fn a_value_says_where_it_comes_from() {
    let shown = table(
        "config.json",
        &[
            (
                "misspelt",
                r#"{"triggers": [], "values": {"a.b": {"evn": "SET"}}}"#,
            ),
            (
                "both",
                r#"{"triggers": [], "values": {"a.b": {"env": "SET", "file": "latin.txt"}}}"#,
            ),
            (
                "of the wrong type",
                r#"{"triggers": [], "values": {"a.b": {"env": 1}}}"#,
            ),
        ],
    );
    insta::assert_snapshot!(shown);
}

#[test]
fn headers_and_http_proxies_are_read() {
    let text = cluster(
        r#""headers": {"X-Tenant": "shop", "X-Api-Key": {"env": "SET"}},
   "proxy": {"url": "http://proxy:3128", "basic": {"username": "ann", "password": {"env": "SET"}}},
   "auth_retry_secs": 0, "connection_max_age_secs": 30"#,
    );
    let directory = directory();
    let file = directory.path().join("config.json");
    std::fs::write(&file, text).unwrap();
    let around = Set(&format!("{SECRET}\r\n"));
    let (config, _) = Configuration::examine(&file, None, &around).unwrap();
    let cluster = &config.clusters()[0];
    let headers = cluster.headers.iter();
    let headers: Vec<_> = headers
        .map(|(name, value)| (name.as_str(), value.expose()))
        .collect();
    assert_eq!(headers, [("X-Tenant", "shop"), ("X-Api-Key", SECRET)]);
    let proxy = cluster.proxy.as_ref().unwrap();
    let (username, password) = proxy.basic.as_ref().unwrap();
    assert_eq!(proxy.url.as_str(), "http://proxy:3128/");
    assert_eq!((username.as_str(), password.expose()), ("ann", SECRET));
    assert!(cluster.auth_retry.is_zero());
    assert_eq!(cluster.connection_max_age.as_secs(), 30);
}

#[test]
fn headers_and_http_proxies_say_what_is_wrong_with_them() {
    let shown = clusters(&[
        (
            "a secret in the file",
            r#""headers": {"X-Api-Key": "hidden-secret"}"#,
        ),
        (
            "the client's own",
            r#""headers": {"content-type": "text/plain"}"#,
        ),
        (
            "an unset variable",
            r#""headers": {"X-Key": {"env": "UNSET"}}"#,
        ),
        ("of the wrong type", r#""headers": ["X-Key"]"#),
        ("no address", r#""proxy": {"basic": {}}"#),
        (
            "no password",
            r#""proxy": {"url": "http://p", "basic": {"username": "u"}}"#,
        ),
        ("credentials", r#""proxy": "http://u:hidden-secret@p:3128""#),
        ("another protocol", r#""proxy": "socks5://p:1080""#),
    ]);
    insta::assert_snapshot!(shown);
}

#[test]
fn a_cluster_has_an_address_and_knows_its_choices() {
    let url = |url: &str| {
        format!(r#"{{"triggers": [], "clusters": {{"a:1": {{"rest_url": "{url}"}}}}}}"#)
    };
    let urls = [
        "localhost",
        "localhost:8082",
        "ftp://localhost",
        "http://u:hidden-secret@localhost",
        "u:hidden-secret@localhost",
        "http//u:hidden-secret@localhost",
        "http://u:hidden-secret",
        "http://localhost:8082/?token=hidden-secret",
        "http://localhost:8082#hidden-secret",
    ];
    let texts = urls.map(|one| (one.replace("hidden-secret", "…"), url(one)));
    let mut cases: Vec<_> = texts
        .iter()
        .map(|(title, text)| (title.as_str(), text.as_str()))
        .collect();
    cases.push((
        "no address",
        r#"{"triggers": [], "clusters": {"a:1": {"api": "v2"}}}"#,
    ));
    let addresses = table("config.json", &cases);
    insta::assert_snapshot!("addresses", addresses);
    let choices = clusters(&[
        ("misspelt", r#""flavour": "karapace""#),
        ("no flavor", r#""flavor": "karapase""#),
        ("no api", r#""api": "v4""#),
        ("no format", r#""format": "avro""#),
        ("together", r#""flavor": "strimzi", "api": "v3""#),
        (
            "bounds",
            r#""max_in_flight": 0, "linger_ms": -1, "time_to_live_secs": "1m", "topic_max_record_bytes": {"t": 0}"#,
        ),
    ]);
    insta::assert_snapshot!("choices", choices);
}

#[test]
fn secrets_are_named_and_never_written() {
    let shown = clusters(&[
        ("in the file", r#""auth": {"bearer": "hidden-secret"}"#),
        (
            "in the file, basic",
            r#""auth": {"basic": {"username": "u", "password": "hidden-secret"}}"#,
        ),
        ("as a text", r#""auth": "hidden-secret""#),
        ("as a number", r#""auth": {"bearer": 1234567}"#),
        (
            "both",
            r#""auth": {"bearer": {"env": "SET"}, "basic": {"username": "u", "password": {"env": "SET"}}}"#,
        ),
        ("neither", r#""auth": {}"#),
        ("misspelt", r#""auth": {"basik": {"env": "SET"}}"#),
        ("half", r#""auth": {"basic": {"username": "u"}}"#),
        ("not set", r#""auth": {"bearer": {"env": "UNSET"}}"#),
        (
            "no such file",
            r#""auth": {"bearer": {"file": "none.txt"}}"#,
        ),
        ("not UTF-8", r#""auth": {"bearer": {"file": "latin.txt"}}"#),
        (
            "two lines",
            r#""auth": {"bearer": {"file": "two-lines.txt"}}"#,
        ),
        (
            "a colon in the name",
            r#""auth": {"basic": {"username": "u:v", "password": {"env": "SET"}}}"#,
        ),
    ]);
    insta::assert_snapshot!(shown);
}

#[test]
fn certificates_are_read() {
    let https = |tls: &str| {
        format!(
            r#"{{"triggers": [], "clusters": {{"a:1": {{"rest_url": "https://localhost", "tls": {tls}}}}}}}"#
        )
    };
    let texts = [
        ("no such file", https(r#"{"ca_file": "none.pem"}"#)),
        ("no certificate", https(r#"{"ca_file": "no.pem"}"#)),
        ("no identity", https(r#"{"identity": {"file": "no.pem"}}"#)),
        (
            "an identity in the file",
            https(r#"{"identity": "hidden-secret"}"#),
        ),
        ("misspelt", https(r#"{"ca": "no.pem"}"#)),
    ];
    let cases: Vec<_> = texts
        .iter()
        .map(|(title, text)| (*title, text.as_str()))
        .collect();
    let shown = table("config.json", &cases);
    insta::assert_snapshot!(shown);
}

#[test]
fn toml_is_marked_as_well() {
    let text = "text_encoding = \"jsn\"\ntriggers = []\n\n[clusters.\"a:1\"]\nrest_url = \"http://localhost\"\nlinger = 5\n\n[clusters.\"a:1\".auth]\nbearer = \"hidden-secret\"\n";
    let shown = table("config.toml", &[("several", text)]);
    insta::assert_snapshot!(shown);
}

#[test]
fn only_the_linger_may_be_nothing() {
    for (key, value, is_fine) in [
        ("linger_ms", "0", true),
        ("linger_ms", "-1", false),
        ("time_to_live_secs", "0", false),
    ] {
        let text = cluster(&format!("\"{key}\": {value}"));
        let (_directory, found) = problems("config.json", text.as_bytes(), None);
        let is_refused = found.iter().any(|one| one.code() == "out_of_range");
        assert_eq!(is_refused, !is_fine, "{key}: {value}");
    }
}

#[test]
fn a_service_for_others_asks_who_they_are_or_a_warning_says_so() {
    for (rest, is_warned) in [
        ("", true),
        (r#", "tls": {"cert": "no.pem", "key": "no.pem"}"#, true),
        (
            r#", "tls": {"cert": "no.pem", "key": "no.pem", "client_ca": "no.pem"}"#,
            false,
        ),
        (r#", "token": {"env": "SET"}"#, false),
    ] {
        let text = format!(r#"{{"triggers": [], "serve": {{"listen": "0.0.0.0:1"{rest}}}}}"#);
        let (_directory, found) = problems("config.json", text.as_bytes(), None);
        let codes = found.iter().map(Problem::code);
        let warned = codes.filter(|code| *code == "unprotected_service").count();
        assert_eq!(warned, usize::from(is_warned), "{rest}");
    }
}
