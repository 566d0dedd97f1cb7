//! The REST client and the binary against a real REST proxy in front of a real
//! Apache Kafka, and what a Kafka client reads back.
//!
//! Runs when `KAFKA_REST_URL` and `KAFKA_BOOTSTRAP` are set. `KAFKA_REST_FLAVOR`
//! (`strimzi` by default) and `KAFKA_REST_API` (`v2`) say whose proxy it is.
//! `KAFKA_CONTROL` names a program that makes a topic (`topic NAME`), reads one
//! (`read TOPIC`: a JSON object a line) and takes the broker away
//! (`broker-stop`, `broker-start`); without it, only the proxy's answers are
//! checked.

mod outage;
mod sales;

use std::{
    collections::BTreeMap,
    env,
    process::{self, Command},
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use action_triggers_host::{
    Api, Batch, Cluster, Flavor, Format, Publisher, Record, RestPublisher, Verdict,
    supports_headers,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde_json::Value;
use tokio::sync::{Mutex, MutexGuard};

/// One test at a time: one of them takes the broker away.
static ALONE: Mutex<()> = Mutex::const_new(());

struct Kafka {
    cluster: Cluster,
    /// As the configuration writes them.
    flavor: String,
    api: String,
    control: Option<String>,
    _alone: MutexGuard<'static, ()>,
}

/// A partition and an offset.
type Place = (u64, u64);

impl Kafka {
    /// None where there is no Kafka to talk to.
    async fn find() -> Option<Self> {
        let (Ok(url), Ok(bootstrap)) = (env::var("KAFKA_REST_URL"), env::var("KAFKA_BOOTSTRAP"))
        else {
            println!("skipped: KAFKA_REST_URL and KAFKA_BOOTSTRAP are not set");
            return None;
        };
        let control = env::var("KAFKA_CONTROL").ok();
        if control.is_none() {
            println!("KAFKA_CONTROL is not set: what Kafka stored is not read back");
        }
        let variable = |name, default: &str| env::var(name).unwrap_or_else(|_| default.to_owned());
        let flavor = variable("KAFKA_REST_FLAVOR", "strimzi");
        let api = variable("KAFKA_REST_API", "v2");
        let mut cluster = Cluster::new(bootstrap, url.parse().unwrap());
        cluster.flavor = match flavor.as_str() {
            "strimzi" => Flavor::Strimzi,
            "karapace" => Flavor::Karapace,
            "confluent" => Flavor::Confluent,
            other => panic!("KAFKA_REST_FLAVOR is `{other}`"),
        };
        cluster.api = if api == "v3" { Api::V3 } else { Api::V2 };
        Some(Self {
            cluster,
            flavor,
            api,
            control,
            _alone: ALONE.lock().await,
        })
    }

    /// The same, if the proxy is one of these.
    async fn find_one_of(flavors: &[Flavor]) -> Option<Self> {
        let kafka = Self::find().await?;
        let is_one = flavors.contains(&kafka.cluster.flavor);
        if !is_one {
            println!("skipped: not for {}", kafka.flavor);
        }
        is_one.then_some(kafka)
    }

    /// The name of a topic that no run before has used. Karapace leaves no
    /// topic to be made by its first record.
    fn topic(&self, name: &str) -> String {
        let now = UNIX_EPOCH.elapsed().unwrap().as_millis();
        let topic = format!("action-triggers-{name}-{now}-{}", process::id());
        if self.cluster.flavor == Flavor::Karapace {
            self.control(&["topic", &topic]);
        }
        topic
    }

    /// Publishes once, to a topic.
    async fn publish(&self, topic: &str, records: &[Record]) -> Vec<Verdict> {
        let cluster = Arc::new(self.cluster.clone());
        let publisher = RestPublisher::new([Arc::clone(&cluster)]).unwrap();
        let records = records.to_vec();
        let batch = Batch::new(cluster.id(), topic, records);
        publisher.publish(&batch).await
    }

    /// Every record of a topic; none without the program that reads.
    fn read(&self, topic: &str) -> Option<BTreeMap<Place, Value>> {
        let lines = self.control(&["read", topic])?;
        let records = lines
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        let place = |record: &Value| {
            (
                record["partition"].as_u64().unwrap(),
                record["offset"].as_u64().unwrap(),
            )
        };
        Some(records.map(|record| (place(&record), record)).collect())
    }

    fn control(&self, arguments: &[&str]) -> Option<String> {
        let output = Command::new(self.control.as_ref()?)
            .args(arguments)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        Some(String::from_utf8(output.stdout).unwrap())
    }
}

fn place(verdict: &Verdict) -> Place {
    match verdict {
        Verdict::Delivered {
            partition: Some(partition),
            offset: Some(offset),
        } => (u64::from(*partition), *offset),
        other => panic!("{other:?}"),
    }
}

/// Bytes as the reader prints them.
fn base64(bytes: Option<&Bytes>) -> Value {
    bytes.map_or(Value::Null, |bytes| STANDARD.encode(bytes).into())
}

fn text(value: &str) -> Record {
    Record::new(Bytes::copy_from_slice(value.as_bytes()))
}

#[tokio::test]
async fn records_lie_where_the_verdicts_say_byte_for_byte() {
    let Some(kafka) = Kafka::find().await else {
        return;
    };
    let topic = kafka.topic("bytes");
    let records: Vec<Record> = (0..300_u32)
        .map(|index| {
            let value: Bytes = (0..=index).map(|byte| byte.to_le_bytes()[0]).collect();
            Record::new(value).with(|record| {
                record.key = (index % 3 > 0).then(|| Bytes::from(format!("key-{}", index % 7)));
                record.partition = (index % 5 == 0).then_some(index % 2);
            })
        })
        .collect();
    let verdicts = kafka.publish(&topic, &records).await;
    let places: Vec<_> = verdicts.iter().map(place).collect();
    for (record, (partition, _)) in records.iter().zip(&places) {
        assert!(
            record
                .partition
                .is_none_or(|given| u64::from(given) == *partition)
        );
    }
    let Some(stored) = kafka.read(&topic) else {
        return;
    };
    assert_eq!(stored.len(), records.len());
    for (record, place) in records.iter().zip(&places) {
        let stored = &stored[place];
        assert_eq!(
            stored["key_base64"],
            base64(record.key.as_ref()),
            "{place:?}"
        );
        assert_eq!(
            stored["value_base64"],
            base64(record.value.as_ref()),
            "{place:?}"
        );
    }
}

#[tokio::test]
async fn headers_and_timestamps_are_stored() {
    let Some(kafka) = Kafka::find().await else {
        return;
    };
    if !supports_headers(&kafka.cluster) {
        println!("skipped: {} {} has no headers", kafka.flavor, kafka.api);
        return;
    }
    let topic = kafka.topic("headers");
    // Not so old that the topic's retention takes it away.
    let now = i64::try_from(UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap();
    let timestamp = now - 3_600_000;
    let record = text("v").with(|record| {
        record.headers = vec![
            ("id".to_owned(), Bytes::from_static(b"7/sale/0")),
            ("é".to_owned(), Bytes::from_static(b"\x00\xff")),
            ("id".to_owned(), Bytes::from_static(b"again")),
        ];
        record.timestamp_ms = Some(timestamp);
    });
    let place = place(&kafka.publish(&topic, std::slice::from_ref(&record)).await[0]);
    let Some(stored) = kafka.read(&topic) else {
        return;
    };
    let stored = &stored[&place];
    assert_eq!(stored["timestamp"], timestamp);
    let mut headers: Vec<_> = stored["headers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|header| {
            (
                header["name"].as_str().unwrap(),
                header["value_base64"].clone(),
            )
        })
        .collect();
    let mut sent: Vec<_> = record
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), base64(Some(value))))
        .collect();
    // Confluent's proxy groups them by name.
    headers.sort_by_key(|(name, _)| *name);
    sent.sort_by_key(|(name, _)| *name);
    assert_eq!(headers, sent);
}

