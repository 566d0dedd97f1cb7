//! What recorded answers of real proxies say of each record.

use super::{
    super::{
        answer::{Answer, Failure},
        dialect::Dialect::{self, ConfluentV2, ConfluentV3, Karapace, Redpanda, Strimzi},
        redact::Redactor,
        v2, v3,
    },
    record,
};
use crate::{record::Record, verdict::Verdict};

fn answer(status: u16, body: &str) -> Answer {
    Answer {
        status,
        body: body.as_bytes().to_vec(),
        ..Answer::default()
    }
}

fn redactor() -> Redactor {
    Redactor::default()
}

/// The verdicts on `records` records, in short, joined by commas; a verdict that
/// all share is named once.
fn read(dialect: Dialect, records: usize, answer: &Answer) -> String {
    let record = record("x");
    let records = vec![&record; records];
    let verdicts = match dialect {
        ConfluentV3 => v3::verdicts(&records, answer, &redactor()),
        _ => v2::verdicts(dialect, &records, answer, &redactor()),
    };
    assert_eq!(verdicts.len(), records.len());
    let mut shorts: Vec<_> = verdicts.iter().map(ToString::to_string).collect();
    shorts.dedup();
    shorts.join(", ")
}

/// Checks every row of a file in `answers/`.
fn check(dialect: Dialect, rows: &str) {
    for row in rows.lines().skip(1) {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let [case, records, status, body, expected] = cells[..] else {
            panic!("{row}");
        };
        let body = body.replace("\\r\\n", "\r\n");
        let answer = answer(status.parse().unwrap(), &body);
        let found = read(dialect, records.parse().unwrap(), &answer);
        assert_eq!(found, expected, "{dialect:?}: {case}");
    }
}

#[test]
fn confluent_v2_answers() {
    check(ConfluentV2, include_str!("answers/confluent_v2.txt"));
}

#[test]
fn confluent_v3_answers() {
    check(ConfluentV3, include_str!("answers/confluent_v3.txt"));
}

#[test]
fn karapace_answers() {
    check(Karapace, include_str!("answers/karapace.txt"));
}

#[test]
fn strimzi_answers() {
    check(Strimzi, include_str!("answers/strimzi.txt"));
}

#[test]
fn gateways_answer_in_place_of_every_proxy() {
    for dialect in [ConfluentV2, ConfluentV3, Karapace, Strimzi, Redpanda] {
        check(dialect, include_str!("answers/gateways.txt"));
    }
}

#[test]
fn redpanda_answers() {
    check(Redpanda, include_str!("answers/redpanda.txt"));
}

#[test]
fn redpanda_offsets_are_counted_within_given_partitions() {
    let to = |partition| Record {
        partition: Some(partition),
        ..record("x")
    };
    let records = [to(0), to(1), to(0), to(2)];
    let answer = answer(
        200,
        r#"{"offsets":[{"partition":1,"offset":7},{"partition":0,"offset":2}]}"#,
    );
    let records: Vec<_> = records.iter().collect();
    let verdicts = v2::verdicts(Redpanda, &records, &answer, &redactor());
    let shorts: Vec<_> = verdicts.iter().map(ToString::to_string).collect();
    assert_eq!(
        shorts,
        [
            "delivered 0@2",
            "delivered 1@7",
            "delivered 0@3",
            "unknown bad_answer"
        ]
    );
}

