//! Problems as they print themselves.

use std::fmt::Write as _;

use super::*;
use crate::event::Event;

fn with(members: &str) -> String {
    format!(r#"{{"signal":"post_save","content_type":"shop.sale","instance":{{"id":1}}{members}}}"#)
}

#[test]
fn what_is_no_event_says_why_and_where() {
    let long = with(&format!(r#","time":"{}""#, "é".repeat(300))).replace('}', "]");
    let (befor, before, id) = (
        with(r#","befor":{}"#),
        with(r#","before":[]"#),
        with(r#","id":1.5"#),
    );
    let blank = " ".repeat(2000);
    let lines: &[&[u8]] = &[
        br#"["1","post_save","a.b",{}]"#,
        b"{",
        b"{}",
        befor.as_bytes(),
        before.as_bytes(),
        id.as_bytes(),
        br#"{"signal":"saved","content_type":"a.b","instance":{}}"#,
        br#"{"signal":"post_save","content_type":7,"instance":{}}"#,
        br#"{"signal":"post_save","content_type":"a","instance":{}}"#,
        br#"{"signal":"post_save","content_type":"a.b","instance":7}"#,
        "{\"signal\":\"post_save\", \"content_type\":\"ä.é\", é}".as_bytes(),
        b"{\"signal\": \"\xff\"}",
        br#"{"signal":"post_save","password":"hidden"}"#,
        b"{\"signal\": \"\x1b[2J\"}",
        long.as_bytes(),
        blank.as_bytes(),
    ];
    let mut shown = String::new();
    for (number, line) in (7..).zip(lines) {
        let error = Event::from_bytes(line, 1999, String::new).unwrap_err();
        let problem = Problem::of_event(&error, "events.ndjson", number, line);
        writeln!(shown, "{problem:#}\n").unwrap();
    }
    assert!(
        !shown.contains("hidden") && !shown.contains('\x1b'),
        "{shown}"
    );
    insta::assert_snapshot!(shown);
}
