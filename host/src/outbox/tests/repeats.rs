//! What is sent again.

use super::*;

fn with(record: &StoredRecord, change: impl FnOnce(&mut StoredRecord)) -> StoredRecord {
    let mut record = record.clone();
    change(&mut record);
    record
}

/// What becomes of a record that comes after `given("a", 0, "1")`.
#[tokio::test]
async fn a_record_sent_twice_is_known_and_another_one_of_its_name_is_refused() {
    let first = given("a", 0, "1");
    let day = u64::try_from(DAY.as_millis()).unwrap();
    let after = |change: fn(&mut StoredRecord)| with(&first, change);
    let (new, duplicate, reused) = (Appended::New(2), Appended::Duplicate, Appended::Reused);
    let cases = [
        ("the same", first.clone(), duplicate),
        (
            "other headers",
            after(|r| r.record.headers.clear()),
            duplicate,
        ),
        ("another value", given("a", 0, "2"), reused),
        ("no value", after(|r| r.record.value = None), reused),
        ("no key", after(|r| r.record.key = None), reused),
        (
            "another topic",
            after(|r| r.topic = "others".to_owned()),
            reused,
        ),
        (
            "another broker",
            after(|r| r.broker = "others".to_owned()),
            duplicate,
        ),
        ("another event", given("b", 0, "1"), new),
        ("another queue", given("a", 1, "1"), new),
        (
            "another trigger",
            after(|r| r.trigger = "u".to_owned()),
            new,
        ),
        ("another tenant", after(|r| r.tenant = "u".to_owned()), new),
        ("the host's id", after(|r| r.id_is_given = false), new),
        (
            "almost a day later",
            with(&first, |r| r.accepted_ms += day - 1),
            duplicate,
        ),
        ("a day later", with(&first, |r| r.accepted_ms += day), new),
    ];
    for (what, record, expected) in cases {
        for (store, _folder) in each() {
            let first = append(&*store, vec![first.clone()]).await;
            assert_eq!(first.unwrap(), [Appended::New(1)]);
            let appended = append(&*store, vec![record.clone()]).await;
            assert_eq!(appended.unwrap(), [expected], "{what}");
        }
        for (store, _folder) in each_with(Duration::ZERO) {
            let both = append(&*store, vec![first.clone(), record.clone()]).await;
            assert_eq!(both.unwrap(), [Appended::New(1), new], "{what}");
        }
    }
}

#[tokio::test]
async fn a_record_is_known_beside_its_like_and_after_it_has_ended() {
    for (store, _folder) in each() {
        let both = vec![given("a", 0, "1"), given("a", 0, "1"), given("b", 0, "1")];
        let appended = append(&*store, both.clone()).await.unwrap();
        let expected = [Appended::New(1), Appended::Duplicate, Appended::New(2)];
        assert_eq!(appended, expected);
        let ends = vec![(1, End::Delivered), (2, dead("late"))];
        store.settle(ends).await.unwrap();
        let appended = append(&*store, both.clone()).await.unwrap();
        assert_eq!(appended, [Appended::Duplicate; 3]);
        assert_eq!(store.replay(&Filter::default(), 500_000).await, Ok(1));
        let appended = append(&*store, both).await.unwrap();
        assert_eq!(appended, [Appended::Duplicate; 3]);
    }
}

#[tokio::test]
async fn an_event_that_is_decided_again_fails_where_its_record_has_the_name_of_another() {
    for (store, _folder) in each() {
        append(&*store, vec![given("a", 0, "1")]).await.unwrap();
        keep(&*store, vec![failed("a", &["x", "y"])]).await;
        let events = store.events(&Filter::default(), 0).await.unwrap();
        let mut reused = given("a", 0, "2");
        reused.trigger = "t".to_owned();
        let redecided = Redecided {
            number: events[0].number,
            records: vec![given("a", 0, "1"), reused, given("a", 1, "1")],
            left: None,
        };
        let redeemed = store.redeem(vec![redecided], 7_000).await;
        assert_eq!(redeemed, Ok(vec![Some(true)]));
        let there = store.events(&Filter::default(), 0).await.unwrap();
        let failed = there[0].stored.event.missing.queues();
        let failed: Vec<_> = failed
            .iter()
            .map(|one| (one.queue, &*one.failure.code))
            .collect();
        assert_eq!(failed, [(0, "event_id_reused")]);
    }
}

#[tokio::test]
async fn records_of_an_event_that_is_left_out_are_not_replayed() {
    for (store, _folder) in each() {
        let numbers = numbers(&*store, ["a", "b", "c"].map(stored).into()).await;
        let ends = numbers.into_iter().map(|number| (number, dead("late")));
        store.settle(ends.collect()).await.unwrap();
        let mut filter = Filter::default();
        filter.leave_out(&failed("a", &["late"]));
        let other = StoredEvent {
            tenant: "other".to_owned(),
            ..failed("b", &["late"])
        };
        filter.leave_out(&other);
        assert_eq!(store.replay(&filter, 1).await, Ok(2));
        let left = store.list(&Filter::default()).await.unwrap();
        let left: Vec<_> = left.iter().map(|letter| &*letter.record.event).collect();
        assert_eq!(left, ["a"]);
    }
}
