use reqwest::header::{HeaderName, HeaderValue};

use super::*;
use crate::products::http::pacing::bounds::MAX_WAIT;

/// 2026-03-26T15:59:30Z
const NOW: &str = "2026-03-26T15:59:30Z";

fn told(headers: &[(&str, &str)]) -> Told {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
    }
    Told::read(&map, NOW.parse().unwrap())
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[test]
fn data_center_tells_its_rate_and_who_has_more_than_an_interval_in_reserve_may_catch_up() {
    let dc = |limit, left, interval, fill| {
        told(&[
            ("X-RateLimit-Limit", limit),
            ("X-RateLimit-Remaining", left),
            ("X-RateLimit-Interval-Seconds", interval),
            ("X-RateLimit-FillRate", fill),
            ("retry-after", "0"),
        ])
    };
    for (limit, left, interval, fill, gap, burst) in [
        ("60", "59", "1", "5", 200, 13), // Bitbucket's own example
        ("60", "27", "1", "5", 200, 13), // half of the reserve of 55
        ("60", "0", "1", "5", 400, 13),  // somebody else calls too
        ("5", "0", "1", "5", 200, 0),    // seen of a Jira; it comes to nothing just before the next five
        ("100", "50", "60", "100", 600, 0),
        ("5", "3", "60", "5", 12_000, 0),
    ] {
        let expected = Quota::Steady { gap: millis(gap), burst };
        assert_eq!(dc(limit, left, interval, fill).quota, expected, "{limit} {left} {interval} {fill}");
    }
    let Quota::Steady { gap, .. } = dc("60", "13", "1", "5").quota else { panic!("a rate") };
    assert!(gap > millis(300) && gap < millis(320), "{gap:?}");
    assert!(dc("60", "0", "1", "5").empty && !dc("5", "0", "1", "5").empty);
    let none = dc("0", "0", "1", "0");
    assert_eq!((none.quota, none.empty, none.more), (Quota::Untold, true, None));
}

#[test]
fn cloud_tells_a_rest_and_when_there_is_more() {
    let reset = ("X-RateLimit-Reset", "2026-03-26T16:00Z");
    let limit = ("X-RateLimit-Limit", "100");
    let left = |left| ("X-RateLimit-Remaining", left);
    let near = ("X-RateLimit-NearLimit", "true");
    let rest = |scarce, gap: Option<u64>| Quota::Rest { scarce, gap: gap.map(millis) };
    for (headers, quota) in [
        (&[][..], Quota::Untold),
        (&[limit, left("50"), reset][..], rest(false, Some(600))),
        (&[limit, left("20"), reset], rest(true, Some(1_500))),
        (&[limit, left("0"), reset], rest(true, Some(30_000))),
        (&[left("50"), reset], rest(false, Some(600))),
        (&[left("50"), reset, near], rest(true, Some(600))),
        (&[limit, left("10")], rest(true, None)),
        (&[near], rest(true, None)),
        (&[("X-RateLimit-NearLimit", "false")], Quota::Untold),
        // What is told of a time that is over says nothing.
        (&[limit, left("0"), ("X-RateLimit-Reset", "2026-03-26T15:59Z")], rest(false, None)),
        // A number is no time of Cloud's.
        (&[limit, left("10"), ("X-RateLimit-Reset", "1774540800")], rest(true, None)),
        (&[limit, left("10"), ("X-RateLimit-Reset", "2026-03-26T17:00:10+01:00")], rest(true, Some(4_000))),
    ] {
        assert_eq!(told(headers).quota, quota, "{headers:?}");
    }
}

