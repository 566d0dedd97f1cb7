use std::time::Duration;

use super::support::{Bench, DELIVERED, SECOND, busy, retriable, topics};
use crate::cluster::Terms;

#[test]
fn a_pause_that_the_proxy_asks_for_holds_for_the_whole_cluster() {
    let mut bench = Bench::new(Terms::default());
    for number in 0..20 {
        bench.accept(&format!("t{number:02}"), None);
    }
    let posts = bench.posts();
    assert_eq!(posts.len(), 4);
    for post in posts {
        bench.finish(post, &busy(3 * SECOND));
    }
    assert!(bench.posts().is_empty());
    bench.pass(SECOND);
    bench.pass(SECOND);
    assert!(bench.posts().is_empty());
    bench.pass(SECOND);
    // One has to come through before the others go.
    let mut posts = bench.posts();
    assert_eq!(posts.len(), 1);
    bench.finish(posts.remove(0), &DELIVERED);
    assert_eq!(bench.posts().len(), 4);
}

#[test]
fn what_is_told_of_the_next_attempt_heeds_pauses() {
    let short = Terms {
        time_to_live: 4 * SECOND,
        ..Terms::default()
    };
    for (terms, verdict, least, most) in [
        (Terms::default(), retriable(), 0, 100),
        (Terms::default(), busy(30 * SECOND), 30_000, 30_000),
        // Longer than that no pause is granted.
        (Terms::default(), busy(3_600 * SECOND), 60_000, 60_000),
        // Half of its time is over by then.
        (short, busy(30 * SECOND), 2_000, 2_000),
    ] {
        let mut bench = Bench::new(terms);
        bench.accept("sales", None);
        bench.accept("other", None);
        let post = bench.posts().remove(0);
        let notice = bench.finish(post, &verdict).notice.unwrap();
        let wait = bench.until(notice.next_attempt).as_millis();
        assert!(least <= wait && wait <= most, "{wait}");
    }
}

#[test]
fn no_pause_is_longer_than_what_the_configuration_grants() {
    let mut bench = Bench::new(Terms::default());
    bench.accept("sales", None);
    let post = bench.posts().remove(0);
    bench.finish(post, &busy(100_000 * SECOND));
    bench.pass(59 * SECOND);
    assert!(bench.posts().is_empty());
    bench.pass(SECOND);
    assert_eq!(topics(&bench.posts()), ["sales"]);
}

#[test]
fn a_record_that_would_end_within_a_pause_is_sent_when_half_its_time_is_over() {
    let terms = Terms {
        time_to_live: 4 * SECOND,
        ..Terms::default()
    };
    let mut bench = Bench::new(terms);
    bench.accept("sales", None);
    let post = bench.posts().remove(0);
    bench.finish(post, &busy(100_000 * SECOND));
    bench.pass(SECOND);
    assert!(bench.posts().is_empty());
    bench.accept("other", None);
    bench.pass(SECOND);
    let mut posts = bench.posts();
    assert_eq!(topics(&posts), ["sales"], "one at a time");
    bench.finish(posts.remove(0), &DELIVERED);
    assert_eq!(topics(&bench.posts()), ["other"], "the pause is over");
}

#[test]
fn records_end_when_their_time_is_over_though_the_cluster_pauses() {
    let mut bench = Bench::new(Terms::default());
    let first = bench.accept("sales", None);
    let second = bench.accept("other", None);
    for post in bench.posts() {
        bench.finish(post, &busy(50 * SECOND));
    }
    let mut ended = Vec::new();
    for _ in 0..130 {
        ended.extend(bench.pass(SECOND).into_iter().map(|one| one.number));
        for post in bench.posts() {
            bench.finish(post, &busy(50 * SECOND));
        }
    }
    ended.sort_unstable();
    assert_eq!(ended, [first, second]);
}

#[test]
fn a_proxy_that_asks_for_no_time_is_given_some_all_the_same() {
    for asked in [0, 1] {
        let mut bench = Bench::new(Terms::default());
        for _ in 0..2_000 {
            bench.accept("sales", None);
        }
        let mut posts = 0;
        for _ in 0..3_000 {
            for post in bench.posts() {
                posts += 1;
                bench.finish(post, &busy(Duration::from_millis(asked)));
            }
            bench.pass(Duration::from_millis(1));
        }
        assert!((3..40).contains(&posts), "{posts} POSTs in 3 s");
    }
}
