mod polls;

use super::*;

const OVERLAP: Duration = Duration::from_secs(600);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

fn place(until: i64) -> FeedPlace {
    FeedPlace::new("acme".parse().expect("an id"), at(until), at(100_000))
}

#[test]
fn what_lies_within_the_overlap_is_remembered_and_what_lies_before_is_not() {
    let mut place = place(1_000);
    for second in [350_i64, 400, 1_000] {
        place.record(Print(second.unsigned_abs()), at(second));
    }
    place.advance(at(1_000), at(2_000), OVERLAP);
    assert!(place.is_new(Print(350)) && !place.is_new(Print(400)) && !place.is_new(Print(1_000)));
    assert_eq!(place.floor(OVERLAP), at(400));
}

#[test]
fn a_time_in_the_future_does_not_hide_what_comes_after_it() {
    let mut place = place(1_000);
    place.advance(at(50_000), at(1_100), OVERLAP);
    assert_eq!(place.until, at(1_100));
    place.advance(at(900), at(1_200), OVERLAP);
    assert_eq!(place.until, at(1_100), "and it never goes back");
    assert_eq!(FeedPlace::new(place.source, at(50_000), at(7)).until, at(7));
}

#[test]
fn of_more_entries_than_fit_into_a_record_those_that_are_forgotten_are_old_from_then_on() {
    let mut place = place(1_000);
    for number in 0..12_000 {
        place.record(Print(number), at(1_000 + i64::try_from(number).expect("small") / 100));
    }
    assert!(!place.is_crowded(OVERLAP));
    place.advance(at(1_120), at(2_000), OVERLAP);
    assert_eq!(place.seen.len(), MAX_SEEN);
    assert!(!place.is_new(Print(11_999)) && place.is_new(Print(0)));
    assert_eq!(place.floor(OVERLAP), at(1_020), "what is forgotten would be new on every look");
    assert!(place.is_crowded(OVERLAP));
    place.advance(at(1_620), at(2_000), OVERLAP);
    assert_eq!((place.floor(OVERLAP), place.is_crowded(OVERLAP)), (at(1_020), true));
    place.advance(at(1_700), at(2_000), OVERLAP);
    assert_eq!((place.floor(OVERLAP), place.is_crowded(OVERLAP)), (at(1_100), false));
}

#[test]
fn many_entries_from_the_future_make_nothing_old_and_fit_into_a_record() {
    let mut place = place(1_000);
    (0..60_000).for_each(|number| place.record(Print(number), at(5_000)));
    place.advance(at(5_000), at(1_100), OVERLAP);
    assert_eq!((place.floor(OVERLAP), place.seen.len()), (at(1_100), MAX_IN_A_RECORD));
}
