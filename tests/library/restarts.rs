//! An outbox in a file outlives the runtime that filled it.

use std::time::Duration;

use action_triggers_host::OutboxFile;
use tempfile::TempDir;

use super::{losses::mute, *};

#[tokio::test]
async fn what_a_runtime_leaves_in_a_file_the_next_one_can_deliver_at_once() {
    let folder = TempDir::new().unwrap();
    let file = OutboxFile::new(folder.path().join("outbox.db"));
    let start = |publisher| {
        let builder = builder(publisher).triggers(triggers("x"));
        builder.outbox(file.clone()).build()
    };
    let (publisher, mut arrived) = mute();
    let first = start(publisher).await.unwrap();
    first.process(sale("1")).await;
    arrived.recv().await.unwrap();
    assert_eq!(first.shutdown(Duration::ZERO).await, Ok(1));

    let kept = Kept::default();
    let second = start(kept.publisher()).await.unwrap();
    second.flush().await;
    assert_eq!(kept.take().len(), 1);
}
