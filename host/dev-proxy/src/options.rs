//! How the proxy behaves.

use std::net::{Ipv4Addr, SocketAddr};

/// How the proxy behaves.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen; port 0 picks a free one. 127.0.0.1:8082.
    pub address: SocketAddr,
    /// Partitions of each topic. 3.
    pub partitions: u32,
    /// Whether the first record makes its topic. True.
    pub auto_create_topics: bool,
    /// Topics that are there from the start.
    pub topics: Vec<String>,
    /// Most bytes of a POST. 64 MiB.
    pub max_body_bytes: usize,
    /// Most bytes of a record as Kafka's producer counts it. 1 MiB.
    pub max_record_bytes: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 8082)),
            partitions: 3,
            auto_create_topics: true,
            topics: Vec::new(),
            max_body_bytes: 64 << 20,
            max_record_bytes: 1 << 20,
        }
    }
}
