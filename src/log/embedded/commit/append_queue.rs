//! The queue of requests in front of the committer: bounded, and open until the log is closed.
//!
//! The committer says for how many requests it waits. Only the one that completes that number wakes it, so a commit of
//! many records costs one wake-up.

use std::{
    collections::VecDeque,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::queue::{Request, Work};
use crate::log::Error;

/// How long to wait for room in the queue, where an answer that it is full is of no use.
const TRY_AGAIN_AFTER: Duration = Duration::from_millis(10);

/// The entry of requests.
pub(in crate::log::embedded) struct AppendQueue {
    shared: Arc<Shared>,
    closed: CancellationToken,
    stopped: CancellationToken,
}

/// The committer's end of the queue. When it is dropped, the waiting requests are dropped too.
pub(in crate::log::embedded) struct Requests(Arc<Shared>);

/// The answer to the committer's wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::log::embedded) enum Arrival {
    /// Requests wait.
    Waiting,
    /// None has come in time.
    Nothing,
    /// All are served, and no more will come.
    Closed,
}

struct Shared {
    bound: usize,
    state: Mutex<State>,
    arrived: Condvar,
}

struct State {
    waiting: VecDeque<Request>,
    /// The number of waiting requests at which the committer is woken; none while it works.
    wanted: Option<usize>,
    is_closed: bool,
    is_served: bool,
}

/// A queue for at most `bound` requests; the committer cancels `stopped` when it is done.
pub(in crate::log::embedded) fn queue(bound: usize, stopped: CancellationToken) -> (AppendQueue, Requests) {
    let state = State { waiting: VecDeque::new(), wanted: None, is_closed: false, is_served: true };
    let shared = Arc::new(Shared { bound: bound.max(1), state: Mutex::new(state), arrived: Condvar::new() });
    let queue = AppendQueue { shared: Arc::clone(&shared), closed: CancellationToken::new(), stopped };
    (queue, Requests(shared))
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner) // never half changed
    }
}

impl State {
    /// Whether the committer is to be woken now: once for each time it waits.
    fn has_enough(&mut self, is_urgent: bool) -> bool {
        let enough = self.wanted.is_some_and(|wanted| is_urgent || self.waiting.len() >= wanted);
        if enough {
            self.wanted = None;
        }
        enough
    }
}

impl AppendQueue {
    /// Puts `request` in the queue.
    ///
    /// # Errors
    /// [`Error::Overloaded`] if the queue is full; [`Error::Unavailable`] if the log is closed or its writer has stopped.
    pub fn send(&self, request: Request) -> Result<(), Error> {
        let mut state = self.shared.lock();
        if state.is_closed {
            return Err(Error::Unavailable("it is closed".into()));
        }
        if !state.is_served {
            return Err(Error::Unavailable("its writer has stopped".into()));
        }
        if state.waiting.len() >= self.shared.bound {
            return Err(Error::Overloaded);
        }
        let is_urgent = !matches!(request, Request::Append(_));
        state.waiting.push_back(request);
        let enough = state.has_enough(is_urgent);
        drop(state); // the committer wakes into a free lock
        if enough {
            self.shared.arrived.notify_one();
        }
        Ok(())
    }

    /// Returns when all offsets stored so far are on disk, or never will be.
    pub async fn save_offsets(&self) {
        loop {
            let (done, saved) = oneshot::channel();
            match self.send(Request::SaveOffsets(done)) {
                Ok(()) => return drop(saved.await),
                Err(Error::Overloaded) => tokio::time::sleep(TRY_AGAIN_AFTER).await,
                Err(_) => return self.stopped.cancelled().await, // the committer saves them at its end
            }
        }
    }

    /// Lets nothing in any more. The committer stops when it has served what is in the queue.
    pub fn close(&self) {
        self.shared.lock().is_closed = true;
        self.shared.arrived.notify_one();
        self.closed.cancel();
    }

    /// Whether nothing gets in any more, or nobody is there who would serve it.
    pub fn is_closed(&self) -> bool {
        self.closed.is_cancelled() || self.stopped.is_cancelled()
    }

    /// Returns when the gate is closed.
    pub async fn closed(&self) {
        self.closed.cancelled().await;
    }

    /// Returns when the committer has stopped.
    pub async fn stopped(&self) {
        self.stopped.cancelled().await;
    }
}

impl Requests {
    /// Waits for a request, `at_most` so long.
    pub fn wait(&self, at_most: Duration) -> Arrival {
        self.wait_for(1, Instant::now() + at_most)
    }

