//! The due schemes: a pure function of their schedules, their last firings, and the time.

use std::collections::BTreeMap;

use crate::domain::{
    Armed, AskedSweep, Cause, Schedule, Scheme, SourceId, SweepId, SweepRequest, SweepRun, Timestamp, Trigger,
};

/// The schedule of one scheme.
#[derive(Debug, Clone)]
pub struct SchemeSchedule {
    /// The scheme.
    pub scheme: Scheme,
    /// Its last firing, with the schedule at that time; none if it was never armed.
    pub last_fired: Option<LastFired>,
    /// Whether it does not fire: the scheme is paused or not enabled. Missed times are not caught up.
    pub suspended: bool,
}

/// The last firing of a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastFired {
    /// See [`schedule_text`].
    pub schedule: String,
    /// All times until then are dealt with.
    pub until: Timestamp,
}

/// A schedule as text: another text is another schedule.
pub fn schedule_text(schedule: &Schedule) -> String {
    format!("{} {}", schedule.pattern(), schedule.timezone().name())
}

/// The requests that are due at `now`. Schemes of a source that are due at the same time share a sweep. Of several
/// missed times only the last one is caught up. A new schedule counts from now on.
pub fn due(schedules: &[SchemeSchedule], now: Timestamp) -> Vec<SweepRequest> {
    let mut requests = Vec::new();
    let mut together: BTreeMap<(Timestamp, &SourceId), Vec<&Scheme>> = BTreeMap::new();
    for SchemeSchedule { scheme, last_fired, suspended } in schedules {
        let Trigger::Schedule(schedule) = &scheme.trigger else { continue };
        let text = schedule_text(schedule);
        let arm = |schedule, at| {
            let (scheme, source) = (scheme.id.clone(), scheme.source.clone());
            SweepRequest::Armed(Armed { scheme, source, schedule, at })
        };
        match (last_fired.as_ref().filter(|last_fired| last_fired.schedule == text), schedule.last_until(now)) {
            (None, _) => requests.push(arm(text, now)),
            (Some(last_fired), Some(last)) if last_fired.until >= last => {}
            (Some(_), Some(last)) if *suspended => requests.push(arm(text, last)),
            (Some(_), Some(last)) => together.entry((last, &scheme.source)).or_default().push(scheme),
            (Some(_), None) => {}
        }
    }
    requests.extend(together.into_iter().map(|((due, source), schemes)| asked(source, due, schemes, now)));
    requests
}

/// The time at which the schedule fires next after `now`.
pub fn next(scheduled: &SchemeSchedule, now: Timestamp) -> Option<Timestamp> {
    match &scheduled.scheme.trigger {
        Trigger::Schedule(schedule) => schedule.next_after(now),
        Trigger::OnCreate | Trigger::OnLogin | Trigger::Manual => None,
    }
}

/// The request for a sweep. It has the same id for every replica that requests the same schemes.
fn asked(source: &SourceId, due: Timestamp, mut schemes: Vec<&Scheme>, now: Timestamp) -> SweepRequest {
    schemes.sort_unstable_by(|one, other| one.id.cmp(&other.id));
    let ids: Vec<_> = schemes.iter().map(|scheme| scheme.id.clone()).collect();
    SweepRequest::Asked(AskedSweep {
        sweep: SweepId::of_schedule(source, due, &ids),
        source: source.clone(),
        runs: schemes.into_iter().map(SweepRun::of).collect(),
        cause: Cause::Schedule,
        undo_of: None,
        reason: None,
        due: Some(due),
        at: now,
        by: None,
    })
}

#[cfg(test)]
mod tests {
    mod clock;

    use super::*;
    use crate::config::read_scheme;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    fn scheduled(id: &str, source: &str, cron: &str, timezone: &str) -> SchemeSchedule {
        let text = format!(
            "{{ id: {id}, source: {source}, trigger: {{ cron: '{cron}', timezone: {timezone} }}, select: {{ everyone: true }}, \
             actions: [{{ add_groups: [g] }}] }}"
        );
        SchemeSchedule { scheme: read_scheme(&text, "test").expect("a scheme"), last_fired: None, suspended: false }
    }

    /// Applies requests as the views do.
    fn apply(schedules: &mut [SchemeSchedule], requests: &[SweepRequest]) {
        for scheduled in schedules {
            let Trigger::Schedule(schedule) = &scheduled.scheme.trigger else { continue };
            let text = schedule_text(schedule);
            for request in requests {
                let until = match request {
                    SweepRequest::Armed(armed) if armed.scheme == scheduled.scheme.id => Some(armed.at),
                    SweepRequest::Asked(asked) => {
                        let own = asked.runs.iter().any(|run| run.scheme.id == scheduled.scheme.id);
                        asked.due.filter(|_| own)
                    }
                    _ => None,
                };
                if let Some(until) = until {
                    scheduled.last_fired = Some(LastFired { schedule: text.clone(), until });
                }
            }
        }
    }

    /// The schedules that fire at `now`: times and schemes.
    fn fire(schedules: &mut [SchemeSchedule], now: Timestamp) -> Vec<(Timestamp, Vec<String>)> {
        let requests = due(schedules, now);
        apply(schedules, &requests);
        let strokes = requests.into_iter().filter_map(|request| match request {
            SweepRequest::Asked(asked) => Some((asked.due?, asked.runs)),
            _ => None,
        });
        strokes.map(|(due, runs)| (due, runs.iter().map(|run| run.scheme.id.to_string()).collect())).collect()
    }

