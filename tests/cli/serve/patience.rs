//! Clients that hold what others need: connections that do nothing, answers that nobody
//! takes, bodies that never end.

use std::io::{Read as _, Write as _};

use serde_json::json;

use super::client::{Service, read, serving};
use crate::cli::support::{NOWHERE, sale, until};

const HEAD: &str =
    "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";

/// A service with few connections, each for a short time.
fn few(connections: usize) -> Service {
    let mut config = serving(NOWHERE);
    config["serve"]["client_timeout_secs"] = json!(0.3);
    config["serve"]["max_connections"] = json!(connections);
    config["clusters"]["localhost:9092"]["max_record_bytes"] = json!(10_000_000);
    config["triggers"][0]["payload"] = json!("{{ id|ljust:2000000 }}");
    Service::start(&config)
}

/// Asks until there is a connection again; who was too slow to ask asks again, too.
fn served(service: &Service) {
    until(|| {
        let answer = service.get("/healthz");
        match answer.status {
            200 => return true,
            503 => assert_eq!(answer.code(), "too_many_connections"),
            status => assert_eq!(status, 0, "{answer:?}"),
        }
        false
    });
}

#[test]
fn connections_that_do_not_go_on_make_room_for_others() {
    let service = few(4);
    // Nothing, half of a head, half of a body, and one that ends in its own direction.
    let begun = [
        "",
        "POST /v1/events HT",
        &format!("{HEAD}Content-Length: 9\r\n\r\n["),
    ];
    let mut held: Vec<_> = begun
        .iter()
        .map(|text| {
            let mut stream = service.connect();
            stream.write_all(text.as_bytes()).unwrap();
            stream
        })
        .collect();
    let halved = service.connect();
    halved.shutdown(std::net::Shutdown::Write).unwrap();
    held.push(halved);
    served(&service);
    // They were closed; the one whose head was read was told why.
    let statuses: Vec<_> = held.into_iter().map(|stream| read(stream).status).collect();
    assert_eq!(statuses, [0, 0, 408, 0]);
}

#[test]
fn bodies_that_never_end_are_given_up_and_hold_up_nobody() {
    let service = few(3);
    let endless: Vec<_> = (0..2)
        .map(|_| {
            let mut stream = service.connect();
            let head = format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n");
            stream.write_all(head.as_bytes()).unwrap();
            std::thread::spawn(move || {
                // A byte at a time, so that it always goes on.
                while stream.write_all(b"1\r\n \r\n").is_ok() {}
            })
        })
        .collect();
    until(|| service.post("/v1/events", &sale("1")).status == 202);
    for client in endless {
        client.join().unwrap();
    }
    service.counts_up_to("limits_total{limit=\"body_time\"}", 2);
}

#[test]
fn an_answer_that_nobody_takes_is_given_up() {
    const EVENTS: usize = 8;
    let service = few(1);
    // Little to read, and more to write than the system keeps between the two.
    let body = format!("[{}]", vec![sale("1"); EVENTS].join(","));
    let head = HEAD.replace("/v1/events", "/v1/render");
    let text = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
    let mut slow = service.connect();
    slow.write_all(text.as_bytes()).unwrap();
    let mut first = [0; 12];
    slow.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    served(&service);
    let rest = read(slow).text.len();
    assert!(rest < EVENTS * 2_000_000, "{rest} bytes came");
}
