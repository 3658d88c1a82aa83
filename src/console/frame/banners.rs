//! The bars across all pages: what everybody has to know before they read on.

use chrono::NaiveDate;

use super::Kind;
use crate::{
    console::Asked,
    domain::{Mode, Pausable, Timestamp},
};

/// One bar.
pub(in crate::console) struct Banner {
    pub(in crate::console) kind: Kind,
    pub(in crate::console) text: String,
}

/// The bars of now.
pub(super) fn of(asked: &Asked) -> Vec<Banner> {
    let state = asked.state();
    let mut banners = Vec::new();
    if state.readiness().components().get("log").is_some_and(|fails| *fails) {
        let text =
            "The log can't be written. Nothing new is done, and nothing can be changed here until it works again.";
        banners.push(Banner { kind: Kind::Danger, text: text.to_owned() });
    }
    if state.mode() == Mode::Observe {
        banners.push(Banner { kind: Kind::Test, text: "Observe mode: nothing is changed anywhere.".to_owned() });
    }
    for source in state.sources().iter().filter(|source| asked.principal().sees(source.id())) {
        if let Some(pause) = state.settings().pause_of(&Pausable::Source(source.id().clone())) {
            let text = format!("{} is paused by {}: usher does not call it.", source.name(), pause.by);
            banners.push(Banner { kind: Kind::Warn, text });
        }
        if let Some(days) = source.credentials_expire().and_then(|end| days_left(end, asked.now()))
            && days <= 30
        {
            let kind = if days < 7 { Kind::Danger } else { Kind::Warn };
            let text = match days {
                ..0 => format!("The credentials of {} have ended.", source.name()),
                0 => format!("The credentials of {} end today.", source.name()),
                _ => format!("The credentials of {} end in {days} days.", source.name()),
            };
            banners.push(Banner { kind, text });
        }
    }
    banners
}

/// The days from now to `end`; negative if it is over. None if the time can't be read.
pub(in crate::console) fn days_left(end: NaiveDate, now: Timestamp) -> Option<i64> {
    let today = chrono::DateTime::from_timestamp_millis(now.as_millis())?.date_naive();
    Some((end - today).num_days())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_days_to_an_end_are_counted_by_the_calendar() {
        let now: Timestamp = "2026-11-29T23:59:00Z".parse().expect("a time");
        let on = |day| NaiveDate::from_ymd_opt(2026, 11, day).expect("a day");
        assert_eq!(days_left(on(30), now), Some(1));
        assert_eq!(days_left(on(29), now), Some(0));
        assert_eq!(days_left(on(1), now), Some(-28));
    }
}
