//! The one timer of a connection, for all of its deadlines.
//!
//! Nearly all deadlines are put off before they come, and setting a timer anew costs more than all else that is done for
//! a deadline. So the timer is set to an earlier time when it must be, and to a later one only when it has run out.

use std::{
    cell::RefCell,
    fmt,
    future::poll_fn,
    pin::{Pin, pin},
    rc::Rc,
    task::{Context, Poll, Waker},
    time::Instant,
};

use tokio::{
    task::coop::unconstrained,
    time::{Sleep, sleep_until},
};

/// The timer of a connection. Its clones are one timer: all of them are to be polled by one task, that of the connection.
#[derive(Clone)]
pub struct Timer(Rc<RefCell<State>>);

struct State {
    sleep: Pin<Box<Sleep>>,
    /// The task that the timer wakes; none before it has been polled.
    armed: Option<Waker>,
}

/// The time was over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elapsed;

impl Timer {
    /// A timer whose first deadline is likely to be `first`.
    pub fn new(first: Instant) -> Self {
        Self(Rc::new(RefCell::new(State { sleep: Box::pin(sleep_until(first.into())), armed: None })))
    }

    /// Ready once `deadline` has come. Until then the task is woken when it comes, and perhaps before: then it has to
    /// poll for each of its deadlines again.
    pub fn poll(&self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()> {
        self.0.borrow_mut().poll(deadline, cx)
    }

    /// Does `work` until `deadline`.
    ///
    /// # Errors
    /// [`Elapsed`] if it was not done by then.
    pub async fn until<T>(&self, deadline: Instant, work: impl Future<Output = T>) -> Result<T, Elapsed> {
        let mut work = pin!(work);
        poll_fn(|cx| match work.as_mut().poll(cx) {
            Poll::Ready(done) => Poll::Ready(Ok(done)),
            Poll::Pending => self.poll(deadline, cx).map(|()| Err(Elapsed)),
        })
        .await
    }
}

impl State {
    fn poll(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()> {
        if self.sleep.deadline() > deadline.into() {
            self.set(deadline);
        }
        let is_armed = self.armed.as_ref().is_some_and(|armed| armed.will_wake(cx.waker()));
        // A timer that runs and knows whom to wake need not be touched.
        if is_armed && !self.sleep.is_elapsed() {
            return Poll::Pending;
        }
        // Out of its budget a task is told to wait, and the timer does not learn whom to wake.
        while pin!(unconstrained(self.sleep.as_mut())).poll(cx).is_ready() {
            if tokio::time::Instant::now() >= deadline.into() {
                return Poll::Ready(());
            }
            self.set(deadline);
        }
        self.armed = Some(cx.waker().clone());
        Poll::Pending
    }

    fn set(&mut self, deadline: Instant) {
        self.sleep.as_mut().reset(deadline.into());
        self.armed = None;
    }
}

impl fmt::Debug for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timer").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::future::{join, pending};

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn now() -> Instant {
        tokio::time::Instant::now().into_std()
    }

    #[tokio::test(start_paused = true)]
    async fn a_deadline_before_and_one_after_the_time_that_is_set_are_both_kept() {
        let began = now();
        let timer = Timer::new(began + 50 * MS);
        for after in [10, 200] {
            let began = now();
            assert_eq!(timer.until(began + after * MS, pending::<()>()).await, Err(Elapsed));
            assert!((after * MS..(after + 2) * MS).contains(&(now() - began)), "{after} ms");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn of_two_deadlines_of_one_task_each_is_kept() {
        let began = now();
        let timer = Timer::new(began + 1_000 * MS);
        let until = |after: u32| {
            let timer = &timer;
            async move {
                let elapsed = timer.until(began + after * MS, pending::<()>()).await;
                (elapsed, (now() - began).as_millis().abs_diff(after.into()) < 2)
            }
        };
        assert_eq!(join(until(300), until(20)).await, ((Err(Elapsed), true), (Err(Elapsed), true)));
    }

    #[tokio::test(start_paused = true)]
    async fn deadlines_that_are_put_off_leave_the_timer_alone() {
        let began = now();
        let timer = Timer::new(began + 1_000 * MS);
        let set_to = || timer.0.borrow().sleep.deadline().into_std();
        for after in 0..100 {
            assert_eq!(timer.until(began + (1_000 + after) * MS, async { 7 }).await, Ok(7));
            assert_eq!(set_to(), began + 1_000 * MS);
        }
        assert_eq!(timer.until(began + 10 * MS, async { tokio::time::sleep(MS).await }).await, Ok(()));
        assert_eq!(set_to(), began + 10 * MS, "an earlier one is set");
    }

    #[tokio::test(start_paused = true)]
    async fn a_timer_wakes_the_task_that_polled_it_last() {
        let timer = Timer::new(now() + 20 * MS);
        let mut polled_elsewhere = Context::from_waker(Waker::noop());
        assert!(timer.poll(now() + 20 * MS, &mut polled_elsewhere).is_pending());
        assert_eq!(timer.until(now() + 20 * MS, pending::<()>()).await, Err(Elapsed));
    }
}
