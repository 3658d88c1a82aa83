//! The state of a connection, shared by its stream, its requests and the pool.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::Waker,
    time::Instant,
};

use futures::task::AtomicWaker;

/// A connection of a listener. Requests find it in their connection data.
#[derive(Debug)]
pub struct Connection {
    state: Mutex<State>,
    evicted: AtomicBool,
    waker: AtomicWaker,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct State {
    pub phase: Phase,
    /// Since when it is in this phase.
    pub since: Instant,
    /// The number of begun requests.
    pub requests: u64,
    /// Whether any request has proved who sent it.
    pub proved: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// A request is waited for, or its head.
    Head,
    /// A request is worked on; nothing proves who sent it, so far.
    Request,
    /// A request is worked on that has proved who sent it.
    Proved,
}

impl Connection {
    pub(super) fn new(now: Instant) -> Self {
        let state = State { phase: Phase::Head, since: now, requests: 0, proved: false };
        Self { state: Mutex::new(state), evicted: AtomicBool::new(false), waker: AtomicWaker::new() }
    }

    /// Records that the request in the works has proved who sent it: from now on it is not given up for another one.
    pub fn proved(&self) {
        let mut state = self.lock();
        state.proved = true;
        state.phase = Phase::Proved;
    }

    pub(super) fn begin_request(&self) {
        let mut state = self.lock();
        state.phase = Phase::Request;
        state.since = Instant::now();
        state.requests += 1;
    }

    pub(super) fn end_request(&self) {
        let mut state = self.lock();
        state.phase = Phase::Head;
        state.since = Instant::now();
    }

    /// Records that some of an answer was taken at `now`; false if no request has been worked on before.
    pub(super) fn answered(&self, now: Instant) -> bool {
        let mut state = self.lock();
        if state.phase == Phase::Head && state.requests > 0 {
            state.since = now;
        }
        state.requests > 0
    }

    pub(super) fn state(&self) -> State {
        *self.lock()
    }

    /// Has the connection closed, unless a request that has proved who sent it is in the works.
    pub(super) fn evict(&self) -> bool {
        if self.lock().phase == Phase::Proved {
            return false;
        }
        self.evicted.store(true, Ordering::Release);
        self.waker.wake();
        true
    }

    /// Has `waker` woken when the connection is to be closed. Whether it is so already is to be asked afterwards.
    pub(super) fn wake_when_evicted(&self, waker: &Waker) {
        self.waker.register(waker);
    }

    /// Whether it is to be closed.
    pub(super) fn is_evicted(&self) -> bool {
        self.evicted.load(Ordering::Acquire)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
