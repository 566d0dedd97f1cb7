//! `cargo bench -p action-triggers-cli`: what the sandbox and the delivery
//! cost, as ratios within one run. `BENCHMARKS.md` holds what it printed. With the names
//! of some behind it, as in `-- outbox`, only those run.

#![expect(
    clippy::cast_precision_loss,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a benchmark stops at the first thing that is not as expected"
)]

mod bare;
mod binary;
mod kafka;
mod measure;
mod order;
mod outbox;
mod publish;
mod sandbox;
mod serve;

use serde_json::{Value, json};

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let names: Vec<_> = std::env::args().skip(1).collect();
    if let [first, file] = names.as_slice()
        && first == bare::SERVE
    {
        return runtime.block_on(bare::serve(file.as_ref()));
    }
    // `reqwest` here comes without one, and the client of the library brings its own.
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let names: Vec<_> = names.iter().filter(|name| !name.starts_with('-')).collect();
    let is_wanted = |name: &str| names.is_empty() || names.iter().any(|one| *one == name);
    let reports: [(&str, &dyn Fn()); 7] = [
        ("sandbox", &|| sandbox::report(&runtime)),
        ("publish", &|| publish::report(&runtime)),
        ("order", &|| order::report(&runtime)),
        ("outbox", &|| outbox::report(&runtime)),
        ("serve", &|| serve::report(&runtime)),
        ("binary", &|| binary::report()),
        ("kafka", &|| kafka::report(&runtime)),
    ];
    for (_, report) in reports.iter().filter(|(name, _)| is_wanted(name)) {
        report();
    }
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
