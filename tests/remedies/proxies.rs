//! A proxy that answers as a test says.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use crate::request;

/// A request, as far as answers depend on it.
pub(super) struct Request {
    /// The request line and the headers.
    pub(super) head: String,
    pub(super) body: String,
    /// How many POSTs came before it.
    pub(super) posts_before: usize,
}

/// What a request comes to.
pub(super) enum Answer {
    /// Status, further headers and body.
    Says(u16, &'static str, String),
    /// The connection ends.
    HangsUp,
}

/// A running proxy. Dropping it stops it.
pub(super) struct Proxy {
    pub(super) url: String,
    task: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Proxy {
    pub(super) async fn start(answer: fn(&Request) -> Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let posts = Arc::new(Mutex::new(0));
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(stream, Arc::clone(&posts), answer));
            }
        });
        Self { url, task }
    }
}

/// Serves one connection until either side has enough.
async fn serve(stream: TcpStream, posts: Arc<Mutex<usize>>, answer: fn(&Request) -> Answer) {
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream, &posts).await {
        let Answer::Says(status, headers, body) = answer(&request) else {
            return;
        };
        let length = body.len();
        let text = format!(
            "HTTP/1.1 {status} X\r\nContent-Type: application/vnd.kafka.v2+json\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
        );
        if stream.write_all(text.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut BufReader<TcpStream>, posts: &Mutex<usize>) -> Option<Request> {
    let request = request::read(stream).await.ok()?;
    let mut posts = posts.lock().unwrap();
    let posts_before = *posts;
    *posts += usize::from(request.head.starts_with("post "));
    Some(Request {
        head: request.head,
        body: String::from_utf8(request.body).unwrap(),
        posts_before,
    })
}
