//! The pace of a source's calls: evenly spaced, few at a time, never before the product wants to be called again.
//!
//! [`throttle`] reads what a 429 and the headers about limits ask for.

mod bounds;
mod chance;
mod headers;
mod pace;
mod quota;
mod throttle;
mod wall;

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

use self::pace::Pace;
pub(in crate::products) use self::throttle::Advice;
use crate::{
    config::Rate,
    resizable_semaphore::{Permit, ResizableSemaphore},
};

/// Paces all calls to one source. It begins at the configured rate and learns from the answers.
#[derive(Debug)]
pub(in crate::products) struct Pacer {
    /// The places for reads. Only that many reads enter the queue of all calls, so that a change waits for only a few
    /// of them. A change depends on a recent reading, which must not grow old behind a thousand others.
    questions: ResizableSemaphore,
    at_a_time: ResizableSemaphore,
    /// A lock of the next call, so that the others come in the order of their arrival.
    turnstile: tokio::sync::Mutex<()>,
    pace: Mutex<Pace>,
    /// Tells the call that is next that the pace was set otherwise.
    is_set: Notify,
}

/// A call's right to be made; held until its answer is read.
#[derive(Debug)]
pub(in crate::products) struct Turn {
    _place: Permit,
    _among_questions: Option<Permit>,
    began: Instant,
}

impl Pacer {
    /// A pacer that never exceeds `rate`.
    pub fn new(rate: Rate) -> Self {
        Self {
            questions: ResizableSemaphore::new(rate.concurrency),
            at_a_time: ResizableSemaphore::new(rate.concurrency),
            turnstile: tokio::sync::Mutex::new(()),
            pace: Mutex::new(Pace::new(rate.per_second, Instant::now())),
            is_set: Notify::new(),
        }
    }

    /// Sets the rate that is never exceeded from now on. The waits of waiting calls become longer or shorter with it;
    /// calls under way are finished.
    pub fn set_rate(&self, rate: Rate) {
        self.questions.resize(rate.concurrency);
        self.at_a_time.resize(rate.concurrency);
        self.pace().set_rate(rate.per_second, Instant::now());
        self.is_set.notify_one();
    }

    /// The calls a second at most, as it is now.
    pub fn per_second(&self) -> f64 {
        self.pace().per_second()
    }

    /// Waits until a call may be made: at most [`bounds::MAX_WAIT`] for the product and then for those
    /// before. Dropping the future gives the place up.
    pub async fn turn(&self) -> Turn {
        let place = self.at_a_time.acquire().await;
        let _next = self.turnstile.lock().await;
        loop {
            let now = Instant::now();
            let free = self.pace().take(now);
            match free {
                Ok(()) => return Turn { _place: place, _among_questions: None, began: now },
                // And look again: the gate may have moved meanwhile.
                Err(at) => tokio::select! { () = sleep_until(at) => {}, () = self.is_set.notified() => {} },
            }
        }
    }

    /// As [`Pacer::turn`], for a call that changes nothing.
    pub async fn turn_to_ask(&self) -> Turn {
        let among_questions = self.questions.acquire().await;
        Turn { _among_questions: Some(among_questions), ..self.turn().await }
    }

    /// Learns from the answer to the call made in `turn`; `refused` where it was a 429, or asked to come back later.
    pub fn learn(&self, turn: &Turn, refused: bool, advice: &Advice) {
        self.pace().learn(turn.began, Instant::now(), refused, advice);
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        // Nothing panics while it is held, and no half-made change could do harm.
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        time::Duration,
    };

    use futures::future::join_all;
    use tokio::time::sleep;

    use super::{
        bounds::{DAY, LONGEST_GAP},
        quota::Quota,
        *,
    };

    const CALM: Advice = Advice { wait: None, narrow: false, quota: Quota::Rest { scarce: false, gap: None } };

    fn pacer(per_second: f64, concurrency: usize) -> Arc<Pacer> {
        Arc::new(Pacer::new(Rate { per_second, concurrency }))
    }