    /// Waits until `count` requests wait, or one that is no append, or the log is closed, or it is `until`.
    pub fn wait_for(&self, count: usize, until: Instant) -> Arrival {
        let mut state = self.0.lock();
        let before = state.waiting.len();
        state.wanted = Some(count.min(self.0.bound)); // more than the bound can never wait
        // An urgent one may be among those that wait already; then it is served with what is there.
        if before >= count || state.waiting.iter().any(|request| !matches!(request, Request::Append(_))) {
            state.wanted = None;
        }
        while state.wanted.is_some() && !state.is_closed {
            let rest = until.saturating_duration_since(Instant::now());
            if rest.is_zero() {
                break;
            }
            state = self.0.arrived.wait_timeout(state, rest).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.wanted = None;
        match (state.waiting.is_empty(), state.is_closed) {
            (false, _) => Arrival::Waiting,
            (true, true) => Arrival::Closed,
            (true, false) => Arrival::Nothing,
        }
    }

    /// Moves what waits to `work`, up to a limit.
    pub fn take(&self, work: &mut Work) {
        let mut state = self.0.lock();
        while work.has_room() {
            let Some(request) = state.waiting.pop_front() else { break };
            work.take(request);
        }
    }
}

impl Drop for Requests {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.is_served = false;
        let unserved = std::mem::take(&mut state.waiting);
        drop(state); // their waiters are woken by that, and may ask again
        drop(unserved);
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::{
        domain::{UserId, UserKey, UserRef},
        log::{
            Partition, Record, Stream,
            embedded::{commit::queue::Append, part::Part},
        },
    };

    const LONG: Duration = Duration::from_secs(60);

    fn append() -> (Request, oneshot::Receiver<Result<crate::log::Position, Error>>) {
        let (done, answer) = oneshot::channel();
        let key = UserKey::new(&"acme".parse().expect("an id"), &UserRef::Id(UserId::new("1")));
        let record = Record { key, payload: "x".into() };
        (Request::Append(Append { part: Part::new(Stream::Events, Partition(0)), record, done }), answer)
    }

    fn pair(bound: usize) -> (AppendQueue, Requests) {
        queue(bound, CancellationToken::new())
    }

    #[test]
    fn a_full_queue_refuses_and_takes_again_when_it_is_served() {
        let (queue, requests) = pair(2);
        let sent: Vec<_> = (0..3).map(|_| queue.send(append().0)).collect();
        assert!(matches!(sent[..], [Ok(()), Ok(()), Err(Error::Overloaded)]), "{sent:?}");
        let mut work = Work::default();
        requests.take(&mut work);
        assert_eq!(work.appends.len(), 2);
        assert!(queue.send(append().0).is_ok());
    }

    #[test]
    fn the_committer_is_woken_by_the_last_of_those_it_waits_for() {
        let (queue, requests) = pair(8);
        let waiting = thread::spawn(move || {
            let arrival = requests.wait_for(3, Instant::now() + LONG);
            let mut work = Work::default();
            requests.take(&mut work);
            (arrival, work.appends.len())
        });
        for _ in 0..3 {
            queue.send(append().0).expect("there is room");
        }
        assert_eq!(waiting.join().expect("no panic"), (Arrival::Waiting, 3));
    }

    #[test]
    fn what_is_no_append_is_not_kept_waiting_for_others() {
        let (queue, requests) = pair(8);
        let (done, _saved) = oneshot::channel();
        let began = Instant::now();
        let waiting = thread::spawn(move || requests.wait_for(5, Instant::now() + LONG));
        queue.send(Request::SaveOffsets(done)).expect("there is room");
        assert_eq!(waiting.join().expect("no panic"), Arrival::Waiting);
        assert!(began.elapsed() < LONG);
    }

    #[test]
    fn too_few_are_served_when_their_time_is_over() {
        let (queue, requests) = pair(8);
        assert_eq!(requests.wait(Duration::ZERO), Arrival::Nothing);
        queue.send(append().0).expect("there is room");
        assert_eq!(requests.wait_for(2, Instant::now() + Duration::from_millis(1)), Arrival::Waiting);
    }

    #[test]
    fn after_closing_the_rest_is_served_and_then_the_end_is_told() {
        let (queue, requests) = pair(8);
        queue.send(append().0).expect("there is room");
        queue.close();
        assert!(matches!(queue.send(append().0), Err(Error::Unavailable(_))));
        assert_eq!(requests.wait_for(5, Instant::now() + LONG), Arrival::Waiting);
        requests.take(&mut Work::default());
        assert_eq!(requests.wait(LONG), Arrival::Closed);
    }

    #[test]
    fn a_committer_that_is_gone_leaves_nobody_waiting() {
        let (queue, requests) = pair(8);
        let (request, mut answer) = append();
        queue.send(request).expect("there is room");
        drop(requests);
        assert!(matches!(answer.try_recv(), Err(oneshot::error::TryRecvError::Closed)));
        assert!(matches!(queue.send(append().0), Err(Error::Unavailable(why)) if why.to_string().contains("stopped")));
    }
}
