//! Whether the brokers take appends now, as probes ask for it: they are answered soon, however far away the brokers
//! are.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{runtime::Handle, sync::watch, time::Instant};

use crate::log::Error;

/// The time for which an answer is repeated without asking the brokers.
const ANSWER_TTL: Duration = Duration::from_secs(2);
/// The time for which a probe waits for a newer answer. Probes of Kubernetes wait for a second.
const PROBE_TIMEOUT: Duration = Duration::from_millis(700);
/// The time for which an answer counts while a newer one is awaited.
const STANDS: Duration = Duration::from_secs(15);

/// The brokers' last answer, and its time.
type LastAnswer = (Instant, Result<(), Error>);

/// See the module.
pub(super) struct Readiness {
    known: watch::Sender<LastAnswer>,
    asking: Arc<AtomicBool>,
    /// The runtime that the log was opened in. Probes come from another one, whose threads may be busy.
    runtime: Handle,
}

impl Readiness {
    /// The brokers have just answered.
    pub(super) fn new() -> Self {
        Self { known: watch::Sender::new((Instant::now(), Ok(()))), asking: Arc::default(), runtime: Handle::current() }
    }

    /// Records the brokers' latest answer.
    pub(super) fn record(&self, answer: Result<(), Error>) {
        let _before = self.known.send_replace((Instant::now(), answer));
    }

    /// The known answer, or the one that the brokers soon give to `ask`. The brokers are asked once for any number of
    /// callers, even if these stop waiting.
    ///
    /// # Errors
    /// The brokers' error, or that they have not answered for too long.
    pub(super) async fn ask<F>(&self, ask: impl FnOnce() -> F) -> Result<(), Error>
    where
        F: Future<Output = Result<(), Error>> + Send + 'static,
    {
        let mut known = self.known.subscribe();
        let (since, answer) = known.borrow_and_update().clone();
        if since.elapsed() < ANSWER_TTL {
            return answer;
        }
        if !self.asking.swap(true, Ordering::AcqRel) {
            let asked = Question { known: self.known.clone(), asking: Arc::clone(&self.asking) };
            let answer = ask();
            self.runtime.spawn(async move { asked.answered(answer.await) });
        }
        match tokio::time::timeout(PROBE_TIMEOUT, known.changed()).await {
            Ok(_) => known.borrow().1.clone(),
            Err(_) if since.elapsed() < STANDS => answer,
            Err(_) => Err(Error::Unavailable("Kafka has not answered yet".into())),
        }
    }
}

/// A question that is on its way; dropped, the next one may be asked.
struct Question {
    known: watch::Sender<LastAnswer>,
    asking: Arc<AtomicBool>,
}

impl Question {
    fn answered(self, answer: Result<(), Error>) {
        let _before = self.known.send_replace((Instant::now(), answer));
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        self.asking.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use futures::future::join_all;
    use tokio::time::sleep;

    use super::*;

    const LONG: Duration = Duration::from_mins(1);

    /// Brokers that answer after a while.
    #[derive(Default)]
    struct Brokers(Arc<AtomicUsize>);

    impl Brokers {
        fn say(&self, answer: Result<(), Error>, after: Duration) -> impl Future<Output = Result<(), Error>> + use<> {
            let asked = Arc::clone(&self.0);
            async move {
                asked.fetch_add(1, Ordering::Relaxed);
                sleep(after).await;
                answer
            }
        }

        fn asked(&self) -> usize {
            self.0.load(Ordering::Relaxed)
        }
    }

    fn away() -> Result<(), Error> {
        Err(Error::Unavailable("away".into()))
    }

    #[tokio::test(start_paused = true)]
    async fn brokers_are_asked_once_by_all_who_want_to_know_and_not_again_for_a_moment() {
        let (readiness, brokers) = (Readiness::new(), Brokers::default());
        sleep(LONG).await;
        for _ in 0..2 {
            let asks = (0..10).map(|_| readiness.ask(|| brokers.say(away(), PROBE_TIMEOUT / 2)));
            assert!(join_all(asks).await.into_iter().all(|answer| answer.is_err()));
            assert_eq!(brokers.asked(), 1);
        }
        sleep(ANSWER_TTL).await;
        assert!(readiness.ask(|| brokers.say(Ok(()), PROBE_TIMEOUT / 2)).await.is_ok());
        assert_eq!(brokers.asked(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_waits_less_than_a_second_and_the_answer_is_kept_for_the_next() {
        let (readiness, brokers) = (Readiness::new(), Brokers::default());
        sleep(LONG).await;
        let start = Instant::now();
        assert!(readiness.ask(|| brokers.say(Ok(()), PROBE_TIMEOUT * 2)).await.is_err(), "nothing is known");
        assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
        sleep(PROBE_TIMEOUT).await;
        assert!(readiness.ask(|| brokers.say(away(), LONG)).await.is_ok(), "it was said meanwhile");
        assert_eq!(brokers.asked(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_is_cut_off_leaves_its_answer_to_the_next() {
        let (readiness, brokers) = (Readiness::new(), Brokers::default());
        sleep(LONG).await;
        let cut =
            tokio::time::timeout(PROBE_TIMEOUT / 7, readiness.ask(|| brokers.say(Ok(()), PROBE_TIMEOUT / 2))).await;
        assert!(cut.is_err());
        sleep(PROBE_TIMEOUT).await;
        assert!(readiness.ask(|| brokers.say(away(), LONG)).await.is_ok());
        assert_eq!(brokers.asked(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_said_last_stands_for_some_time_while_the_brokers_are_slow() {
        let (readiness, brokers) = (Readiness::new(), Brokers::default());
        sleep(STANDS / 2).await;
        assert!(readiness.ask(|| brokers.say(Ok(()), LONG)).await.is_ok());
        sleep(STANDS / 2).await;
        assert!(readiness.ask(|| brokers.say(Ok(()), LONG)).await.is_err());
        assert_eq!(brokers.asked(), 1, "the first question is still on its way");
    }
}
