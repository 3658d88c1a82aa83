//! Times as products and listeners write them. They are read in one place, and only plausible ones are used.

use chrono::DateTime;
use serde::{Deserialize, Deserializer, Serialize, de::IgnoredAny};
use utoipa::ToSchema;

use super::Timestamp;

/// 2000-01-01: no product that usher knows is older.
const EARLIEST: Timestamp = Timestamp::from_millis(946_684_800_000);
/// 2100-01-01: times of products are read without a clock up to then.
const LATEST: Timestamp = Timestamp::from_millis(4_102_444_800_000);
/// A time that is further ahead than this is not used.
const AHEAD_MILLIS: i64 = 24 * 3_600_000;

/// A time as a product or a listener wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WrittenTime {
    /// A whole number since 1970. Its unit has to be found out.
    Number(i64),
    /// Text: a number, or a date and time with an offset.
    Text(String),
    /// A time with a known unit.
    At(Timestamp),
}

/// An irregularity of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OddTime {
    /// The time is in seconds, and was read as such.
    Seconds,
    /// The time is in microseconds, and was read as such.
    Microseconds,
    /// The time is in nanoseconds, and was read as such.
    Nanoseconds,
    /// The time is before 2000.
    BeforeTwoThousand,
    /// The time is more than a day ahead.
    Ahead,
    /// The text is not a time.
    Unreadable,
}

impl OddTime {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Seconds, Self::Microseconds, Self::Nanoseconds, Self::BeforeTwoThousand, Self::Ahead, Self::Unreadable];

    /// A text for people: the irregularity, and how the time was used.
    pub const fn says(self) -> &'static str {
        match self {
            Self::Seconds => "a time is in seconds instead of milliseconds; it is read as seconds",
            Self::Microseconds => "a time is in microseconds instead of milliseconds; it is read as microseconds",
            Self::Nanoseconds => "a time is in nanoseconds instead of milliseconds; it is read as nanoseconds",
            Self::BeforeTwoThousand => {
                "a time lies before the year 2000; it is not used, an event counts as of when usher accepted it"
            }
            Self::Ahead => {
                "a time lies more than a day ahead; it is not used, an event counts as of when usher accepted it"
            }
            Self::Unreadable => "a time can't be read; it is not used, an event counts as of when usher accepted it",
        }
    }
}

/// The result of reading a [`WrittenTime`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReadTime {
    /// The time, if it is plausible.
    pub at: Option<Timestamp>,
    /// Its irregularity, if there is one.
    pub odd: Option<OddTime>,
}

impl ReadTime {
    const fn odd(odd: OddTime) -> Self {
        Self { at: None, odd: Some(odd) }
    }

    /// The later of two times, with the irregularity of either.
    #[must_use]
    pub fn later(self, other: Self) -> Self {
        Self { at: self.at.max(other.at), odd: self.odd.or(other.odd) }
    }

    fn judged(at: Timestamp, now: Timestamp) -> Self {
        match at {
            at if at.is_plausible(now) => Self { at: Some(at), odd: None },
            at if at < EARLIEST => Self::odd(OddTime::BeforeTwoThousand),
            _ => Self::odd(OddTime::Ahead),
        }
    }
}

impl Timestamp {
    /// Whether it is plausible for an event that is reported at `now`: not before 2000, and not more than a day ahead.
    pub fn is_plausible(self, now: Self) -> bool {
        self >= EARLIEST && self.as_millis() <= now.as_millis().saturating_add(AHEAD_MILLIS)
    }
}

impl WrittenTime {
    /// The time, if it is plausible at `now`. A number has the unit that makes it plausible; only one unit can.
    pub fn read(&self, now: Timestamp) -> ReadTime {
        match self {
            Self::At(at) => ReadTime::judged(*at, now),
            Self::Number(number) => read_number(*number, 0, now),
            Self::Text(text) => read_text(text.trim(), now),
        }
    }

    /// The time of a fact about a user, read without a clock. The caller limits it by the present time. Zero and less
    /// mean "never".
    pub fn read_fact(&self) -> ReadTime {
        let never = match self {
            // Products write 0 or -1 for "never".
            Self::At(at) => at.as_millis() <= 0,
            Self::Number(number) => *number <= 0,
            Self::Text(text) => decimal(text.trim()).is_some_and(|(whole, _)| whole <= 0),
        };
        if never { ReadTime::default() } else { self.read(LATEST) }
    }