#[test]
fn the_drafts_are_read_in_both_forms_and_the_strictest_of_several_quotas_counts() {
    let steady = |gap| Quota::Steady { gap: millis(gap), burst: 0 };
    let rest = |scarce, gap| Quota::Rest { scarce, gap: Some(millis(gap)) };
    for (headers, quota) in [
        (&[("RateLimit", r#""default";r=50;t=30"#)][..], rest(true, 600)),
        (&[("RateLimit-Policy", r#""default";q=100;w=10"#)][..], steady(100)),
        (&[("RateLimit-Policy", r#""a, b";q=100;w=10;qu="requests""#)], steady(100)),
        (&[("RateLimit-Policy", r#""default";q=100;w=10"#), ("RateLimit", r#""default";r=50;t=5"#)], steady(100)),
        (&[("RateLimit-Policy", r#""default";q=100;w=10"#), ("RateLimit", r#""default";r=10;t=5"#)], steady(500)),
        (&[("RateLimit-Policy", r#""burst";q=100;w=10, "day";q=8640;w=86400"#)], steady(10_000)),
        (
            &[("RateLimit-Policy", r#""burst";q=100;w=10"#), ("RateLimit-Policy", r#""day";q=8640;w=86400"#)],
            steady(10_000),
        ),
        (&[("RateLimit", r#""burst";r=99;t=1, "day";r=4;t=400"#)], rest(true, 100_000)),
        (&[("RateLimit-Limit", "100"), ("RateLimit-Remaining", "50"), ("RateLimit-Reset", "5")], rest(false, 100)),
        (&[("RateLimit-Limit", "100"), ("RateLimit-Remaining", "20"), ("RateLimit-Reset", "5")], rest(true, 250)),
        (&[("RateLimit-Limit", "10, 10;w=1, 50;w=60"), ("RateLimit-Remaining", "9")], steady(1_200)),
        (&[("RateLimit-Policy", "10;w=1"), ("RateLimit-Remaining", "9"), ("RateLimit-Reset", "1")], steady(111)),
    ] {
        let told = told(headers).quota;
        let rounded = match told {
            Quota::Steady { gap, burst } => Quota::Steady { gap: millis(gap.as_millis() as u64), burst },
            other => other,
        };
        assert_eq!(rounded, quota, "{headers:?}");
    }
    let nothing = told(&[("RateLimit", r#""default";r=0;t=5"#)]);
    assert_eq!((nothing.empty, nothing.more, nothing.quota), (true, Some(millis(5_000)), rest(true, 5_000)));
}

#[test]
fn a_reset_in_seconds_since_1970_is_no_time_to_wait() {
    let epoch = ("RateLimit-Reset", "1774540800");
    let left = |left| ("RateLimit-Remaining", left);
    let within = |left| told(&[("RateLimit-Limit", "100, 100;w=60"), left, epoch]);
    assert_eq!(within(left("100")).quota, Quota::Steady { gap: millis(600), burst: 0 });
    assert_eq!(within(left("50")).quota, Quota::Steady { gap: millis(1_200), burst: 0 }, "as if the window began now");
    assert_eq!((within(left("0")).empty, within(left("0")).more), (true, Some(millis(60_000))));
    let alone = told(&[("RateLimit-Limit", "100"), left("10"), epoch]);
    assert_eq!((alone.quota, alone.more), (Quota::Rest { scarce: true, gap: None }, None));
}

#[test]
fn what_is_only_announced_or_can_not_be_read_tells_nothing() {
    for headers in [
        &[("Beta-RateLimit", r#""default";r=0;t=60"#), ("Beta-Retry-After", "60")][..],
        &[("X-Beta-RateLimit-Remaining", "0"), ("X-Beta-RateLimit-NearLimit", "true")],
        &[("Beta-RateLimit-Policy", r#""default";q=1;w=60"#)],
        &[("RateLimit", "r=x;t")],
        &[("RateLimit", "\"")],
        &[("RateLimit-Policy", r#""default";q=0;w=10"#)],
        &[("RateLimit-Limit", "100")],
        &[("X-RateLimit-Limit", "100")],
        &[("X-RateLimit-Remaining", "-1")],
        &[("X-RateLimit-FillRate", "5")],
    ] {
        let told = told(headers);
        assert_eq!((told.quota, told.empty, told.more, told.whole), (Quota::Untold, false, None, None), "{headers:?}");
    }
}

proptest::proptest! {
    #[test]
    fn no_header_makes_a_gap_that_is_none_or_too_long(
        limit in "[0-9]{0,22}", left in "[0-9]{0,22}", interval in "[0-9]{0,22}", fill in "[0-9]{0,22}",
        draft in r#"("[a-z]";)?[rt]=[0-9]{0,22}(;[rtqw]=[0-9]{0,22}){0,4}"#, reset in "[0-9TZ:+-]{0,24}",
    ) {
        let dc = [("x-ratelimit-interval-seconds", interval.as_str()), ("x-ratelimit-fillrate", &fill)];
        let cloud = [("x-ratelimit-limit", limit.as_str()), ("x-ratelimit-remaining", &left), ("x-ratelimit-reset", &reset)];
        let drafts = [("ratelimit", draft.as_str()), ("ratelimit-policy", &draft)];
        for headers in [[&dc[..], &cloud[..2]].concat(), cloud.to_vec(), drafts.to_vec()] {
            let gap = match told(&headers).quota {
                Quota::Untold | Quota::Rest { gap: None, .. } => continue,
                Quota::Steady { gap, .. } | Quota::Rest { gap: Some(gap), .. } => gap,
            };
            proptest::prop_assert!(gap <= 2 * MAX_WAIT, "{:?}", gap);
        }
    }
}
