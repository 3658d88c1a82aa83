//! The data that usher keeps for administrators.

use std::time::Duration;

use super::load;

fn keep(text: &str) -> Option<Duration> {
    load(text).expect("right").config.console.roster.map(|roster| roster.keep)
}

#[test]
fn the_roster_is_kept_for_a_week_for_another_time_or_not_at_all() {
    let days = |days: u64| Some(Duration::from_hours(24 * days));
    assert_eq!(keep("mode: active"), days(7));
    assert_eq!(keep("console: {}"), days(7));
    assert_eq!(keep("console: { roster: {} }"), days(7));
    assert_eq!(keep("console: { roster: { keep: 30d } }"), days(30));
    assert_eq!(keep("console: { roster: \"off\" }"), None);
    for wrong in ["{ keep: 10m }", "{ keep: 401d }", "{ keep: forever }", "{ hold: 7d }", "on", "[]", "7d"] {
        assert!(load(&format!("console: {{ roster: {wrong} }}")).is_err(), "{wrong}");
    }
}