    /// Reads a number, a text, or an object with `epochSecond` and `nano`, as in audit files. Anything else is no time.
    ///
    /// # Errors
    /// If the input is broken; not because of its content.
    pub fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(i64),
            Fraction(f64),
            Text(String),
            Instant {
                #[serde(rename = "epochSecond")]
                second: i64,
                #[serde(default)]
                nano: i64,
            },
            Other(IgnoredAny),
        }
        Ok(match Written::deserialize(deserializer)? {
            Written::Number(number) => Some(Self::Number(number)),
            Written::Fraction(number) => Some(Self::Text(number.to_string())), // which writes no exponent
            Written::Text(text) => Some(text).filter(|text| !text.trim().is_empty()).map(Self::Text),
            Written::Instant { second, nano } => {
                let millis = second.checked_mul(1000).and_then(|millis| millis.checked_add(nano / 1_000_000));
                millis.map(|millis| Self::At(Timestamp::from_millis(millis)))
            }
            Written::Other(IgnoredAny) => None,
        })
    }
}

fn read_text(text: &str, now: Timestamp) -> ReadTime {
    if let Some((whole, thousandths)) = decimal(text) {
        return read_number(whole, thousandths, now);
    }
    // The form of RFC 3339; that of Data Center, with an offset without a colon; that of HTTP and mail.
    let at = DateTime::parse_from_rfc3339(text)
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%#z"))
        .or_else(|_| DateTime::parse_from_rfc2822(text));
    match at {
        Ok(at) => ReadTime::judged(Timestamp::from_millis(at.timestamp_millis()), now),
        Err(_) => ReadTime::odd(OddTime::Unreadable),
    }
}

/// A number with or without a fraction; three digits of the fraction count.
fn decimal(text: &str) -> Option<(i64, i64)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths: String = fraction.chars().chain("00".chars()).take(3).collect();
    Some((whole.parse().ok()?, thousandths.parse().ok()?))
}

fn read_number(whole: i64, thousandths: i64, now: Timestamp) -> ReadTime {
    let seconds = whole.checked_mul(1000).and_then(|millis| millis.checked_add(thousandths));
    let readings = [
        (None, Some(whole)),
        (Some(OddTime::Seconds), seconds),
        (Some(OddTime::Microseconds), Some(whole / 1000)),
        (Some(OddTime::Nanoseconds), Some(whole / 1_000_000)),
    ];
    let reading = readings.into_iter().find_map(|(odd, millis)| {
        let at = millis.map(Timestamp::from_millis).filter(|at| at.is_plausible(now))?;
        Some(ReadTime { at: Some(at), odd })
    });
    reading.unwrap_or_else(|| ReadTime::judged(Timestamp::from_millis(whole), now))
}

