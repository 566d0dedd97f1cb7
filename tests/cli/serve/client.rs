//! A service under way, and a client that says exactly what is sent.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    process::Command,
};

use serde_json::{Value, json};

use crate::cli::support::{NOWHERE, PATIENCE, Place, Running, config, until};

/// A service under way.
pub(crate) struct Service {
    pub(crate) running: Running,
    pub(crate) place: Place,
    /// The line that it began with.
    pub(crate) first: Value,
    url: String,
    address: Address,
}

/// Where a service listens.
#[derive(Clone, Debug)]
pub(crate) struct Address(String);

/// What came back.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines();
        let mut named = lines.filter_map(|line| line.split_once(": "));
        let found = named.find(|(header, _)| header.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value)
    }

    /// The codes of a request that was refused as a whole.
    pub(crate) fn code(&self) -> String {
        self.json()["errors"][0]["code"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// All codes: of the request, or of its events.
    pub(crate) fn codes(&self) -> Vec<String> {
        let answer = self.json();
        let events = answer["events"].as_array().into_iter().flatten();
        let errors = std::iter::once(&answer).chain(events);
        let errors = errors.flat_map(|one| one["errors"].as_array().into_iter().flatten());
        errors
            .map(|error| error["code"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The statuses of the events.
    pub(crate) fn statuses(&self) -> Vec<String> {
        let events = self.json()["events"].as_array().unwrap().clone();
        let status = |event: &Value| event["status"].as_str().unwrap().to_owned();
        events.iter().map(status).collect()
    }
}

/// A configuration of a service on a free port.
pub(crate) fn serving(rest_url: &str) -> Value {
    let mut config = config(rest_url);
    config["serve"] = json!({"listen": "127.0.0.1:0"});
    config
}

/// A configuration whose outbox is in a file, and whose records wait there.
pub(crate) fn durable() -> Value {
    let mut config = serving(NOWHERE);
    config["clusters"]["localhost:9092"]["time_to_live_secs"] = json!(3600);
    config["outbox"] = json!({"path": "outbox.db"});
    config
}

impl Service {
    pub(crate) fn start(config: &Value) -> Self {
        Self::start_in(Place::new(config))
    }

    pub(crate) fn start_in(place: Place) -> Self {
        Self::start_by(place.command("serve"), place)
    }

    /// Started by a command of one's own.
    pub(crate) fn start_by(command: Command, place: Place) -> Self {
        let running = Running::start(command);
        let Some(line) = running.line() else {
            panic!("it does not start: {:?}", Running::end(&mut { running }));
        };
        let line: Value = serde_json::from_str(&line).unwrap();
        let url = line["listening"].as_str().unwrap();
        Self {
            first: line.clone(),
            address: Address(url.split_once("://").unwrap().1.to_owned()),
            url: url.to_owned(),
            running,
            place,
        }
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The same, started anew.
    pub(crate) fn again(self) -> Self {
        Self::start_in(self.place)
    }

    pub(crate) fn address(&self) -> Address {
        self.address.clone()
    }

    pub(crate) fn connect(&self) -> TcpStream {
        self.address.connect().unwrap()
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.request("GET", path, &[], "")
    }

    pub(crate) fn post(&self, path: &str, body: &str) -> Answer {
        self.address.post(path, body)
    }

    pub(crate) fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl AsRef<[u8]>,
    ) -> Answer {
        self.address.request(method, path, headers, body)
    }

    /// A value that `/metrics` gives, with its label as it is written there.
    pub(crate) fn sample(&self, name: &str) -> Option<String> {
        let text = self.get("/metrics").text;
        let lines = text.lines().filter_map(|line| line.rsplit_once(' '));
        let mut named =
            lines.filter(|(line, _)| line.strip_prefix("action_triggers_") == Some(name));
        named.next().map(|(_, value)| value.to_owned())
    }

    /// The same of a count.
    pub(crate) fn metric(&self, name: &str) -> Option<u64> {
        self.sample(name).map(|value| value.parse().unwrap())
    }

    /// Waits until a count has this value.
    #[track_caller]
    pub(crate) fn counts(&self, name: &str, value: u64) {
        until(|| self.metric(name) == Some(value));
    }

    /// Waits until a count has this value, or a greater one.
    #[track_caller]
    pub(crate) fn counts_up_to(&self, name: &str, value: u64) {
        until(|| self.metric(name) >= Some(value));
    }
}

impl Address {
    fn connect(&self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(&self.0)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(stream)
    }

    /// Posts JSON.
    pub(crate) fn post(&self, path: &str, body: &str) -> Answer {
        self.request("POST", path, &[("Content-Type", "application/json")], body)
    }

    pub(crate) fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl AsRef<[u8]>,
    ) -> Answer {
        // One that nobody listens to answers as one that cuts the connection does.
        let Ok(mut stream) = self.connect() else {
            return Answer::default();
        };
        send(&mut stream, (method, path), headers, body);
        read(stream)
    }
}

/// Sends a request that asks for the connection's end.
pub(crate) fn send(
    stream: &mut impl Write,
    (method, path): (&str, &str),
    headers: &[(&str, &str)],
    body: impl AsRef<[u8]>,
) {
    let body = body.as_ref();
    let mut head = format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        head.push_str(&[*name, ": ", value, "\r\n"].concat());
    }
    let mut bytes = format!("{head}\r\n").into_bytes();
    bytes.extend_from_slice(body);
    // A request that is refused early is not read to its end.
    stream.write_all(&bytes).ok();
}

/// Reads an answer to its end.
pub(crate) fn read(mut stream: impl Read) -> Answer {
    let mut bytes = Vec::new();
    // What was sent and not read resets the connection behind the answer.
    stream.read_to_end(&mut bytes).ok();
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    Answer {
        status: status.unwrap_or(0),
        head: head.to_owned(),
        text: body.to_owned(),
    }
}
