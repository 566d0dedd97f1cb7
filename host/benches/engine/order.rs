//! What `order: strict` costs against `fast`: the same records through a proxy.

use std::sync::Arc;

use action_triggers_dev_proxy::{DevProxy, Options};
use action_triggers_host::{
    Cluster, Delivery, Destination, Message, Order, OutboxLimits, Record, RecordId, RestPublisher,
};
use tokio::runtime::Runtime;

use crate::measure;

/// How many ordering keys how many records share. Under `strict` a POST has one record
/// of a key, so these come to 100 POSTs, 100, and as many as `fast` has.
const CASES: [(usize, usize); 3] = [(1, 100), (10, 1_000), (2_000, 2_000)];

/// Prints the time a record takes where all have one key, ten, or each its own.
pub(crate) fn report(tokio: &Runtime) {
    let options = Options {
        address: ([127, 0, 0, 1], 0).into(),
        ..Options::default()
    };
    let proxy = tokio.block_on(DevProxy::start(options)).unwrap();
    for (keys, records) in CASES {
        let [strict, fast] = [Order::Strict, Order::Fast].map(|order| {
            let mut cluster = Cluster::new("localhost:9092", proxy.url().parse().unwrap());
            cluster.order = order;
            Through::new(tokio, cluster, keys, records)
        });
        let times = measure::pair(1, || strict.deliver(tokio), || fast.deliver(tokio));
        let per_record = |time: std::time::Duration| time.as_secs_f64() * 1e6 / records as f64;
        println!(
            "order, {keys:>4} keys: {:>7.2} us a record strict  {:>7.2} us fast   {:.2}x",
            per_record(times.measured),
            per_record(times.baseline),
            times.ratio()
        );
    }
}

/// A delivery, and what goes through it.
struct Through {
    delivery: Delivery,
    messages: Vec<Message>,
}

impl Through {
    fn new(tokio: &Runtime, cluster: Cluster, keys: usize, records: usize) -> Self {
        let destination = Arc::new(Destination::new("kafka_1", "sales", cluster.id()));
        let message = |number: usize| {
            let id = RecordId::new(number.to_string(), "sales", 0);
            let record = Record::json(crate::publish::VALUE);
            let mut message = Message::new(id, Arc::clone(&destination), record);
            message.ordering_key = Some((number % keys).to_string().into());
            message
        };
        let publisher = Arc::new(RestPublisher::new([Arc::new(cluster)]).unwrap());
        Self {
            delivery: tokio.block_on(async { Delivery::start(publisher, OutboxLimits::default()) }),
            messages: (0..records).map(message).collect(),
        }
    }

    fn deliver(&self, tokio: &Runtime) {
        let flushed = tokio.block_on(async {
            self.delivery.accept(self.messages.clone()).await.unwrap();
            self.delivery.flush().await
        });
        assert_eq!(flushed.delivered, self.messages.len() as u64);
    }
}