#[tokio::test]
async fn an_oversize_record_fails_alone() {
    let Some(mut kafka) = Kafka::find_one_of(&[Flavor::Strimzi, Flavor::Confluent]).await else {
        return;
    };
    // Beyond the proxy's max.request.size, within ours.
    kafka.cluster.max_record_bytes = 2_000_000;
    let topic = kafka.topic("oversize");
    let records = [text("before"), text(&"x".repeat(1_100_000)), text("after")];
    let verdicts = kafka.publish(&topic, &records).await;
    let [before, Verdict::Permanent(reason), after] = &verdicts[..] else {
        panic!("{verdicts:?}");
    };
    assert_eq!(reason.code, "too_large");
    let Some(stored) = kafka.read(&topic) else {
        return;
    };
    assert_eq!(stored.len(), 2);
    assert_eq!(stored[&place(before)]["value"], "before");
    assert_eq!(stored[&place(after)]["value"], "after");
}

/// Takes the Strimzi bridge and Confluent's proxy 60 s.
#[tokio::test]
async fn a_partition_that_is_not_there_is_refused_and_its_neighbours_stand() {
    let Some(kafka) = Kafka::find().await else {
        return;
    };
    let topic = kafka.topic("partition");
    let to = |partition| text("v").with(|record| record.partition = Some(partition));
    let verdicts = kafka.publish(&topic, &[to(0), to(99), to(1)]).await;
    let [before, Verdict::Permanent(reason), after] = &verdicts[..] else {
        panic!("{verdicts:?}");
    };
    assert_eq!(reason.code, "unknown_partition");
    assert_eq!((place(before), place(after)), ((0, 0), (1, 0)));
    if let Some(stored) = kafka.read(&topic) {
        assert_eq!(stored.len(), 2);
    }
}