#[test]
fn redirects_are_tried_again_whatever_they_say() {
    for status in [301, 302, 303, 307, 308] {
        let answer = answer(status, r#"{"offsets":[{"partition":0,"offset":0}]}"#);
        assert_eq!(read(ConfluentV2, 1, &answer), "retriable redirected");
        assert_eq!(read(ConfluentV3, 1, &answer), "retriable redirected");
    }
}

#[test]
fn an_answer_that_breaks_off_tells_of_the_records_before() {
    let mut v3 = answer(
        200,
        "{\"error_code\":200,\"partition_id\":0,\"offset\":4}\r\n{\"err",
    );
    v3.failure = Some(Failure::TimedOut(std::time::Duration::from_millis(70)));
    assert_eq!(
        read(ConfluentV3, 3, &v3),
        "delivered 0@4, unknown timed_out"
    );

    let mut v2 = answer(200, r#"{"offsets":[{"partition":0,"off"#);
    v2.failure = Some(Failure::Lost("reset".to_owned()));
    assert_eq!(read(ConfluentV2, 3, &v2), "unknown connection_lost");

    let mut refused = answer(400, r#"{"error_code":4"#);
    refused.failure = Some(Failure::Lost("reset".to_owned()));
    assert_eq!(read(ConfluentV2, 2, &refused), "retriable foreign_answer");

    let mut complete = answer(200, r#"{"offsets":[{"partition":0,"offset":1}]}"#);
    complete.failure = Some(Failure::Lost("no end of chunks".to_owned()));
    assert_eq!(read(ConfluentV2, 1, &complete), "delivered 0@1");
}

#[test]
fn reasons_say_what_the_proxy_said_in_short_and_without_secrets() {
    let redactor = Redactor::new(["s3cret-token"]);
    let long = format!("line\nwith s3cret-token {}", "x".repeat(200));
    let json = |text: &str| serde_json::json!({"error_code": 500, "message": text}).to_string();
    let said: Vec<_> = [answer(500, &long), answer(500, &json(&long))]
        .iter()
        .flat_map(|answer| v2::verdicts(ConfluentV2, &[&record("x")], answer, &redactor))
        .map(|verdict| match verdict {
            Verdict::Unknown(reason) => reason.message,
            other => panic!("{other:?}"),
        })
        .collect();
    insta::assert_snapshot!(said.join("\n"), @r"
    HTTP 500 with no content type instead of a REST proxy's answer: line with *** xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
    the proxy answered HTTP 500 (error_code 500): line with *** xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
    ");
}

#[test]
fn a_proxy_that_is_another_than_configured_is_named_with_a_remedy() {
    let said = |dialect, records, status, body: &str| {
        let record = record("x");
        let records = vec![&record; records];
        let answer = answer(status, body);
        let verdicts = match dialect {
            ConfluentV3 => v3::verdicts(&records, &answer, &redactor()),
            _ => v2::verdicts(dialect, &records, &answer, &redactor()),
        };
        match &verdicts[0] {
            Verdict::Delivered { .. } => "delivered".to_owned(),
            Verdict::Retriable(reason)
            | Verdict::Permanent(reason)
            | Verdict::Alone(reason)
            | Verdict::Unknown(reason) => format!("{}: {}", verdicts[0], reason.message),
        }
    };
    let refused = |code: u32, message: &str| {
        serde_json::json!({"error_code": code, "message": message}).to_string()
    };
    let shown = [
        // v3 is asked for, and this is Karapace, or one that serves v2 only.
        said(ConfluentV3, 1, 404, "404: Not Found"),
        said(ConfluentV3, 1, 404, &refused(404, "HTTP 404 Not Found")),
        // v2 is asked for, and this serves v3 only, below a path.
        said(ConfluentV2, 1, 404, &refused(404, "HTTP 404 Not Found")),
        // Strimzi's headers, and this is Confluent or Karapace.
        said(
            Strimzi,
            1,
            422,
            &refused(422, "Unrecognized field: headers"),
        ),
        said(Strimzi, 1, 422, &refused(422, "Invalid request format")),
        // Confluent is configured, and this is Redpanda.
        said(
            ConfluentV2,
            2,
            200,
            r#"{"offsets":[{"partition":0,"offset":7}]}"#,
        ),
        said(
            ConfluentV2,
            1,
            415,
            &refused(415, "HTTP 415 Unsupported Media Type"),
        ),
    ];
    insta::assert_snapshot!(shown.join("\n"), @r"
    retriable foreign_answer: HTTP 404 with no content type instead of a REST proxy's answer: 404: Not Found; if the proxy has no v3 API (only Confluent's has), set `api` to `v2` and `flavor` to whose proxy it is
    permanent not_found: the proxy answered HTTP 404 (error_code 404): HTTP 404 Not Found; if the proxy has no v3 API (only Confluent's has), set `api` to `v2` and `flavor` to whose proxy it is
    permanent not_found: the proxy answered HTTP 404 (error_code 404): HTTP 404 Not Found; is there a path to add to `rest_url`? If the proxy has the v3 API only, set `api` to `v3`
    permanent record_refused: the proxy answered HTTP 422 (error_code 422): Unrecognized field: headers; does `flavor` say whose proxy it is?
    permanent record_refused: the proxy answered HTTP 422 (error_code 422): Invalid request format; does `flavor` say whose proxy it is?
    unknown bad_answer: the proxy answered for 1 records, 2 were sent; if it answers once a partition, as Redpanda does, set `flavor` to `redpanda`
    permanent format_refused: the proxy answered HTTP 415 (error_code 415): HTTP 415 Unsupported Media Type; does `flavor` say whose proxy it is?
    ");
}

#[test]
fn a_record_without_a_key_is_named_as_that_where_it_is_refused() {
    let no_key = "Compacted topic cannot accept message without key in topic partition t-0.";
    let refused = |code: u32, member: &str| {
        serde_json::json!({"offsets": [{"partition": 0, "error_code": code, member: no_key}]})
            .to_string()
    };
    let message = |dialect, body: &str| {
        let record = record("x");
        let verdicts = v2::verdicts(dialect, &[&record], &answer(200, body), &redactor());
        match verdicts.as_slice() {
            [Verdict::Permanent(reason)] => format!("{}: {}", reason.code, reason.message),
            other => panic!("{other:?}"),
        }
    };
    let shown = [
        message(ConfluentV2, &refused(50002, "error")),
        message(Strimzi, &refused(500, "message")),
        // Kafka's own code says no more than that the record is invalid.
        message(
            Redpanda,
            r#"{"offsets":[{"partition":0,"offset":-1,"error_code":87}]}"#,
        ),
    ];
    insta::assert_snapshot!(shown.join("\n"), @r"
    key_required: the proxy answered error_code 50002: Compacted topic cannot accept message without key in topic partition t-0.; the topic is compacted, so give the queue's `record` a `key`
    key_required: the proxy answered error_code 500: Compacted topic cannot accept message without key in topic partition t-0.; the topic is compacted, so give the queue's `record` a `key`
    record_refused: the proxy answered error_code 87; if the topic is compacted, give the queue's `record` a `key`: this record has none
    ");
}