    #[test]
    fn schemes_due_at_the_same_time_in_one_source_ring_once() {
        let mut schedules = [
            scheduled("b", "acme", "0 3 * * *", "UTC"),
            scheduled("a", "acme", "0 3 * * *", "UTC"),
            scheduled("c", "globex", "0 3 * * *", "UTC"),
            scheduled("d", "acme", "0 4 * * *", "UTC"),
        ];
        assert_eq!(fire(&mut schedules, at("2026-05-01T00:00:00Z")), []);
        let three = at("2026-05-01T03:00:00Z");
        assert_eq!(fire(&mut schedules, three), [(three, vec!["a".into(), "b".into()]), (three, vec!["c".into()])]);
        assert_eq!(fire(&mut schedules, at("2026-05-01T03:00:01Z")), [], "and not again");
        assert_eq!(next(&schedules[3], three), Some(at("2026-05-01T04:00:00Z")));
    }

    #[test]
    fn every_replica_asks_for_the_same_sweep() {
        let mut one = [scheduled("a", "acme", "0 3 * * *", "UTC"), scheduled("b", "acme", "0 3 * * *", "UTC")];
        fire(&mut one, at("2026-05-01T00:00:00Z"));
        let other = [one[1].clone(), one[0].clone()];
        let sweep = |schedules: &[SchemeSchedule], now: &str| match &due(schedules, at(now))[..] {
            [SweepRequest::Asked(asked)] => asked.sweep.clone(),
            others => panic!("one sweep: {others:?}"),
        };
        assert_eq!(sweep(&one, "2026-05-01T03:00:00Z"), sweep(&other, "2026-05-01T03:00:07Z"));
        assert_ne!(sweep(&one, "2026-05-01T03:00:00Z"), sweep(&other, "2026-05-02T03:00:00Z"));
    }

    #[test]
    fn of_what_was_missed_the_last_time_is_caught_up_and_nothing_from_before_it_was_known() {
        let mut schedules = [scheduled("a", "acme", "0 3 * * *", "UTC")];
        assert_eq!(fire(&mut schedules, at("2026-05-01T12:00:00Z")), [], "three o'clock was before");
        let missed = at("2026-05-09T03:00:00Z");
        assert_eq!(fire(&mut schedules, at("2026-05-09T12:00:00Z")), [(missed, vec!["a".into()])]);
        assert_eq!(fire(&mut schedules, at("2026-05-09T12:00:00Z")), []);
    }

    #[test]
    fn another_text_is_another_schedule() {
        let mut schedules = [scheduled("a", "acme", "0 3 * * *", "UTC")];
        fire(&mut schedules, at("2026-05-01T12:00:00Z"));
        schedules[0].scheme = scheduled("a", "acme", "0 3 * * *", "Asia/Tokyo").scheme;
        assert_eq!(fire(&mut schedules, at("2026-05-03T12:00:00Z")), [], "it counts from now on");
        let due = at("2026-05-03T18:00:00Z");
        assert_eq!(fire(&mut schedules, due), [(due, vec!["a".into()])]);
    }

    #[test]
    fn a_suspended_schedule_does_not_fire_and_catches_nothing_up() {
        let mut schedules = [scheduled("a", "acme", "0 3 * * *", "UTC")];
        fire(&mut schedules, at("2026-05-01T12:00:00Z"));
        schedules[0].suspended = true;
        assert_eq!(fire(&mut schedules, at("2026-05-04T12:00:00Z")), []);
        schedules[0].suspended = false;
        assert_eq!(fire(&mut schedules, at("2026-05-04T13:00:00Z")), []);
        let due = at("2026-05-05T03:00:00Z");
        assert_eq!(fire(&mut schedules, due), [(due, vec!["a".into()])]);
    }

    #[test]
    fn a_year_of_schedules_in_two_time_zones_fires_once_a_day_and_once_a_week_through_all_changes_of_the_clocks() {
        let mut schedules = [
            scheduled("night", "acme", "30 2 * * *", "Europe/Berlin"),
            scheduled("week", "acme", "0 3 * * MON", "Pacific/Auckland"),
        ];
        let (mut now, end) = (at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"));
        let began = std::time::Instant::now();
        fire(&mut schedules, now);
        let mut strokes: BTreeMap<String, Vec<Timestamp>> = BTreeMap::new();
        while now < end {
            for (due, schemes) in fire(&mut schedules, now) {
                schemes.into_iter().for_each(|scheme| strokes.entry(scheme).or_default().push(due));
            }
            now = Timestamp::from_millis(now.as_millis() + 10 * 60_000);
        }
        assert!(began.elapsed() < std::time::Duration::from_secs(10), "{:?}", began.elapsed());

        // Half past two: 01:30 UTC in winter, 00:30 in summer; on the day on which it does not exist at three, 01:00
        // UTC; on the day on which it exists twice the first time.
        let day = 86_400_000;
        let night = |day_of_year: i64| {
            let midnight = at("2026-01-01T00:00:00Z").as_millis() + day_of_year * day;
            let minutes = match day_of_year {
                ..87 => 90,
                87 => 60,
                88..=297 => 30,
                _ => 90,
            };
            Timestamp::from_millis(midnight + minutes * 60_000)
        };
        assert_eq!(strokes["night"], (0..365).map(night).collect::<Vec<_>>());
        // Monday, three o'clock: 14:00 UTC the day before in summer (UTC+13), 15:00 in winter.
        let week = |number: i64| {
            let sunday = at("2026-01-04T00:00:00Z").as_millis() + number * 7 * day;
            let winter =
                (at("2026-04-05T00:00:00Z").as_millis()..at("2026-09-27T00:00:00Z").as_millis()).contains(&sunday);
            Timestamp::from_millis(sunday + if winter { 15 } else { 14 } * 3_600_000)
        };
        assert_eq!(strokes["week"], (0..52).map(week).collect::<Vec<_>>());
    }
}
