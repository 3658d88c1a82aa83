//! A connection with deadlines: for the head of every request, for the time between two requests, and for reading the
//! answers.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use prometheus::IntCounterVec;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{Closed, Connection, Timeouts, Timer, connection::Phase, pool::Place};

const GRACE: Duration = Duration::from_secs(1);

/// Fails reads and writes once a deadline has passed, or the pool needs the place; that ends the connection.
pub struct DeadlineStream<S> {
    stream: S,
    connection: Arc<Connection>,
    _place: Place,
    timeouts: Timeouts,
    timer: Timer,
    /// The task that an eviction wakes; none before it has been polled.
    watching: Option<Waker>,
    /// The number of begun requests when `head_began` was set.
    requests: u64,
    /// When the first byte of the next request was read.
    head_began: Option<Instant>,
    /// Since when nothing of an answer has been taken.
    write_stalled: Option<Instant>,
    on_close: OnClose,
}

/// Counts the connections that the server closes.
#[derive(Debug, Clone)]
pub(super) struct OnClose {
    pub listener: &'static str,
    pub closed: IntCounterVec,
}

impl OnClose {
    pub fn count(&self, why: Closed) {
        self.closed.with_label_values(&[self.listener, why.label()]).inc();
    }
}

impl<S> DeadlineStream<S> {
    pub(super) fn new(
        stream: S,
        (connection, place): (Arc<Connection>, Place),
        timeouts: Timeouts,
        on_close: OnClose,
    ) -> Self {
        let began = connection.state().since;
        Self {
            stream,
            connection,
            _place: place,
            timeouts,
            timer: Timer::new(began + timeouts.head),
            watching: None,
            requests: 0,
            head_began: Some(began),
            write_stalled: None,
            on_close,
        }
    }

    pub(super) fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }

    pub(super) fn timer(&self) -> &Timer {
        &self.timer
    }

    /// The time at which the connection ends if nothing happens, and the reason.
    fn deadline(&mut self) -> Option<(Instant, Closed)> {
        let state = self.connection.state();
        if state.requests != self.requests {
            self.requests = state.requests;
            self.head_began = None;
        }
        // An answer that waits to be taken has the deadline of writing alone.
        if let Some(since) = self.write_stalled {
            return Some((since + self.timeouts.write, Closed::SlowReader));
        }
        (state.phase == Phase::Head).then(|| match self.head_began {
            // actix answers 408 to a slow first head: it is to come first.
            Some(began) if state.requests == 0 => (began + self.timeouts.head + GRACE, Closed::SlowHead),
            Some(began) => (began + self.timeouts.head, Closed::SlowHead),
            None => (state.since + self.timeouts.keep_alive, Closed::Idle),
        })
    }

    /// Why the connection has to end now, if it has to; otherwise the task is woken when it may have to.
    fn overdue(&mut self, cx: &mut Context<'_>) -> Option<Closed> {
        if !self.watching.as_ref().is_some_and(|watching| watching.will_wake(cx.waker())) {
            self.connection.wake_when_evicted(cx.waker());
            self.watching = Some(cx.waker().clone());
        }
        if self.connection.is_evicted() {
            return Some(Closed::Evicted);
        }
        let (deadline, why) = self.deadline()?;
        self.timer.poll(deadline, cx).is_ready().then_some(why)
    }

    fn check(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        self.overdue(cx).map_or(Ok(()), |why| {
            self.on_close.count(why);
            Err(io::Error::new(io::ErrorKind::TimedOut, why.label()))
        })
    }

    /// Records that bytes were read: those of a body don't begin a head.
    fn record_read(&mut self) {
        if self.head_began.is_none() && self.connection.state().phase == Phase::Head {
            self.head_began = Some(Instant::now());
        }
    }

    /// Records that some of an answer was taken. The deadlines of the next request run from the end of the answer.
    fn record_written(&mut self) {
        self.write_stalled = None;
        let now = Instant::now();
        if self.connection.answered(now)
            && let Some(began) = &mut self.head_began
        {
            *began = now;
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for DeadlineStream<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.check(cx)?;
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            this.record_read();
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for DeadlineStream<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(cx, bytes);
        match &written {
            Poll::Ready(_) => this.record_written(),
            Poll::Pending => {
                this.write_stalled.get_or_insert_with(Instant::now);
            }
        }
        // No read happens between an answer and the next request, so the timer is set here.
        this.check(cx)?;
        written
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
