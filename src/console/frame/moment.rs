//! Times as people read them: absolute in the zone of the console, and how long ago.

use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::domain::Timestamp;

/// A time that is nearer is now.
const NOW: Duration = Duration::from_secs(1);

/// One time.
#[derive(Debug, Clone)]
pub(in crate::console) struct Moment {
    /// RFC 3339, for programs.
    pub(in crate::console) machine: String,
    /// In the console's zone, which is named.
    pub(in crate::console) shown: String,
    /// From now on: `5 min ago`.
    pub(in crate::console) ago: String,
    /// The difference of the zone to UTC then.
    pub(in crate::console) offset: String,
}

impl Moment {
    /// `at` as it is seen at `now`.
    pub(in crate::console) fn new(at: Timestamp, now: Timestamp, zone: Tz) -> Self {
        let machine = at.to_string();
        let local = DateTime::<Utc>::from_timestamp_millis(at.as_millis()).map(|utc| utc.with_timezone(&zone));
        let text = |format: &str| local.map_or_else(|| machine.clone(), |local| local.format(format).to_string());
        let (shown, offset) = (text("%Y-%m-%d %H:%M:%S %Z"), text("%:z"));
        // A product read for a page answers a moment after the page was asked for.
        let ago = if at > now.plus(NOW) { format!("in {}", length(now.until(at))) } else { ago(at.until(now)) };
        Self { machine, shown, ago, offset }
    }
}

fn ago(time: Duration) -> String {
    if time < NOW { "now".to_owned() } else { format!("{} ago", length(time)) }
}

/// A length of time in its largest unit, rounded down.
pub(in crate::console) fn length(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0 => format!("{} ms", time.as_millis()),
        1..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_shown_in_its_zone_with_how_long_ago_it_was() {
        let at: Timestamp = "2026-11-29T19:03:04Z".parse().expect("a time");
        let seen = |after: u64, zone: Tz| Moment::new(at, at.plus(Duration::from_secs(after)), zone);
        assert_eq!(seen(300, Tz::UTC).shown, "2026-11-29 19:03:04 UTC");
        assert_eq!(seen(300, Tz::Europe__Berlin).shown, "2026-11-29 20:03:04 CET");
        assert_eq!(seen(0, Tz::Asia__Kolkata).offset, "+05:30");
        for (after, ago) in
            [(0, "now"), (59, "59 s ago"), (60, "1 min ago"), (3_600, "1 h ago"), (172_800, "2 days ago")]
        {
            assert_eq!(seen(after, Tz::UTC).ago, ago);
        }
        let later = Moment::new(at.plus(Duration::from_secs(90)), at, Tz::UTC);
        assert_eq!(later.ago, "in 1 min");
        assert_eq!(Moment::new(at.plus(Duration::from_millis(24)), at, Tz::UTC).ago, "now");
        assert_eq!(Moment::new(Timestamp::from_millis(i64::MAX), at, Tz::UTC).shown, format!("{} ms", i64::MAX));
    }
}
