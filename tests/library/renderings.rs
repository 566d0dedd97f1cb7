//! Renderings come part by part where they are large.

use action_triggers_host::{EventRendering, Events, Limits};

use super::*;

/// 40 events of 500 kB each, a blank line and one that is not an event among them.
fn lines() -> String {
    let sale = |number: usize| {
        format!(
            "{{\"id\": \"{number}\", \"signal\": \"post_save\", \"content_type\": \"shop.sale\", \
             \"instance\": {{\"id\": {number}, \"quantity\": {number}}}}}\n"
        )
    };
    let sales = (0..40).map(sale).collect::<String>();
    format!("{{\n\n{sales}{{\n")
}

fn told(renderings: &[EventRendering]) -> Vec<(Option<u64>, Option<usize>)> {
    let size = |one: &EventRendering| {
        let first = one.outcome.as_ref().ok()?.first()?;
        Some(first.outcome.as_ref().ok()?.record.size())
    };
    let told = renderings.iter().map(|one| (one.line, size(one)));
    told.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_are_bounded_and_come_to_what_render_gives() {
    let kept = Kept::default();
    let set = builder(kept.publisher()).triggers(triggers("n{{ quantity|ljust:499999 }}"));
    let mut limits = Limits::default();
    limits.events_per_call = 10;
    let runtime = set.limits(limits).build().await.unwrap();
    let all = runtime.render(Events::ndjson(lines())).await;
    assert_eq!(all.len(), 42);
    assert_eq!(told(&all)[1], (Some(3), Some(500_000)));
    let mut parts = runtime.render_in_parts(Events::ndjson(lines()));
    let mut joined = Vec::new();
    let mut count = 0;
    while let Some(part) = parts.next().await {
        count += 1;
        joined.extend(part);
    }
    assert!(count > 1, "{count} parts");
    assert_eq!(told(&joined), told(&all));
    assert!(parts.next().await.is_none());
    // Who stops asking stops the worker too.
    let mut given_up = runtime.render_in_parts(Events::ndjson(lines()));
    given_up.next().await.unwrap();
    drop(given_up);
    assert_eq!(runtime.render(Events::ndjson(lines())).await.len(), 42);
}
