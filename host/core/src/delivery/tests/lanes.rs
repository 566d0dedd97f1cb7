use std::time::Duration;

use super::support::{
    Bench, DELIVERED, SECOND, cluster, refused, retriable, too_large, topics, unknown,
};
use crate::{cluster::Terms, delivery::Post};

#[test]
fn topics_that_were_never_tried_are_not_taken_for_slow_ones() {
    let mut bench = Bench::new(Terms::default());
    for topic in ["bad1", "bad2", "bad3", "good"] {
        bench.accept(topic, None);
    }
    assert_eq!(topics(&bench.posts()), ["bad1", "bad2", "bad3", "good"]);
}

#[test]
fn posts_that_take_long_give_their_place_to_others_but_not_without_bound() {
    let mut bench = Bench::new(Terms::default());
    let names: Vec<_> = (0..20).map(|number| format!("bad{number:02}")).collect();
    for name in &names {
        bench.accept(name, None);
    }
    assert_eq!(bench.posts().len(), 4, "as many as are allowed at once");
    bench.pass(Duration::from_millis(499));
    assert_eq!(bench.posts().len(), 0);
    assert_eq!(bench.next_wake(), Some(Duration::from_millis(1)));
    bench.pass(Duration::from_millis(1));
    assert_eq!(bench.posts().len(), 3, "one less than that may be slow");
    bench.pass(30 * SECOND);
    assert_eq!(bench.posts().len(), 0);
}

#[test]
fn a_topic_takes_the_last_post_of_its_cluster_only_while_no_other_has_records() {
    let terms = Terms {
        max_batch_records: 1,
        ..Terms::default()
    };
    let mut bench = Bench::new(terms);
    let deliver = |bench: &mut Bench| {
        for post in bench.posts() {
            bench.finish(post, &DELIVERED);
        }
    };
    bench.accept("sales", None);
    deliver(&mut bench);
    for _ in 0..9 {
        bench.accept("sales", None);
    }
    let mut posts = bench.posts();
    assert_eq!(topics(&posts), ["sales"; 4]);
    bench.accept("other", None);
    bench.finish(posts.remove(0), &DELIVERED);
    assert_eq!(topics(&bench.posts()), ["other"]);
}

#[test]
fn a_batch_that_was_too_large_bounds_those_after_it() {
    let mut bench = Bench::new(Terms::default());
    for _ in 0..8 {
        bench.accept("sales", None);
    }
    let refused = bench.posts().remove(0);
    assert_eq!(refused.len(), 8);
    bench.finish(refused, &too_large());
    for _ in 0..2 {
        let half = bench.posts().remove(0);
        assert_eq!(half.len(), 4);
        bench.finish(half, &DELIVERED);
    }
    for _ in 0..8 {
        bench.accept("sales", None);
    }
    let sizes: Vec<_> = bench.posts().iter().map(Post::len).collect();
    assert_eq!(sizes, [4, 4]);
}

#[test]
fn a_record_that_is_refused_after_an_unknown_outcome_says_that_it_may_be_written() {
    let mut bench = Bench::new(Terms::default());
    bench.accept("sales", None);
    let first = bench.posts().remove(0);
    bench.finish(first, &unknown());
    bench.pass(10 * SECOND);
    let second = bench.posts().remove(0);
    let ended = bench.finish(second, &too_large()).settled;
    let error = ended[0].result.as_ref().unwrap_err();
    let expected = "not now; an attempt before may have written the record";
    assert_eq!(
        (error.code, error.message.as_str()),
        ("too_large", expected)
    );
}

#[test]
fn a_cluster_that_allows_one_post_gets_one() {
    let terms = Terms {
        max_in_flight: 1,
        ..Terms::default()
    };
    let mut bench = Bench::new(terms);
    bench.accept("a", None);
    bench.accept("b", None);
    let posts = bench.posts();
    assert_eq!(topics(&posts), ["a"]);
    bench.pass(60 * SECOND);
    assert_eq!(bench.posts().len(), 0);
    for post in posts {
        bench.finish(post, &DELIVERED);
    }
    assert_eq!(topics(&bench.posts()), ["b"]);
}