    #[tokio::test(start_paused = true)]
    async fn calls_are_spaced_by_the_configured_rate_with_no_burst_at_the_beginning() {
        let (pacer, start) = (pacer(10.0, 100), Instant::now());
        let turns = join_all((0..21).map(|_| async {
            pacer.turn().await;
            start.elapsed()
        }))
        .await;
        for (index, at) in turns.iter().enumerate() {
            assert!(*at >= Duration::from_millis(100) * u32::try_from(index).unwrap(), "{index}: {at:?}");
        }
        assert!(start.elapsed() < Duration::from_millis(2_100));
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_calls_than_allowed_are_under_way_at_once() {
        let (pacer, under_way, most) = (pacer(1e6, 3), AtomicUsize::new(0), AtomicUsize::new(0));
        join_all((0..20).map(|_| async {
            let _turn = pacer.turn().await;
            most.fetch_max(under_way.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            sleep(Duration::from_secs(1)).await;
            under_way.fetch_sub(1, Ordering::SeqCst);
        }))
        .await;
        assert_eq!(most.into_inner(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn one_answer_holds_back_every_call_of_the_source_also_those_already_waiting() {
        let (pacer, start) = (pacer(1.0, 4), Instant::now());
        let first = pacer.turn().await;
        let waiting = tokio::spawn({
            let pacer = pacer.clone();
            async move { pacer.turn().await.began }
        });
        sleep(Duration::from_millis(500)).await;
        pacer.learn(&first, false, &Advice { wait: Some(Duration::from_secs(60)), ..CALM });
        assert_eq!(waiting.await.unwrap() - start, Duration::from_millis(60_500));
    }

    #[tokio::test(start_paused = true)]
    async fn a_shorter_wait_does_not_open_the_gate_early_and_a_narrow_one_does_not_close_it() {
        let (pacer, start) = (pacer(1.0, 4), Instant::now());
        let turn = pacer.turn().await;
        pacer.learn(&turn, false, &Advice { wait: Some(Duration::from_secs(600)), narrow: true, ..CALM });
        pacer.learn(&turn, false, &Advice { wait: Some(Duration::from_secs(30)), ..CALM });
        pacer.learn(&turn, false, &Advice { wait: Some(Duration::from_secs(5)), ..CALM });
        pacer.turn().await;
        assert_eq!(start.elapsed(), Duration::from_secs(30));
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_given_up_while_waiting_costs_no_slot() {
        let (pacer, start) = (pacer(1.0, 1), Instant::now());
        drop(pacer.turn().await);
        let given_up = tokio::time::timeout(Duration::from_millis(100), pacer.turn()).await;
        assert!(given_up.is_err());
        pacer.turn().await;
        assert_eq!(start.elapsed(), Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_waits_for_few_questions_however_many_there_are() {
        let pacer = pacer(10.0, 2);
        let asked = tokio::spawn({
            let pacer = pacer.clone();
            async move { join_all((0..100).map(|_| async { drop(pacer.turn_to_ask().await) })).await }
        });
        tokio::task::yield_now().await;
        let start = Instant::now();
        drop(pacer.turn().await);
        assert!(start.elapsed() <= Duration::from_millis(400), "{:?}", start.elapsed());
        asked.await.unwrap();
        assert!(start.elapsed() >= Duration::from_secs(9));
    }

    #[tokio::test(start_paused = true)]
    async fn a_429_doubles_the_gap_once_for_all_calls_under_way_up_to_a_bound() {
        let pacer = pacer(10.0, 8);
        let together = [pacer.turn().await, pacer.turn().await, pacer.turn().await];
        sleep(Duration::from_millis(1)).await;
        for turn in &together {
            pacer.learn(turn, true, &CALM);
        }
        drop(together);
        assert_eq!(pacer.pace().learned.gap, Duration::from_millis(200));
        for _ in 0..20 {
            let turn = pacer.turn().await;
            pacer.learn(&turn, true, &CALM);
        }
        assert_eq!(pacer.pace().learned.gap, LONGEST_GAP);
    }

    #[tokio::test(start_paused = true)]
    async fn good_answers_bring_the_pace_back_slowly_and_never_beyond_the_configured_rate() {
        let pacer = pacer(10.0, 1);
        let turn = pacer.turn().await;
        pacer.learn(&turn, true, &CALM);
        pacer.learn(&turn, false, &CALM);
        assert_eq!(pacer.pace().learned.gap, Duration::from_millis(180));
        for _ in 0..10 {
            pacer.learn(&turn, false, &CALM);
        }
        assert_eq!(pacer.pace().learned.gap, Duration::from_millis(100));
    }

    #[tokio::test(start_paused = true)]
    async fn near_the_limit_the_gap_doubles_until_what_is_left_lasts_and_shrinks_slowly_to_that() {
        let pacer = pacer(10.0, 1);
        let turn = pacer.turn().await;
        let near =
            |enough| Advice { quota: Quota::Rest { scarce: true, gap: Some(Duration::from_millis(enough)) }, ..CALM };
        for (advice, gap) in [(near(350), 200), (near(350), 350), (near(350), 350), (near(50), 315)] {
            pacer.learn(&turn, false, &advice);
            assert_eq!(pacer.pace().learned.gap, Duration::from_millis(gap));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_in_hand_becomes_shorter_or_longer_with_the_rate() {
        let (pacer, start) = (pacer(0.01, 4), Instant::now());
        drop(pacer.turn().await);
        let waiting = tokio::spawn({
            let pacer = pacer.clone();
            async move { pacer.turn().await.began }
        });
        sleep(Duration::from_secs(50)).await;
        pacer.set_rate(Rate { per_second: 10.0, concurrency: 4 });
        let began = waiting.await.unwrap() - start;
        assert_eq!(began, Duration::from_millis(50_050), "half of the gap was over");
        pacer.set_rate(Rate { per_second: 1.0, concurrency: 1 });
        drop(pacer.turn().await);
        assert_eq!(start.elapsed(), Duration::from_millis(51_050));
    }

    #[tokio::test(start_paused = true)]
    async fn what_answers_have_taught_stays_when_the_rate_is_raised() {
        let pacer = pacer(10.0, 1);
        let turn = pacer.turn().await;
        pacer.learn(&turn, true, &CALM);
        pacer.set_rate(Rate { per_second: 100.0, concurrency: 1 });
        assert_eq!(pacer.pace().learned.gap, Duration::from_millis(200));
        pacer.set_rate(Rate { per_second: 1.0, concurrency: 1 });
        assert_eq!(pacer.pace().learned.gap, Duration::from_secs(1));
        for _ in 0..3 {
            pacer.learn(&turn, false, &CALM);
        }
        assert_eq!(pacer.pace().learned.gap, Duration::from_secs(1), "never beyond the rate");
    }

    #[tokio::test(start_paused = true)]
    async fn an_impossible_rate_is_slow_and_does_not_panic() {
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-18, f64::MIN_POSITIVE] {
            let pacer = pacer(rate, 0);
            pacer.turn().await;
            assert!(pacer.pace().learned.gap <= DAY, "{rate}");
        }
    }
}
