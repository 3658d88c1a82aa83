//! Lengths of time of any form.

use proptest::{prelude::*, sample::select};

use super::super::*;

const PER: [(&str, u64); 5] = [("s", 1), ("m", 60), ("h", 3_600), ("d", 86_400), ("w", 604_800)];

proptest! {
    #[test]
    fn a_length_counts_as_many_seconds_as_it_says_up_to_a_hundred_years(
        number in prop_oneof![0_u64..200, any::<u64>()], (unit, per) in select(&PER[..]), blanks in " {0,2}",
    ) {
        let text = format!("{blanks}{number}{unit}{blanks}");
        let seconds = u128::from(number) * u128::from(per);
        let expected = (1..=u128::from(MAX_SECONDS)).contains(&seconds).then_some(seconds);
        let read = text.parse::<Age>();
        prop_assert_eq!(read.as_ref().ok().map(|age| u128::from(age.duration().as_secs())), expected, "{}", text);
        if let Ok(age) = read {
            prop_assert_eq!(age.to_string().parse::<Age>(), Ok(age), "{} is written as it is read", age);
        }
    }

    #[test]
    fn what_is_written_otherwise_is_refused(text in "[0-9.,+ -]{0,4}[a-zA-Zµ ]{0,3}[0-9]{0,1}") {
        let number = text.trim().strip_suffix(['w', 'd', 'h', 'm', 's']).unwrap_or_default();
        let number = number.strip_prefix('+').unwrap_or(number);
        let is_age = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        if !is_age {
            prop_assert!(text.parse::<Age>().is_err(), "{:?}", text);
        }
    }

    #[test]
    fn the_moment_before_is_that_long_before(days in 1_u32..36_000, now in -10_i64..4_000_000_000_000) {
        let before = Age::days(days).before(Timestamp::from_millis(now));
        prop_assert_eq!(before.until(Timestamp::from_millis(now)), Age::days(days).duration());
    }
}
