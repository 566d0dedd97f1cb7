//! A scripted HTTP server on the loopback.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// What the server does with one request, once it has read it.
#[derive(Clone)]
pub(super) enum Script {
    /// Says this; the connection stays.
    Say(Vec<u8>),
    /// Says this, then nothing for ever.
    Stall(Vec<u8>),
    /// Says this, then ends the connection in good order.
    Close(Vec<u8>),
    /// Says this again and again, until nobody listens.
    Flood(Vec<u8>),
    /// Says this, then breaks the connection.
    Reset(Vec<u8>),
}

/// An HTTP answer of known length.
pub(super) fn http(status: u16, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {length}\r\n\r\n{body}").into_bytes()
}

pub(super) fn ok(body: &str) -> Script {
    Script::Say(http(200, "", body))
}

#[derive(Clone, Debug)]
pub(super) struct Request {
    /// Method and path.
    pub(super) line: String,
    /// Header lines, names in lower case.
    pub(super) headers: Vec<String>,
    pub(super) body: Vec<u8>,
}

impl Request {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

pub(super) struct Server {
    pub(super) url: String,
    requests: Arc<Mutex<Vec<Request>>>,
    connections: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// Answers requests by these scripts, in order.
    pub(super) async fn start(scripts: impl IntoIterator<Item = Script>) -> Self {
        Self::start_at("127.0.0.1:0", scripts).await.unwrap()
    }

    /// The same at another address, if it can be had.
    pub(super) async fn start_at(
        address: &str,
        scripts: impl IntoIterator<Item = Script>,
    ) -> Option<Self> {
        let listener = TcpListener::bind(address).await.ok()?;
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let scripts = Arc::new(Mutex::new(
            scripts.into_iter().collect::<Vec<_>>().into_iter(),
        ));
        let seen = Arc::clone(&requests);
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                counted.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(serve(stream, Arc::clone(&seen), Arc::clone(&scripts)));
            }
        });
        Some(Self {
            url,
            requests,
            connections,
            task,
        })
    }

    /// How many connections there were.
    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    pub(super) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

type Scripts = Arc<Mutex<std::vec::IntoIter<Script>>>;

async fn serve(mut stream: TcpStream, seen: Arc<Mutex<Vec<Request>>>, scripts: Scripts) {
    while let Some(request) = read_request(&mut stream).await {
        seen.lock().unwrap().push(request);
        let script = scripts.lock().unwrap().next();
        match script {
            None => return,
            Some(Script::Say(bytes)) => say(&mut stream, &bytes).await,
            Some(Script::Close(bytes)) => return say(&mut stream, &bytes).await,
            Some(Script::Flood(bytes)) => {
                while stream.write_all(&bytes).await.is_ok() {}
                return;
            }
            Some(Script::Stall(bytes)) => {
                say(&mut stream, &bytes).await;
                std::future::pending::<()>().await;
            }
            Some(Script::Reset(bytes)) => {
                say(&mut stream, &bytes).await;
                stream.set_zero_linger().unwrap();
                return;
            }
        }
    }
}

/// The client may be gone before all is said.
pub(super) async fn say(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) {
    stream.write_all(bytes).await.ok();
    stream.flush().await.ok();
}

/// The next request; none when the client ended the connection.
pub(super) async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<Request> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.trim_end().split("\r\n");
    let line = lines.next()?.trim_end_matches(" HTTP/1.1").to_owned();
    let headers = lines
        .map(|line| {
            let (name, value) = line.split_once(':').unwrap();
            format!("{}: {}", name.to_lowercase(), value.trim())
        })
        .collect();
    let mut request = Request {
        line,
        headers,
        body: Vec::new(),
    };
    let length = request
        .header("content-length")
        .unwrap_or("0")
        .parse()
        .unwrap();
    request.body.resize(length, 0);
    stream.read_exact(&mut request.body).await.ok()?;
    Some(request)
}
