//! Refusals that come whatever the pace, in simulated time.

use rand::{RngExt, SeedableRng, rngs::StdRng};

use super::*;

/// As many seeds as each case is tried with.
const SEEDS: u64 = 20;

/// The refusal of one call, which asks for that wait.
fn refusal(wait: Option<Duration>) -> (bool, Advice) {
    (false, Advice { wait, ..Advice::default() })
}

fn good() -> (bool, Advice) {
    (true, Advice::default())
}

/// A product that refuses this share of the calls and has no limit.
fn at_random(share: f64, wait: Option<Duration>, seed: u64) -> Product<'static> {
    let mut random = StdRng::seed_from_u64(seed);
    Box::new(move |_| if random.random::<f64>() < share { refusal(wait) } else { good() })
}

/// How much longer `calls` took than at the full pace, refused calls included: the median and the longest of all seeds.
fn slower(calls: u32, per_second: f64, share: f64, wait: Option<Duration>) -> (f64, f64) {
    let floor = f64::from(calls) / per_second / (1.0 - share);
    let mut ratios: Vec<f64> = (0..SEEDS)
        .map(|seed| run(calls, per_second, at_random(share, wait, seed)).took.as_secs_f64() / floor)
        .collect();
    ratios.sort_by(f64::total_cmp);
    (ratios[ratios.len() / 2], ratios[ratios.len() - 1])
}

#[test]
fn refusals_that_do_not_depend_on_the_pace_do_not_set_it() {
    for (share, median, longest) in
        [(0.0, 1.01, 1.01), (0.001, 1.5, 3.0), (0.01, 1.6, 3.0), (0.05, 1.5, 3.0), (0.2, 1.5, 3.0), (0.5, 1.6, 20.0)]
    {
        for per_second in [10.0, 100.0, 330.0] {
            let (middle, last) = slower(2_400, per_second, share, None);
            assert!(middle <= median && last <= longest, "{share} at {per_second}: {middle:.2}, at most {last:.2}");
        }
    }
}

#[test]
fn the_pace_stays_up_however_long_a_twentieth_is_refused() {
    let went = run(200_000, 100.0, at_random(0.05, None, 3));
    let ratio = went.took.as_secs_f64() / (2_000.0 / 0.95);
    assert!(ratio < 1.1, "{ratio:.2} of the floor, {went:?}");
}

#[test]
fn the_wait_of_one_call_of_twenty_does_not_hold_up_the_others() {
    for wait in [1, 60, 900] {
        for per_second in [10.0, 100.0] {
            let (middle, last) = slower(2_400, per_second, 0.05, Some(Duration::from_secs(wait)));
            assert!(middle <= 2.0 && last <= 4.0, "{wait} s at {per_second}: {middle:.2}, at most {last:.2}");
        }
    }
}

#[test]
fn one_call_told_to_come_back_in_hours_stops_nobody_else() {
    let mut nth = 0;
    let product = Box::new(move |_| {
        nth += 1;
        if nth == 500 { refusal(Some(Duration::from_secs(900))) } else { good() }
    });
    let went = run(1_000, 100.0, product);
    assert!(went.took < Duration::from_secs(15), "{went:?}");
}

#[test]
fn where_all_are_told_to_come_back_all_wait() {
    let (mut asked, shut) = (Vec::new(), 5.0..605.0);
    let product = Box::new(|at: Duration| {
        let left = shut.end - at.as_secs_f64();
        if shut.contains(&at.as_secs_f64()) {
            asked.push(at);
            refusal(Some(Duration::from_secs_f64(left)))
        } else {
            good()
        }
    });
    let went = run(2_000, 100.0, product);
    assert!(asked.len() <= 2 * CONCURRENCY, "{asked:?}");
    assert!(went.took < Duration::from_secs(700), "{went:?}");
}

#[test]
fn a_limit_is_found_beside_refusals_by_chance() {
    for share in [0.01, 0.05, 0.2] {
        for factor in [1.5, 4.0] {
            let mut random = StdRng::seed_from_u64(1);
            let mut bucket = Bucket::new(50, 20, 1).evenly().silent();
            let product: Product<'_> =
                Box::new(|at| if random.random::<f64>() < share { refusal(None) } else { bucket.answer(at) });
            let went = run(20_000, 20.0 * factor, product);
            let ratio = went.took.as_secs_f64() / 1_000.0;
            assert!(ratio < 1.6, "{share} and {factor}: {ratio:.2} of the floor, {went:?}");
            assert!(went.refused < 15_000, "{share} and {factor}: {went:?}");
        }
    }
}

#[test]
fn a_limit_is_found_after_refusals_by_chance_have_ended() {
    let mut random = StdRng::seed_from_u64(1);
    let mut bucket = Bucket::new(50, 20, 1).evenly().silent();
    let mut calls = 0;
    let mut late = 0;
    let product: Product<'_> = Box::new(|at| {
        calls += 1;
        match calls {
            ..10_000 if random.random::<f64>() < 0.05 => refusal(None),
            ..10_000 => good(),
            _ => {
                let answer = bucket.answer(at);
                late += u32::from(!answer.0);
                answer
            }
        }
    });
    run(60_000, 80.0, product);
    assert!(late < 200, "{late}");
}

#[test]
fn a_limit_on_changes_alone_is_found_with_few_refusals() {
    for factor in [1.5, 4.0] {
        let (mut nth, mut bucket) = (0, Bucket::new(20, 5, 1).evenly().silent());
        let product: Product<'_> = Box::new(|at| {
            nth += 1;
            if nth % 3 == 0 { bucket.answer(at) } else { good() }
        });
        let went = run(30_000, 15.0 * factor, product);
        assert!(went.took < Duration::from_secs(3_200) && went.refused < 100, "{factor}: {went:?}");
    }
}

#[test]
fn one_endpoint_that_always_refuses_does_not_slow_down_the_others() {
    let mut nth = 0;
    let product: Product<'_> = Box::new(|_| {
        nth += 1;
        if nth % 10 == 0 { refusal(None) } else { good() }
    });
    let went = run(20_000, 100.0, product);
    assert!(went.took < Duration::from_secs(300), "{went:?}");
}

#[test]
fn refusals_at_the_beginning_alone_are_soon_forgotten() {
    for share in [0.2, 1.0] {
        let mut random = StdRng::seed_from_u64(1);
        let product: Product<'_> = Box::new(move |at| {
            let early = at < Duration::from_mins(1);
            if early && random.random::<f64>() < share { refusal(None) } else { good() }
        });
        let went = run(50_000, 100.0, product);
        assert!(went.took < Duration::from_secs(700), "{share}: {went:?}");
    }
}
