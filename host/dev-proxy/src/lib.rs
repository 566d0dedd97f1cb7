//! A stand-in for a Kafka REST proxy, for demos and tests.
//!
//! It speaks the produce half of the REST proxy API v2 and v3 as Confluent's
//! answers it, keeps records in memory and forgets them when it stops. It is no
//! Kafka: nothing is replicated, compacted or expired, nobody is asked who they
//! are, and what costs a real proxy 60 s (an unknown partition) is answered at
//! once. Partitions of keyed records are those of Kafka's default partitioner;
//! records without a key stay together within a POST and go round from POST to
//! POST.
//!
//! | request | answer |
//! |---|---|
//! | `POST /topics/{t}`, `POST /topics/{t}/partitions/{p}` | v2: an entry per record |
//! | `GET /v3/clusters`, `GET /v3/clusters/{id}/topics/{t}` | v3: the one cluster, a topic |
//! | `POST /v3/clusters/{id}/topics/{t}/records` | v3: a report per record |
//! | `GET /topics`, `GET /topics/{t}`, `GET /topics/{t}/partitions` | names, counts |
//! | `GET /topics/{t}/partitions/{p}/messages?offset=&count=` | stored records; ours, as v1 had it |
//!
//! Faults can be injected with [`DevProxy::inject`].

mod answer;
mod fault;
mod log;
mod options;
mod partition;
mod read;
mod routes;
mod state;
mod time;
mod v2;
mod v3;
mod wire;

#[cfg(test)]
mod tests;

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::{net::TcpListener, task::JoinHandle};

use self::{fault::Faults, log::Log, state::State, wire::Gate};
pub use self::{
    fault::{Fault, FaultError},
    log::StoredRecord,
    options::Options,
};

/// A running proxy. Dropping it stops it and cuts its connections.
///
/// ```
/// # use action_triggers_dev_proxy::{DevProxy, Options};
/// # #[tokio::main]
/// # async fn main() -> std::io::Result<()> {
/// let address = ([127, 0, 0, 1], 0).into();
/// let proxy = DevProxy::start(Options { address, ..Options::default() }).await?;
/// assert!(proxy.url().starts_with("http://127.0.0.1:"));
/// assert!(proxy.records("sales").is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct DevProxy {
    address: SocketAddr,
    state: Arc<State>,
    server: JoinHandle<io::Result<()>>,
    stopped: Arc<AtomicBool>,
}

impl DevProxy {
    /// Listens, and serves until dropped, inside the current tokio runtime.
    ///
    /// # Errors
    ///
    /// The address cannot be listened on.
    pub async fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(options.address).await?;
        let address = listener.local_addr()?;
        let max_body_bytes = options.max_body_bytes;
        let state = Arc::new(State {
            log: Mutex::new(Log::new(options)),
            faults: Mutex::default(),
            max_body_bytes,
        });
        let stopped = Arc::new(AtomicBool::new(false));
        let gate = Gate::new(listener, Arc::clone(&stopped));
        let server = tokio::spawn(routes::serve(gate, Arc::clone(&state)));
        Ok(Self {
            address,
            state,
            server,
            stopped,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its base address, such as `http://127.0.0.1:8082`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The records of a topic, by partition and offset; none if there is no such topic.
    pub fn records(&self, topic: &str) -> Vec<StoredRecord> {
        self.state.log().records(topic)
    }

    /// Lets the next `times` POSTs meet a fault. Faults are met in the order
    /// injected, one a POST.
    pub fn inject(&self, fault: Fault, times: usize) {
        self.state.faults().add(fault, times);
    }

    /// Takes back all faults not met yet.
    pub fn clear_faults(&self) {
        *self.state.faults() = Faults::default();
    }
}

impl Drop for DevProxy {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Release);
        self.server.abort();
    }
}