#[cfg(test)]
mod tests {
    mod forms;

    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_780_000_000_000);

    fn read(json: &str) -> ReadTime {
        let written = WrittenTime::lenient(&mut serde_json::Deserializer::from_str(json)).expect("JSON");
        written.map_or_else(ReadTime::default, |written| written.read(NOW))
    }

    #[test]
    fn a_time_is_read_in_every_form_in_which_it_can_be_meant() {
        let at = Some(Timestamp::from_millis(1_637_628_298_940));
        for plain in [
            "1637628298940",
            r#""1637628298940""#,
            r#"" 1637628298940 ""#,
            r#""2021-11-23T00:44:58.940Z""#,
            r#""2021-11-23T10:44:58.940+1000""#,
            r#""2021-11-23T10:44:58.940+10:00""#,
            r#"{"epochSecond":1637628298,"nano":940000000}"#,
        ] {
            assert_eq!(read(plain), ReadTime { at, odd: None }, "{plain}");
        }
        for (written, odd) in [
            ("1637628298.940", OddTime::Seconds),
            (r#""1637628298.940123456""#, OddTime::Seconds),
            ("1637628298940000", OddTime::Microseconds),
            ("1637628298940000000", OddTime::Nanoseconds),
            (r#""1637628298940000000""#, OddTime::Nanoseconds),
        ] {
            assert_eq!(read(written), ReadTime { at, odd: Some(odd) }, "{written}");
        }
        assert_eq!(read("1637628298").at, Some(Timestamp::from_millis(1_637_628_298_000)));
    }

    #[test]
    fn what_lies_before_2000_or_more_than_a_day_ahead_is_not_a_time() {
        for (written, odd) in [
            ("0", OddTime::BeforeTwoThousand),
            ("-1", OddTime::BeforeTwoThousand),
            ("7", OddTime::BeforeTwoThousand),
            ("20260519", OddTime::BeforeTwoThousand),
            ("-9223372036854775808", OddTime::BeforeTwoThousand),
            (r#""1970-01-01T00:00:00Z""#, OddTime::BeforeTwoThousand),
            (r#""1970-01-20T16:13:20Z""#, OddTime::BeforeTwoThousand),
            (r#""0001-01-01T00:00:00Z""#, OddTime::BeforeTwoThousand),
            (r#"{"epochSecond":0}"#, OddTime::BeforeTwoThousand),
            ("9223372036854775807", OddTime::Ahead),
            (r#""9999-12-31T23:59:59Z""#, OddTime::Ahead),
            (r#""2038-01-19T03:14:07Z""#, OddTime::Ahead),
            ("18446744073709551615", OddTime::Unreadable),
            ("1e300", OddTime::Unreadable),
            (r#""yesterday""#, OddTime::Unreadable),
            (r#""NaN""#, OddTime::Unreadable),
            (r#""2026-05-19T10:00:00""#, OddTime::Unreadable),
            (r#""+292278994-08-17T07:12:55.807Z""#, OddTime::Unreadable),
        ] {
            assert_eq!(read(written), ReadTime::odd(odd), "{written}");
        }
        let (day, bound) = (86_400_000, NOW.as_millis());
        assert_eq!(read(&(bound + day).to_string()).odd, None, "a clock may be a day ahead");
        assert_eq!(read(&(bound + day + 1).to_string()), ReadTime::odd(OddTime::Ahead));
        assert_eq!(read("946684800000").odd, None);
        assert_eq!(read("946684799999"), ReadTime::odd(OddTime::BeforeTwoThousand));
    }

    #[test]
    fn what_is_no_scalar_is_nothing() {
        for nothing in ["null", "true", "[1]", "{}", r#"{"a":1}"#, r#""""#, r#""  ""#] {
            assert_eq!(read(nothing), ReadTime::default(), "{nothing}");
        }
    }

    #[test]
    fn a_fact_of_zero_or_less_means_never() {
        for never in [WrittenTime::Number(0), WrittenTime::Number(-1), WrittenTime::Text("-1".into())] {
            assert_eq!(never.read_fact(), ReadTime::default(), "{never:?}");
        }
        assert_eq!(WrittenTime::Number(1).read_fact(), ReadTime::odd(OddTime::BeforeTwoThousand));
        let seconds = WrittenTime::Number(1_700_000_000).read_fact();
        assert_eq!(
            (seconds.at, seconds.odd),
            (Some(Timestamp::from_millis(1_700_000_000_000)), Some(OddTime::Seconds))
        );
    }

    proptest! {
        #[test]
        fn nothing_implausible_is_ever_believed_and_no_unit_is_mistaken(number in any::<i64>(), text in ".{0,30}") {
            for written in [WrittenTime::Number(number), WrittenTime::Text(text), WrittenTime::At(Timestamp::from_millis(number))] {
                let ReadTime { at, .. } = written.read(NOW);
                prop_assert!(at.is_none_or(|at| at.is_plausible(NOW)));
            }
        }

        #[test]
        fn every_time_since_2000_is_read_right_in_every_unit(millis in 946_684_800_000_i64..1_780_000_000_000) {
            let at = |written: WrittenTime| written.read(NOW).at.map(Timestamp::as_millis);
            prop_assert_eq!(at(WrittenTime::Number(millis)), Some(millis));
            prop_assert_eq!(at(WrittenTime::Number(millis * 1000)), Some(millis));
            prop_assert_eq!(at(WrittenTime::Number(millis * 1_000_000)), Some(millis));
            prop_assert_eq!(at(WrittenTime::Number(millis / 1000)), Some(millis / 1000 * 1000));
            prop_assert_eq!(at(WrittenTime::Text(format!("{}.{:03}", millis / 1000, millis % 1000))), Some(millis));
        }
    }
}
