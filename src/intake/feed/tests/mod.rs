//! Any schedule of entries that come late, out of order and repeatedly, on pages that are short, empty or refused. The
//! feed is polled now and then, and may be killed meanwhile. Each entry is taken in exactly once.

mod fake;

use proptest::prelude::*;
use tokio_util::sync::CancellationToken;

use self::fake::{Moods, Scene};
use super::follower::Follower;
use crate::{
    json_record::{Unread, Unreadable},
    products::audit::Order,
};

/// The overlap in seconds, as in the feed of the scene.
const OVERLAP: i64 = 600;

/// The next event of the schedule.
#[derive(Debug, Clone)]
enum Next {
    /// Time passes.
    Wait(i64),
    /// A login; `skew` is the error of that node's clock, `late` the delay of the entry.
    LogIn { user: u8, skew: i64, late: i64 },
    /// The log behaves otherwise.
    Behave(Moods),
    /// The feed is looked at.
    Poll,
    /// The follower is killed, and another one continues.
    Crash,
}

fn next() -> impl Strategy<Value = Next> {
    let moods = (1_usize..6, 0_usize..4, 0_u32..3, 0_u32..3, any::<bool>());
    prop_oneof![
        3 => (0_i64..400).prop_map(Next::Wait),
        6 => (0_u8..4, -200_i64..200, 0_i64..200).prop_map(|(user, skew, late)| Next::LogIn { user, skew, late }),
        1 => moods.prop_map(|(page, repeat, empty, expire, keep_cursor)| {
            Next::Behave(Moods { page, repeat, empty, expire, keep_cursor, ..Moods::default() })
        }),
        5 => Just(Next::Poll),
        1 => Just(Next::Crash),
    ]
}

/// Lives through `script`; then calmly looks until everything is there.
async fn live(order: Order, script: Vec<Next>) -> Scene {
    let scene = Scene::new(order);
    let feed = scene.feed();
    let stop = CancellationToken::new();
    let follower = || Follower::new(&feed, Box::new(scene.log()), scene.saved_place(), &stop);
    scene.log_in(0, 0, 0, true);
    let mut now = follower();
    now.poll().await.expect("it begins");
    for next in script {
        match next {
            Next::Wait(seconds) => scene.wait(seconds),
            Next::LogIn { user, skew, late } => scene.log_in(user, skew, late, false),
            Next::Behave(moods) => scene.behave(moods),
            Next::Poll => drop(now.poll().await), // it may fail, as the next may
            Next::Crash => now = follower(),
        }
    }
    for _ in 0..5 {
        scene.behave(Moods::default());
        scene.wait(OVERLAP / 5);
        now.poll().await.expect("all is well");
    }
    scene
}

fn run(order: Order, script: Vec<Next>) -> Scene {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(live(order, script))
}

proptest! {
    #[test]
    fn each_login_is_taken_in_exactly_once_of_a_log_with_the_newest_first(script in prop::collection::vec(next(), 0..80)) {
        let crashed = script.iter().any(|next| matches!(next, Next::Crash));
        run(Order::NewestFirst, script).judge(crashed);
    }

    #[test]
    fn each_login_is_taken_in_exactly_once_of_a_log_as_processed(script in prop::collection::vec(next(), 0..80)) {
        let crashed = script.iter().any(|next| matches!(next, Next::Crash));
        run(Order::AsProcessed, script).judge(crashed);
    }
}

#[test]
fn many_more_than_fit_on_the_pages_of_one_look_are_taken_in_by_age() {
    for order in [Order::NewestFirst, Order::AsProcessed] {
        let mut script = vec![Next::Behave(Moods { page: 5, repeat: 1, ..Moods::default() })];
        for number in 0..2_000 {
            script.push(Next::Wait(i64::from(number % 7) * 20));
            script.push(Next::LogIn { user: u8::try_from(number % 4).expect("small"), skew: 0, late: 0 });
        }
        script.push(Next::Poll);
        run(order, script).judge(false);
    }
}

#[test]
fn more_entries_within_the_overlap_than_are_remembered_are_taken_in_once_however_often_it_is_looked() {
    for order in [Order::NewestFirst, Order::AsProcessed] {
        let mut script = vec![Next::Behave(Moods { page: 1_000, ..Moods::default() })];
        script.extend((0..12_000).map(|_| Next::LogIn { user: 0, skew: 0, late: 0 }));
        script.extend([Next::Poll, Next::Crash, Next::Poll, Next::LogIn { user: 1, skew: 0, late: 0 }, Next::Poll]);
        let times = run(order, script).times_taken_in();
        assert_eq!((times.len(), times.iter().max()), (12_001, Some(&1)), "{order:?}");
    }
}

#[test]
fn one_entry_with_a_fast_clock_hides_nothing_of_what_is_caught_up_with_behind_it() {
    let mut script = vec![Next::Behave(Moods { page: 2, repeat: 1, ..Moods::default() })];
    script.push(Next::LogIn { user: 0, skew: 5 * 3_600, late: 0 });
    script.extend((0..50).flat_map(|_| [Next::Wait(360), Next::LogIn { user: 1, skew: 0, late: 0 }]));
    script.push(Next::Poll);
    run(Order::AsProcessed, script).judge(false);
}

#[tokio::test]
async fn a_cursor_that_has_expired_is_given_up_however_that_is_said() {
    for refusal in [400, 404, 410] {
        let scene = Scene::new(Order::AsProcessed);
        let (feed, stop) = (scene.feed(), CancellationToken::new());
        let mut follower = Follower::new(&feed, Box::new(scene.log()), None, &stop);
        follower.poll().await.expect("it begins");
        for expire in [0, 1] {
            scene.log_in(0, 0, 0, false);
            scene.behave(Moods { keep_cursor: true, expire, refusal, ..Moods::default() });
            follower.poll().await.expect("all is well");
        }
        scene.behave(Moods { keep_cursor: true, page: 1, expire: 2, refusal, ..Moods::default() });
        follower.poll().await.expect_err("once a look");
        scene.judge(false);
    }
}

#[tokio::test]
async fn an_entry_that_can_not_be_read_stops_no_feed_and_is_one_dead_letter() {
    for order in [Order::NewestFirst, Order::AsProcessed] {
        let scene = Scene::new(order);
        let (feed, stop) = (scene.feed(), CancellationToken::new());
        let mut follower = Follower::new(&feed, Box::new(scene.log()), None, &stop);
        scene.log_in(0, 0, 0, true);
        scene.cant_be_read(Unread::new("an old one", (1, 2), Unreadable::NoValue));
        follower.poll().await.expect("it begins");
        assert_eq!(scene.letters(), [], "what happened before the feed began is old");
        scene.cant_be_read(Unread::new("jane@acme.example", (2, 3), Unreadable::HalfACharacter));
        for _ in 0..3 {
            scene.wait(30);
            scene.log_in(1, 0, 0, false);
            follower.poll().await.expect("it goes on");
        }
        scene.judge(false);
        let letters = scene.letters();
        assert_eq!(letters.len(), 1, "{order:?}: it is met on each look");
        assert!(letters[0].reason.contains("entry 2 of 3") && letters[0].reason.contains("half a character"));
        assert!(!format!("{letters:?}").contains("jane"), "nothing of what stands in it");
    }
}