#[test]
fn a_queues_own_short_timeout_says_nothing_of_others() {
    let hasty = Some(Duration::from_millis(1));
    let mut bench = Bench::new(Terms::default());
    bench.accept("sales", None);
    let first = bench.posts().remove(0);
    bench.finish(first, &DELIVERED);
    for _ in 0..5 {
        bench.accept_with("sales", None, hasty);
        for post in bench.posts() {
            assert_eq!(post.timeout, hasty);
            bench.finish(post, &unknown());
        }
        // Others of the topic are neither paused nor sent one by one.
        bench.accept("sales", None);
        bench.accept("sales", None);
        let posts = bench.posts();
        let own = posts.into_iter().filter(|post| post.timeout.is_none());
        let own: Vec<_> = own.collect();
        assert_eq!(own.iter().map(super::super::Post::len).sum::<usize>(), 2);
        for post in own {
            bench.finish(post, &DELIVERED);
        }
        bench.pass(Duration::from_millis(50));
    }
}

#[test]
fn the_first_failure_after_all_went_well_is_told_once() {
    let mut bench = Bench::new(Terms::default());
    bench.accept("sales", None);
    let mut told = 0;
    for _ in 0..5 {
        for post in bench.posts() {
            let finished = bench.finish(post, &retriable());
            told += usize::from(finished.notice.is_some());
        }
        let wait = bench.next_wake().unwrap();
        bench.pass(wait);
    }
    assert_eq!(told, 1);
    bench.pass(20 * SECOND);
    for post in bench.posts() {
        bench.finish(post, &DELIVERED);
    }
    bench.accept("sales", None);
    let post = bench.posts().remove(0);
    assert!(bench.finish(post, &retriable()).notice.is_some());
}

#[test]
fn a_record_that_may_have_been_written_says_so_at_its_end() {
    for (verdict, code) in [
        (retriable(), "time_to_live_exceeded"),
        (unknown(), "outcome_unknown"),
    ] {
        let mut bench = Bench::new(Terms::default());
        let number = bench.accept("sales", None);
        let post = bench.posts().remove(0);
        assert!(bench.finish(post, &verdict).settled.is_empty());
        bench.pass(20 * SECOND);
        let ended = bench.pass(200 * SECOND).remove(0);
        assert_eq!((ended.number, ended.attempts), (number, 1));
        let error = ended.result.unwrap_err();
        assert_eq!(error.code(), code);
        let is_said = error.message.contains("may have been written");
        assert_eq!(is_said, code == "outcome_unknown", "{error}");
    }
}

#[test]
fn a_key_goes_on_after_a_record_that_was_given_up_once_its_end_is_kept() {
    let mut bench = Bench::new(Terms::default());
    let given_up = bench.accept("sales", Some("a"));
    bench.accept("sales", Some("a"));
    bench.accept("sales", Some("b"));
    let first = bench.posts().remove(0);
    assert_eq!(first.numbers().collect::<Vec<_>>(), [given_up, 3]);
    bench.finish(first, &refused());
    assert!(bench.posts().is_empty(), "the store does not have it yet");
    assert_eq!(bench.next_wake(), None);
    let later = bench.accept("sales", Some("a"));
    bench.machine.free(&cluster(), "sales", 3);
    assert!(bench.posts().is_empty(), "that was another key's");
    bench.machine.free(&cluster(), "sales", given_up);
    let next: Vec<_> = bench.posts().iter().flat_map(Post::numbers).collect();
    assert_eq!(next, [2]);
    assert_eq!(later, 4, "which waits for its turn");
}

#[test]
fn records_of_a_key_that_expire_wait_for_no_store() {
    let mut bench = Bench::new(Terms::default());
    for _ in 0..3 {
        bench.accept("sales", Some("a"));
    }
    let post = bench.posts().remove(0);
    bench.finish(post, &retriable());
    let expired = bench.pass(bench.terms.time_to_live);
    let numbers: Vec<_> = expired.iter().map(|one| one.number).collect();
    assert_eq!(numbers, [1, 2, 3], "all at once");
    let last = bench.accept("sales", Some("a"));
    for number in 1..=2 {
        bench.machine.free(&cluster(), "sales", number);
        assert!(bench.posts().is_empty(), "one end is not kept yet");
    }
    bench.machine.free(&cluster(), "sales", 3);
    let next: Vec<_> = bench.posts().iter().flat_map(Post::numbers).collect();
    assert_eq!(next, [last]);
}
