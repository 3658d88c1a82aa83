//! Times in the forms of products, listeners and mail, with any offset; and what is none.

use chrono::{DateTime, FixedOffset, Utc};
use proptest::{prelude::*, sample::select};

use super::super::*;

const NOW: Timestamp = Timestamp::from_millis(1_780_000_000_000);

fn read(text: &str) -> Option<i64> {
    WrittenTime::Text(text.to_owned()).read(NOW).at.map(Timestamp::as_millis)
}

fn lenient(json: &str) -> Option<WrittenTime> {
    let by_text = WrittenTime::lenient(&mut serde_json::Deserializer::from_str(json)).expect("JSON");
    let value: serde_json::Value = serde_json::from_str(json).expect("JSON");
    assert_eq!(WrittenTime::lenient(&value).expect("a value"), by_text, "as text and as a value: {json}");
    by_text
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn a_date_with_an_offset_is_the_same_moment_in_every_form(
        millis in 946_684_800_000_i64..1_780_000_000_000,
        quarters in -48_i32..=56,
        blank in select(&["", " ", "\n"][..]),
    ) {
        let offset = FixedOffset::east_opt(quarters * 900).expect("an offset");
        let at = DateTime::<Utc>::from_timestamp_millis(millis).expect("a time").with_timezone(&offset);
        for form in ["%Y-%m-%dT%H:%M:%S%.3f%:z", "%Y-%m-%dT%H:%M:%S%.3f%z", "%Y-%m-%dT%H:%M:%S%.6f%:z", "%Y-%m-%dT%H:%M:%S%.9f%z"] {
            let text = format!("{blank}{}{blank}", at.format(form));
            prop_assert_eq!(read(&text), Some(millis), "{}", text);
        }
        let seconds = millis - millis % 1000;
        for form in ["%a, %d %b %Y %H:%M:%S %z", "%d %b %Y %H:%M:%S %z", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S%:z"] {
            let text = at.format(form).to_string();
            prop_assert_eq!(read(&text), Some(seconds), "{}", text);
        }
    }

    #[test]
    fn a_time_without_an_offset_is_none_whichever_way_it_is_written(millis in 946_684_800_000_i64..1_780_000_000_000) {
        let at = DateTime::<Utc>::from_timestamp_millis(millis).expect("a time");
        for form in ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%.3f", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d", "%d/%b/%y %I:%M %p", "%H:%M"] {
            let text = at.format(form).to_string();
            prop_assert_eq!(WrittenTime::Text(text.clone()).read(NOW), ReadTime::odd(OddTime::Unreadable), "{}", text);
        }
    }

    #[test]
    fn a_moment_in_seconds_and_nanoseconds_is_cut_to_the_millisecond(second in 946_684_800_i64..1_780_000_000, nano in 0_i64..1_000_000_000) {
        let written = lenient(&format!(r#"{{"epochSecond":{second},"nano":{nano}}}"#)).expect("a time");
        let expected = Timestamp::from_millis(second * 1000 + nano / 1_000_000);
        prop_assert_eq!(written.read(NOW), ReadTime { at: Some(expected), odd: None });
        prop_assert_eq!(written.read_fact().at, Some(expected));
    }

    #[test]
    fn a_number_says_the_same_as_a_number_and_as_text(number in any::<i64>()) {
        let (plain, quoted) = (lenient(&number.to_string()).expect("a time"), lenient(&format!("\"{number}\"")).expect("a time"));
        prop_assert_eq!(plain.read(NOW), quoted.read(NOW));
        prop_assert_eq!(plain.read_fact(), quoted.read_fact());
    }
}

#[test]
fn a_moment_beside_other_fields_is_read_and_half_of_one_is_not() {
    let at = Some(WrittenTime::At(Timestamp::from_millis(1_700_000_000_000)));
    for (json, expected) in [
        (r#"{"epochSecond":1700000000}"#, at.clone()),
        (r#"{"nano":0,"epochSecond":1700000000,"zone":"UTC"}"#, at),
        (r#"{"nano":5}"#, None),
        (r#"{"epochSecond":"1700000000"}"#, None),
        (r#"{"epochSecond":null,"nano":0}"#, None),
        (r#"{"epochSecond":9223372036854775807}"#, None),
        ("[1700000000,0]", None),
        ("false", None),
    ] {
        assert_eq!(lenient(json), expected, "{json}");
    }
}

#[test]
fn never_is_written_in_many_ways_and_is_no_odd_time() {
    for never in ["0", "-1", "\"0\"", "\" -1 \"", "0.0", "\"0.000\"", "-62135596800000", r#"{"epochSecond":0}"#] {
        let written = lenient(never).expect("a time");
        assert_eq!(written.read_fact(), ReadTime::default(), "{never}");
    }
    let nothing = lenient("\" \"");
    assert_eq!(nothing, None);
    let future = WrittenTime::Text("2100-01-03T00:00:00Z".to_owned()).read_fact();
    assert_eq!(future, ReadTime::odd(OddTime::Ahead), "there is no clock, and no such time");
}

#[test]
fn of_two_times_the_later_counts_and_the_oddness_of_either_is_told() {
    let time = |millis: Option<i64>, odd| ReadTime { at: millis.map(Timestamp::from_millis), odd };
    for (one, other, later) in [
        (time(Some(1), None), time(Some(2), None), time(Some(2), None)),
        (time(Some(2), Some(OddTime::Seconds)), time(Some(1), None), time(Some(2), Some(OddTime::Seconds))),
        (time(None, Some(OddTime::Ahead)), time(Some(1), None), time(Some(1), Some(OddTime::Ahead))),
        (time(None, None), time(None, None), time(None, None)),
    ] {
        assert_eq!(one.later(other), later);
        assert_eq!(other.later(one).at, later.at);
    }
}