#[tokio::test]
async fn what_strimzi_cannot_write_never_reaches_it() {
    let Some(mut kafka) = Kafka::find_one_of(&[Flavor::Strimzi]).await else {
        return;
    };
    kafka.cluster.format = Format::Json;
    let topic = kafka.topic("json");
    let json = |value: &str| Record::json(value.to_owned());
    let records = [
        json("{\"a\":1}"),
        json("7"),
        Record::default(),
        text("plain"),
    ];
    let verdicts = kafka.publish(&topic, &records).await;
    let [
        object,
        Verdict::Permanent(number),
        Verdict::Permanent(tombstone),
        plain,
    ] = &verdicts[..]
    else {
        panic!("{verdicts:?}");
    };
    assert_eq!(
        (number.code, tombstone.code),
        ("json_unsupported", "tombstone_unsupported")
    );
    let Some(stored) = kafka.read(&topic) else {
        return;
    };
    assert_eq!(stored.len(), 2);
    assert_eq!(stored[&place(object)]["value"], "{\"a\":1}");
    assert_eq!(stored[&place(plain)]["value"], "\"plain\"");
}

#[tokio::test]
async fn a_refused_batch_names_no_culprit_until_it_is_sent_apart() {
    let Some(mut kafka) = Kafka::find_one_of(&[Flavor::Strimzi]).await else {
        return;
    };
    kafka.cluster.format = Format::Json;
    let topic = kafka.topic("refused");
    // JSON, but longer a number than the bridge reads.
    let value = format!("{{\"a\":0.{}}}", "1".repeat(1001));
    let bad = Record::json(value);
    let both = kafka.publish(&topic, &[text("good"), bad.clone()]).await;
    assert!(
        both.iter()
            .all(|verdict| matches!(verdict, Verdict::Alone(_))),
        "{both:?}"
    );
    let good = kafka.publish(&topic, &[text("good")]).await;
    place(&good[0]);
    let bad = kafka.publish(&topic, &[bad]).await;
    assert!(matches!(bad[0], Verdict::Permanent(_)), "{bad:?}");
}

#[tokio::test]
async fn a_broker_that_goes_away_and_comes_back_gets_the_record() {
    let Some(mut kafka) = Kafka::find().await else {
        return;
    };
    let topic = kafka.topic("away");
    place(&kafka.publish(&topic, &[text("before")]).await[0]);
    if kafka.control(&["broker-stop"]).is_none() {
        return;
    }
    kafka.cluster.request_timeout = Duration::from_secs(2);
    let away = kafka.publish(&topic, &[text("while away")]).await;
    kafka.control(&["broker-start"]);
    // Of v3 the cluster id is asked for first: then nothing was sent.
    let (Verdict::Unknown(reason) | Verdict::Retriable(reason)) = &away[0] else {
        panic!("{away:?}")
    };
    assert_eq!(reason.code, "timed_out");

    kafka.cluster.request_timeout = Duration::from_secs(70);
    let mut verdict = away[0].clone();
    for _ in 0..5 {
        let tried = kafka.publish(&topic, &[text("while away")]).await;
        verdict = tried[0].clone();
        if !matches!(verdict, Verdict::Retriable(_) | Verdict::Unknown(_)) {
            break;
        }
    }
    let stored = kafka.read(&topic).unwrap();
    assert_eq!(stored[&place(&verdict)]["value"], "while away");
    // Once, or twice where what was given up on was written after all.
    let copies = stored
        .values()
        .filter(|record| record["value"] == "while away")
        .count();
    assert!((1..=2).contains(&copies), "{copies}");
}
