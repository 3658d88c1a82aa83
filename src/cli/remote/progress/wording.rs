//! The progress of a run in words.

use std::time::Duration;

use serde_json::Value;

fn number(run: &Value, path: &str) -> Option<u64> {
    run.pointer(path).and_then(Value::as_u64)
}

/// The number of users: from the list, else from the estimate, else those listed so far.
pub(super) fn total(run: &Value) -> Option<u64> {
    let listed = number(run, "/progress/listed").filter(|listed| *listed > 0);
    number(run, "/progress/total").or_else(|| number(run, "/estimate/users").max(listed))
}

/// The remaining time. Since `elapsed` ago the number of decided users rose from `before` to `decided`.
pub(super) fn left(total: u64, decided: u64, before: u64, elapsed: Duration) -> Option<Duration> {
    let (done, open) = (decided.checked_sub(before)?, total.checked_sub(decided)?);
    if done == 0 || elapsed < Duration::from_secs(2) {
        return None;
    }
    let millis = elapsed.as_millis().saturating_mul(u128::from(open)) / u128::from(done);
    Some(Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX)))
}

/// One line about a run in `state`, with the remaining time if it is known.
pub(super) fn line(state: &str, run: &Value, left: Option<Duration>) -> String {
    let counts = |key: &str| number(run, &format!("/counts/{key}")).unwrap_or(0);
    let decided = number(run, "/progress/decided").unwrap_or_else(|| counts("seen"));
    let is_listed = number(run, "/progress/total").is_some();
    let of = match total(run) {
        Some(total) if is_listed => format!(" of {total}"),
        Some(total) => format!(" of about {}", total.max(decided)),
        None => String::new(),
    };
    let done = ["selected", "changed", "failed"].map(|key| (counts(key), key));
    let done: String =
        done.iter().filter(|(count, _)| *count > 0).map(|(count, key)| format!(", {count} {key}")).collect();
    // A list that turns out longer than the last one takes longer.
    let holds = decided == 0 && number(run, "/progress/listed") <= number(run, "/estimate/users");
    let left = match (left, number(run, "/estimate/seconds").filter(|_| holds)) {
        (Some(left), _) if !left.is_zero() => format!("; about {} left", duration(left)),
        (None, Some(seconds)) => format!("; expected: about {}", duration(Duration::from_secs(seconds))),
        _ => String::new(),
    };
    format!("{state}: {decided}{of} users decided{done}{left}")
}

/// A time for people, in one unit.
fn duration(time: Duration) -> String {
    match time.as_secs() {
        seconds @ 0..=99 => format!("{} s", seconds.max(1)),
        seconds @ 100..=5_999 => format!("{} min", seconds.div_ceil(60)),
        seconds => format!("{} h", seconds.div_ceil(3_600)),
    }
}

/// The obstacle to a source's work, in words; none if there is none, or if it is unknown.
pub(super) fn trouble(source: &Value) -> Option<String> {
    if source["paused"] == true {
        return Some("is paused".to_owned());
    }
    let what = match source["state"].as_str()? {
        "unreachable" => "does not answer",
        "halted" => "is halted",
        "broken" => "is broken",
        _ => return None,
    };
    Some(match source["why"].as_str() {
        Some(why) => format!("{what}: {why}"),
        None => what.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn until_all_are_listed_the_total_is_an_estimate_and_is_never_less_than_what_is_seen() {
        let run = |listed: u64, total: Option<u64>| {
            json!({ "progress": { "listed": listed, "decided": 5, "total": total }, "estimate": { "users": 100, "seconds": 30 },
                    "counts": { "selected": 2, "changed": 1, "failed": 0 } })
        };
        assert_eq!(
            line("running", &run(10, None), None),
            "running: 5 of about 100 users decided, 2 selected, 1 changed"
        );
        assert!(line("running", &run(200, None), None).contains("5 of about 200 users"));
        assert!(line("running", &run(90, Some(90)), None).contains("5 of 90 users"));
        assert_eq!(total(&json!({ "progress": { "listed": 0, "decided": 0, "total": null } })), None);
    }

    #[test]
    fn the_time_left_follows_from_the_pace_so_far_and_before_there_is_one_from_the_estimate() {
        let seconds = Duration::from_secs;
        assert_eq!(left(1_000, 200, 100, seconds(10)), Some(seconds(80)));
        assert_eq!(left(1_000, 100, 100, seconds(10)), None, "nothing has been done yet");
        assert_eq!(left(1_000, 200, 100, seconds(1)), None, "too early to tell");
        assert_eq!(left(100, 100, 0, seconds(10)), Some(Duration::ZERO));
        let run = json!({ "progress": { "listed": 0, "decided": 0, "total": null }, "estimate": { "users": 9, "seconds": 1_020 } });
        assert_eq!(line("running", &run, None), "running: 0 of about 9 users decided; expected: about 17 min");
        assert!(line("running", &run, Some(seconds(5))).ends_with("; about 5 s left"));
        let longer = json!({ "progress": { "listed": 10, "decided": 0, "total": 10 }, "estimate": { "users": 9, "seconds": 1 } });
        assert_eq!(line("running", &longer, None), "running: 0 of 10 users decided");
    }

    #[test]
    fn a_product_that_is_away_is_said_to_be_with_the_reason() {
        let source = |state: &str, why: Option<&str>| json!({ "state": state, "why": why, "paused": false });
        assert_eq!(trouble(&source("running", None)), None);
        let away = trouble(&source("unreachable", Some("the connection is refused")));
        assert_eq!(away.as_deref(), Some("does not answer: the connection is refused"));
        assert_eq!(trouble(&source("halted", Some("401"))).as_deref(), Some("is halted: 401"));
        assert_eq!(trouble(&json!({ "state": "running", "paused": true })).as_deref(), Some("is paused"));
        assert_eq!(trouble(&json!({ "state": null })), None);
    }
}
