//! A proxy that does with each connection what it is told, whatever a good one would do.

use std::{sync::Arc, time::Duration};

use rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer};
use tokio::{
    io::{AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

use crate::{cli::authority::Authority, request};

/// How long a proxy that drips waits for its next bytes.
const DRIP: Duration = Duration::from_millis(50);

/// What is done with a connection, step by step; after the last step it is closed.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Reads so many bytes.
    Read(usize),
    /// Reads a request whole.
    Request,
    /// Says this.
    Say(Vec<u8>),
    /// Says this again and again, slowly.
    Drip(&'static [u8]),
    /// Says this again and again, as fast as it goes.
    Flood(Vec<u8>),
    /// Does nothing more, and keeps the connection.
    Stall,
    /// Breaks the connection.
    Reset,
}

/// A proxy that cannot be used.
#[derive(Clone, Debug)]
pub(super) enum Proxy {
    /// Nobody listens at this address.
    Nowhere(&'static str),
    /// Does these steps.
    Plain(Vec<Step>),
    /// The same, where TLS is spoken: what is read is the handshake.
    Secure(Vec<Step>),
    /// Speaks TLS, with a certificate for another name.
    Misnamed,
}

/// Who shows a certificate for another name than 127.0.0.1.
fn misnamed(authority: &Authority) -> TlsAcceptor {
    let (certificate, key) = authority.issue("proxy.example");
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

pub(super) struct Server {
    pub(super) url: String,
    task: Option<JoinHandle<()>>,
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

impl Server {
    pub(super) async fn start(proxy: &Proxy, authority: &Authority) -> Self {
        let (scheme, steps, acceptor) = match proxy {
            Proxy::Nowhere(url) => {
                return Self {
                    url: (*url).to_owned(),
                    task: None,
                };
            }
            Proxy::Plain(steps) => ("http", steps.clone(), None),
            Proxy::Secure(steps) => ("https", steps.clone(), None),
            Proxy::Misnamed => ("https", Vec::new(), Some(misnamed(authority))),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("{scheme}://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (steps, acceptor) = (steps.clone(), acceptor.clone());
                tokio::spawn(async move {
                    match acceptor {
                        // The client refuses it.
                        Some(acceptor) => drop(acceptor.accept(stream).await),
                        None => drop(meet(stream, steps).await),
                    }
                });
            }
        });
        Self {
            url,
            task: Some(task),
        }
    }
}

/// Does the steps, as far as the client stays.
async fn meet(mut stream: TcpStream, steps: Vec<Step>) -> std::io::Result<()> {
    for step in steps {
        match step {
            Step::Read(bytes) => drop(stream.read_exact(&mut vec![0; bytes]).await?),
            Step::Request => drop(request::read(&mut stream).await?),
            Step::Say(bytes) => say(&mut stream, &bytes).await?,
            Step::Drip(bytes) => loop {
                say(&mut stream, bytes).await?;
                tokio::time::sleep(DRIP).await;
            },
            Step::Flood(bytes) => loop {
                say(&mut stream, &bytes).await?;
            },
            Step::Stall => std::future::pending().await,
            Step::Reset => stream.set_zero_linger()?,
        }
    }
    Ok(())
}

async fn say(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> std::io::Result<()> {
    stream.write_all(bytes).await?;
    stream.flush().await
}
