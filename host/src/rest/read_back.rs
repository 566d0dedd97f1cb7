//! Reads one record back, as the simple consumer of the REST proxy API v1 did.
//! Of today's proxies only the embedded one answers that: for demos and tests.

use std::{sync::Arc, time::Duration};

use action_triggers_core::rest::proxy::{Request, resource};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;

use super::{RestError, access::Access, client::Client};
use crate::cluster::Cluster;

/// Most bytes of the answer.
const ANSWER_BYTES: usize = 64 * 1024;
const TIMEOUT: Duration = Duration::from_secs(10);

/// Why a record could not be read back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadBackError {
    /// There is no client for the cluster.
    #[error(transparent)]
    Rest(#[from] RestError),
    /// The proxy does not answer with the record.
    #[error("the proxy does not give `{topic}` {partition}:{offset} back: {problem}")]
    Failed {
        /// The topic that was asked for.
        topic: String,
        /// The partition.
        partition: u32,
        /// The offset in it.
        offset: u64,
        /// What it answers instead.
        problem: String,
    },
}

#[derive(Deserialize)]
struct Message {
    value: Option<String>,
}

/// The value of the record at this place; none of a tombstone.
///
/// # Errors
///
/// There is no such record, or the proxy cannot be asked for it.
pub async fn read_back(
    cluster: &Cluster,
    topic: &str,
    partition: u32,
    offset: u64,
) -> Result<Option<Vec<u8>>, ReadBackError> {
    let cluster = Arc::new(cluster.clone());
    let access = Access::new(Arc::clone(&cluster))?;
    let client = Client::new(Arc::clone(&cluster))?;
    let failed = |problem: String| ReadBackError::Failed {
        topic: topic.to_owned(),
        partition,
        offset,
        problem,
    };
    let number = partition.to_string();
    let segments = ["topics", topic, "partitions", &number, "messages"];
    let mut url = resource(&cluster, &segments);
    url.set_query(Some(&format!("offset={offset}&count=1")));
    let request = Request::get(url, "application/json", (TIMEOUT, ANSWER_BYTES));
    let answer = client.send(request, &access).await;
    let answer = answer.map_err(|failure| failed(failure.to_string()))?;
    if answer.status != 200 {
        return Err(failed(format!("status {}", answer.status)));
    }
    let messages: Vec<Message> =
        serde_json::from_slice(&answer.body).map_err(|error| failed(error.to_string()))?;
    let message = messages.into_iter().next();
    let message = message.ok_or_else(|| failed("there is no such record".to_owned()))?;
    let decode = |text: String| STANDARD.decode(text);
    let value = message.value.map(decode).transpose();
    value.map_err(|error| failed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use action_triggers_dev_proxy::{DevProxy, Options};

    #[tokio::test]
    async fn what_is_not_there_is_named() {
        let address = ([127, 0, 0, 1], 0).into();
        let topics = vec!["a/b".to_owned()];
        let options = Options {
            address,
            topics,
            ..Options::default()
        };
        let proxy = DevProxy::start(options).await.unwrap();
        let cluster = Cluster::new("a:1", proxy.url().parse().unwrap());
        let read = async |topic| {
            read_back(&cluster, topic, 0, 3)
                .await
                .unwrap_err()
                .to_string()
        };
        let start = "the proxy does not give";
        assert_eq!(
            read("none").await,
            format!("{start} `none` 0:3 back: status 404")
        );
        let empty = format!("{start} `a/b` 0:3 back: there is no such record");
        assert_eq!(read("a/b").await, empty);
    }
}
