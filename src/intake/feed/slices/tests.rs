use proptest::prelude::*;

use super::*;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

#[test]
fn nothing_is_cut_into_no_slices() {
    assert_eq!(Slices::new(at(5), at(5)).next(), None);
    assert_eq!(Slices::new(at(6), at(5)).next(), None);
}

proptest! {
    #[test]
    fn slices_leave_nothing_out_come_to_an_end_and_are_short_enough_where_they_can_be(
        from in -1_000_000_i64..1_000_000,
        entries in proptest::collection::vec(0_i64..10_000_000, 0..300),
        fit in 1_usize..50,
    ) {
        let end = from + 10_000_000;
        let mut left: Vec<_> = entries.iter().map(|offset| from + offset).collect();
        let mut slices = Slices::new(at(from), at(end));
        for _ in 0..20_000 {
            let Some(Span { from, to: Some(to) }) = slices.next() else { break };
            // A product might exclude both ends.
            let within = |time: &i64| at(*time) > from && at(*time) < to;
            let count = left.iter().filter(|time| within(time)).count();
            if count > fit && !slices.is_shortest() {
                slices.shorten();
                continue;
            }
            left.retain(|time| !within(time));
            slices.take(count < fit / 4);
        }
        prop_assert_eq!(slices.next(), None, "it never ends");
        let rest = slices.rest();
        left.retain(|time| at(*time) <= rest.from);
        prop_assert!(left.is_empty(), "left out: {left:?}");
    }
}
