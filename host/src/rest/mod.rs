//! The Kafka REST client: the only place that knows HTTP.
//!
//! [`RestPublisher`] makes one attempt per batch and reads from the answer's
//! body what became of each record. What is asked and what answers mean is the
//! protocol's: [`action_triggers_core::rest`].

mod access;
mod body;
mod client;
mod error;
mod read_back;
mod tls;

#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use action_triggers_core::delivery::Terms;
pub use action_triggers_core::rest::supports_headers;
use action_triggers_core::rest::{
    Answer, Failure, Redactor, body_size, check,
    proxy::{self, Attempt, Request, Transport},
    verdict::Finding,
};
use tokio::time::Instant;

use self::{access::Access, client::Client};
pub use self::{
    error::{AccessError, RestError},
    read_back::{ReadBackError, read_back},
};
use crate::{
    clock::Moment,
    cluster::{Cluster, ClusterId},
    publisher::{Batch, PublishFuture, Publisher, Reason},
    record::Record,
};

/// Writes batches through the REST proxies of the configured clusters.
#[derive(Debug)]
pub struct RestPublisher {
    proxies: RwLock<BTreeMap<ClusterId, Arc<Proxy>>>,
}

impl RestPublisher {
    /// Makes a client for each cluster. Nothing is sent yet.
    ///
    /// # Errors
    ///
    /// The first cluster that cannot be reached as it is configured.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// use action_triggers_host::{Cluster, RestPublisher};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let cluster = Cluster::new("localhost:9092", "http://localhost:8082".parse()?);
    /// let publisher = RestPublisher::new([Arc::new(cluster)])?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn new(clusters: impl IntoIterator<Item = Arc<Cluster>>) -> Result<Self, RestError> {
        let publisher = Self {
            proxies: RwLock::default(),
        };
        for cluster in clusters {
            let id = cluster.id();
            if publisher.proxy(&id).is_some() {
                return Err(RestError::DuplicateCluster {
                    cluster: id.to_string(),
                });
            }
            publisher.connect(cluster)?;
        }
        Ok(publisher)
    }

    /// Reaches a cluster in this way from now on: POSTs under way go on as they
    /// were, the next one goes through the new connection.
    ///
    /// # Errors
    ///
    /// The cluster cannot be reached as it is configured; nothing has changed.
    pub fn connect(&self, cluster: Arc<Cluster>) -> Result<(), RestError> {
        let (id, proxy) = (cluster.id(), Arc::new(open(cluster)?));
        let mut proxies = self.proxies.write().unwrap_or_else(PoisonError::into_inner);
        proxies.insert(id, proxy);
        Ok(())
    }

    /// Reaches all of these clusters as they say from now on. Those that say what they
    /// did keep their connections, and so do those that are not named.
    ///
    /// # Errors
    ///
    /// The first cluster that cannot be reached as it is configured; nothing has
    /// changed.
    pub fn connect_all(
        &self,
        clusters: impl IntoIterator<Item = Arc<Cluster>>,
    ) -> Result<(), RestError> {
        let is_new = |cluster: &Arc<Cluster>| {
            let known = self.proxy(&cluster.id());
            known.is_none_or(|proxy| proxy.cluster() != &**cluster)
        };
        let new = clusters.into_iter().filter(is_new);
        let new: Vec<_> = new
            .map(|cluster| Ok((cluster.id(), Arc::new(open(cluster)?))))
            .collect::<Result<_, RestError>>()?;
        let mut proxies = self.proxies.write().unwrap_or_else(PoisonError::into_inner);
        proxies.extend(new);
        Ok(())
    }

    /// Reaches a cluster no more: its records fail with `unknown_cluster`.
    pub fn disconnect(&self, cluster: &ClusterId) {
        let mut proxies = self.proxies.write().unwrap_or_else(PoisonError::into_inner);
        proxies.remove(cluster);
    }

    fn proxy(&self, cluster: &ClusterId) -> Option<Arc<Proxy>> {
        let proxies = self.proxies.read().unwrap_or_else(PoisonError::into_inner);
        proxies.get(cluster).cloned()
    }
}

impl Publisher for RestPublisher {
    fn publish<'a>(&'a self, batch: &'a Batch) -> PublishFuture<'a> {
        Box::pin(async move {
            if let Some(proxy) = self.proxy(&batch.cluster) {
                let attempt = Attempt {
                    topic: &batch.topic,
                    records: &batch.records,
                    timeout: batch.timeout,
                };
                return proxy.publish(attempt).await;
            }
            let message = format!("no REST proxy is configured for `{}`", batch.cluster);
            let unknown = Finding::Permanent("unknown_cluster").verdict(message, None, 1);
            vec![unknown; batch.records.len()]
        })
    }

    fn check(&self, cluster: &Cluster, topic: &str, record: &Record) -> Result<(), Reason> {
        check::check(cluster, topic, record)
    }

    fn terms(&self, cluster: &ClusterId, topic: &str) -> Terms {
        let proxy = self.proxy(cluster);
        proxy.map_or_else(Terms::default, |proxy| proxy.cluster().terms(topic))
    }

    fn size(&self, cluster: &ClusterId, record: &Record) -> usize {
        let proxy = self.proxy(cluster);
        proxy.map_or_else(|| record.size(), |proxy| body_size(record, proxy.cluster()))
    }

    fn has_headers(&self, cluster: &ClusterId) -> bool {
        let proxy = self.proxy(cluster);
        proxy.is_some_and(|proxy| proxy.dialect().has_headers())
    }

    fn clusters(&self) -> usize {
        let proxies = self.proxies.read().unwrap_or_else(PoisonError::into_inner);
        proxies.len()
    }
}

/// A cluster's proxy, reached over the network.
type Proxy = proxy::Proxy<Connection>;

fn open(cluster: Arc<Cluster>) -> Result<Proxy, RestError> {
    action_triggers_core::rest::access::check(&cluster)?;
    let connection = Connection {
        client: Client::new(Arc::clone(&cluster))?,
        access: Access::new(Arc::clone(&cluster))?,
        start: Instant::now(),
    };
    let unsupported = AccessError::UnsupportedApi {
        cluster: cluster.bootstrap_servers.clone(),
    };
    Ok(Proxy::new(cluster, connection).ok_or(unsupported)?)
}

/// What an attempt needs of the network and of time.
#[derive(Debug)]
struct Connection {
    client: Client,
    access: Access,
    start: Instant,
}

impl Transport for Connection {
    fn now(&self) -> Moment {
        Moment::default().after(self.start.elapsed())
    }

    fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send {
        tokio::time::sleep(time)
    }

    fn send(&self, request: Request) -> impl Future<Output = Result<Answer, Failure>> + Send {
        self.client.send(request, &self.access)
    }

    fn redactor(&self) -> Arc<Redactor> {
        self.access.shown().redactor
    }

    fn renew(&self) -> impl Future<Output = bool> + Send {
        self.access.renew()
    }
}
