//! `cargo bench -p action-triggers-cli`: what the sandbox and the delivery
//! cost, as ratios within one run. `BENCHMARKS.md` holds what it printed.

#![expect(
    clippy::cast_precision_loss,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a benchmark stops at the first thing that is not as expected"
)]

mod binary;
mod measure;
mod order;
mod publish;
mod sandbox;

use serde_json::{Value, json};

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    sandbox::report(&runtime);
    publish::report(&runtime);
    order::report(&runtime);
    binary::report();
}

/// The seed example's trigger.
fn sale_trigger() -> Value {
    json!({
        "config_signals": [{"signal": "post_save"}],
        "content_types": [{"app_label": "myapp", "model_name": "Sale"}],
        "msg_broker_queues": [{"name": "kafka_1"}],
        "active": true,
        "payload": {
            "customer": "{{ customer.name }}",
            "product": "{{ product.name }}",
            "price": "{{ product.price }}",
            "message": "{{ customer.name }} bought {{ quantity }} of {{ product.name }}",
        },
    })
}

/// The same for another model, so that it never fires here.
fn other_trigger(number: usize) -> Value {
    let mut trigger = sale_trigger();
    trigger["content_types"][0]["model_name"] = json!(format!("model{number}"));
    trigger
}

/// A sale as JSON text.
fn sale(number: usize) -> String {
    format!(
        r#"{{"id":{number},"quantity":3,"note":null,"created":"2026-01-02T03:04:05Z","customer":{{"id":1,"name":"Alice","email":"alice@example.com"}},"product":{{"id":2,"name":"Widget","description":"A fine widget","price":"9.99"}}}}"#
    )
}

/// An event of [`sale`] as a line of NDJSON.
fn sale_event(number: usize) -> String {
    let instance = sale(number);
    format!(
        r#"{{"id":"{number}","signal":"post_save","content_type":"myapp.sale","instance":{instance}}}"#
    )
}
