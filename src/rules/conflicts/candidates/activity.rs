//! Logins: between any two ages that conditions name, a time of the last login and of the creation.

use std::{collections::BTreeSet, time::Duration};

use crate::domain::{Age, Logins, Timestamp};

use crate::rules::conflicts::person::Trait;

/// The number of different ages that are told apart.
pub(super) const MAX_AGES: usize = 64;
/// The same where logins may be known in part: there are many more combinations.
const MAX_AGES_IN_PART: usize = 4;

const DAY: Duration = Duration::from_hours(24);
const HOUR: Duration = Duration::from_hours(1);

/// Users of whom all logins are known.
pub(super) fn known(ages: &BTreeSet<Age>, is_looked_at: bool, now: Timestamp) -> Vec<Trait> {
    if !is_looked_at {
        return Vec::new();
    }
    let times = times(ages, now);
    let with = |last: Option<Timestamp>, count, created| {
        let logins = Some(Logins { last, count, complete: true, watched_since: None });
        Trait::Activity { logins, created: Some(created), first_seen: None }
    };
    let never = times.iter().map(|created| with(None, 0, *created));
    // An account is older than its logins.
    let logged_in = [2, 1].into_iter().flat_map(|count| times.iter().map(move |last| (*last, count)));
    never.chain(logged_in.map(|(last, count)| with(Some(last), count, last.minus(DAY)))).collect()
}

/// All users, also those of whom not all logins are known; none if there are too many kinds of them.
pub(super) fn all(ages: &BTreeSet<Age>, is_looked_at: bool, now: Timestamp) -> Option<Vec<Trait>> {
    if !is_looked_at {
        return Some(Vec::new());
    }
    if ages.len() > MAX_AGES_IN_PART {
        return None;
    }
    let times: Vec<_> = std::iter::once(None).chain(times(ages, now).into_iter().map(Some)).collect();
    let mut traits = Vec::new();
    for complete in [true, false] {
        for (count, last) in (0..3).flat_map(|count| times.iter().map(move |last| (count, *last))) {
            for watched_since in &times {
                let logins = Some(Logins { last, count, complete, watched_since: *watched_since });
                // The age of the account matters for those who have never logged in.
                let is_never = count == 0 && last.is_none();
                let ages = if is_never { &times[..] } else { &times[..1] };
                for (created, first_seen) in ages.iter().flat_map(|one| ages.iter().map(move |other| (*one, *other))) {
                    traits.push(Trait::Activity { logins, created, first_seen });
                }
            }
        }
    }
    let unknown = times.iter().flat_map(|one| times.iter().map(move |other| (*one, *other)));
    traits.extend(unknown.map(|(created, first_seen)| Trait::Activity { logins: None, created, first_seen }));
    Some(traits)
}

/// A time within each stretch between two neighbouring `ages`, from the latest on. A condition on a time in the past
/// asks whether it is longer ago than an age: all times of a stretch are alike.
fn times(ages: &BTreeSet<Age>, now: Timestamp) -> Vec<Timestamp> {
    let ages: Vec<_> = ages.iter().take(MAX_AGES).map(|age| age.duration()).collect();
    let first = ages.first().copied().unwrap_or(HOUR).min(HOUR);
    let between = ages.iter().enumerate().map(|(place, age)| {
        let most = ages.get(place + 1).map_or(DAY, |next| *next - *age);
        *age + most.min(DAY)
    });
    std::iter::once(first).chain(between).map(|ago| now.minus(ago)).collect()
}
