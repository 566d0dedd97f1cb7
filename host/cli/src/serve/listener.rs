//! Connections: how many, how long, and until when.

use std::{convert::Infallible, future::ready, io, pin::pin, sync::Arc, time::Duration};

use axum::{Router, body::Body, http::Request, response::IntoResponse as _};
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_io_timeout::TimeoutStream;

use super::{endpoints, fault::Fault, metrics::Limit, server::Server};

/// Most bytes of the head of a request, and most headers in it.
const HEAD_BYTES: usize = 64 * 1_024;
const HEADERS: usize = 100;
/// Bytes of a request that are read ahead, about.
const BUFFER: usize = 2 * HEAD_BYTES;
/// Connections beyond the most that are served, which are told so.
const TOLD: usize = 64;
/// How long to wait where no connection can be taken, for want of files.
const NO_FILES: Duration = Duration::from_millis(100);

/// Takes connections and serves them.
pub(super) struct Listener {
    socket: TcpListener,
    server: Arc<Server>,
    router: Router,
    served: Arc<Semaphore>,
    told: Arc<Semaphore>,
}

/// A connection's place among those that there may be.
enum Place {
    Served(OwnedSemaphorePermit),
    /// It is told that there are too many.
    Told(OwnedSemaphorePermit),
}

impl Listener {
    pub(super) fn new(socket: TcpListener, server: &Arc<Server>) -> Self {
        let most = server.rules().service.max_connections;
        Self {
            socket,
            server: Arc::clone(server),
            router: endpoints::router(server),
            served: Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS))),
            told: Arc::new(Semaphore::new(TOLD)),
        }
    }

    /// Serves until it is told to stop, and then until each request under way is
    /// answered. Dropping the future cuts all connections.
    pub(super) async fn serve(self, mut stopped: watch::Receiver<bool>) {
        let mut connections = JoinSet::new();
        let listener = self;
        loop {
            let stream = tokio::select! {
                accepted = listener.socket.accept() => accepted,
                // An error means that nobody can tell it to stop any more.
                _ = stopped.wait_for(|is_stopped| *is_stopped) => break,
            };
            match stream {
                Ok((stream, _)) => {
                    if let Some(connection) = listener.connection(stream, stopped.clone()) {
                        connections.spawn(connection);
                    }
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    tracing::warn!("no connection can be taken: {error}");
                    sleep(NO_FILES).await;
                }
            }
            while connections.try_join_next().is_some() {}
        }
        // Nobody can connect any more.
        drop(listener);
        while connections.join_next().await.is_some() {}
    }

    /// What serves a connection; none where there are too many even to say so.
    fn connection(
        &self,
        stream: TcpStream,
        stopped: watch::Receiver<bool>,
    ) -> Option<impl Future<Output = ()> + Send + use<>> {
        let place = if let Ok(permit) = Arc::clone(&self.served).try_acquire_owned() {
            Place::Served(permit)
        } else {
            self.server.metrics.limited(Limit::Connections);
            Place::Told(Arc::clone(&self.told).try_acquire_owned().ok()?)
        };
        let rules = self.server.rules();
        let time = rules.service.client_timeout;
        let (tls, router) = (rules.tls.clone(), self.router.clone());
        Some(async move {
            // Small answers must not wait for more.
            stream.set_nodelay(true).ok();
            let mut stream = TimeoutStream::new(stream);
            // Reading is bounded where it is known what is read.
            stream.set_write_timeout(Some(time));
            let stream = Box::pin(stream);
            match tls {
                None => serve(stream, router, (place, time), stopped).await,
                Some(tls) => match timeout(time, tls.accept(stream)).await {
                    Ok(Ok(stream)) => serve(stream, router, (place, time), stopped).await,
                    Ok(Err(error)) => tracing::debug!("a client does not speak TLS: {error}"),
                    Err(_) => tracing::debug!("a client was too slow to speak TLS"),
                },
            }
        })
    }
}

/// Serves the requests of a connection, one after the other.
async fn serve<S>(
    stream: S,
    router: Router,
    (place, time): (Place, Duration),
    mut stopped: watch::Receiver<bool>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut protocol = http1::Builder::new();
    protocol
        .timer(TokioTimer::new())
        .header_read_timeout(time)
        .max_headers(HEADERS)
        .max_header_size(HEAD_BYTES)
        .max_buf_size(BUFFER);
    let stream = TokioIo::new(stream);
    let ended = match place {
        Place::Served(_permit) => {
            let service = TowerToHyperService::new(router);
            let mut connection = pin!(protocol.serve_connection(stream, service));
            let ended = tokio::select! {
                ended = connection.as_mut() => Some(ended),
                _ = stopped.wait_for(|is_stopped| *is_stopped) => None,
            };
            if let Some(ended) = ended {
                ended
            } else {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        }
        Place::Told(_permit) => {
            let tell = |_: Request<hyper::body::Incoming>| {
                let answer = Fault::too_many_connections().into_response();
                ready(Ok::<_, Infallible>(answer.map(Body::new)))
            };
            protocol.serve_connection(stream, service_fn(tell)).await
        }
    };
    if let Err(error) = ended {
        tracing::debug!("a connection ended early: {error}");
    }
}

/// Whether it is a single connection that went wrong while it was taken.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}
