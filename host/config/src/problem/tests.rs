//! Problems as they print themselves.

use std::fmt::Write as _;

use super::*;
use crate::event::{EventError, text_of};

/// What the sandbox says of the part of a line that is this text.
fn invalid(line: &str, part: &str) -> EventError {
    let start = line.find(part).unwrap();
    EventError::Invalid {
        code: "event_malformed".into(),
        message: "this is not what it should be".into(),
        span: start..start + part.len(),
        line: 1,
        column: u32::try_from(line.split_at(start).0.chars().count() + 1).unwrap(),
    }
}

#[test]
fn what_is_not_an_event_is_pointed_at_in_its_line() {
    let plain = r#"{"signal":"saved","content_type":"ä.é","instance":7}"#;
    let long = format!(r#"{{"time":"{}", x}}"#, "é".repeat(300));
    let secret = r#"{"signal":"post_save","password":"hidden"}"#;
    let escapes = "{\"signal\": \"\x1b[2J\"}";
    let blank = " ".repeat(2000);
    let mut shown = String::new();
    let cases: &[(&[u8], EventError)] = &[
        (plain.as_bytes(), invalid(plain, "saved")),
        (plain.as_bytes(), invalid(plain, "7")),
        (long.as_bytes(), invalid(&long, "x")),
        (secret.as_bytes(), invalid(secret, "hidden")),
        (escapes.as_bytes(), invalid(escapes, "\x1b[2J")),
        (
            b"{\"signal\": \"\xff\"}",
            text_of(b"{\"signal\": \"\xff\"}", 99).unwrap_err(),
        ),
        (
            blank.as_bytes(),
            text_of(blank.as_bytes(), 1999).unwrap_err(),
        ),
    ];
    for (number, (line, error)) in (7..).zip(cases) {
        let error = error.clone().on_line(number);
        let problem = Problem::of_event(&error, "events.ndjson", number, line);
        writeln!(shown, "{problem:#}\n").unwrap();
    }
    assert!(
        !shown.contains("hidden") && !shown.contains('\x1b'),
        "{shown}"
    );
    insta::assert_snapshot!(shown);
}
