//! Wakes tasks of a listener's thread from other threads, many at a time.
//!
//! A listener's thread sleeps in the kernel until something happens. Another thread that wakes one of its tasks wakes
//! the thread too, and on a busy core the thread then runs at once, for this task alone. Where a commit of the log
//! answers fifty deliveries, that would be fifty switches between the two threads. So the tasks gather in a queue of
//! their thread, and one task of it, which the first of them wakes, wakes the others.

use std::{
    cell::RefCell,
    future::poll_fn,
    mem,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Wake, Waker},
};

use futures::task::AtomicWaker;

/// The tasks of one thread that are to be woken.
#[derive(Default)]
struct WakeQueue {
    state: Mutex<State>,
    /// The task that wakes the others.
    pump: AtomicWaker,
}

#[derive(Default)]
struct State {
    waiting: Vec<Waker>,
    /// Nobody wakes the others any more: they are woken directly.
    is_closed: bool,
}

thread_local! {
    /// The queue of this thread, if it has one.
    static OWN: RefCell<Option<Arc<WakeQueue>>> = const { RefCell::new(None) };
    /// The wake-ups that wait for the end of [`at_once`] on this thread.
    static DEFERRED: RefCell<Option<Deferred>> = const { RefCell::new(None) };
}

type Deferred = Vec<(Arc<WakeQueue>, Vec<Waker>)>;

/// Does `work` in a task of actix's runtime. What wakes it from another thread wakes it through the queue of its thread.
pub async fn queued<T>(work: impl Future<Output = T>) -> T {
    let queue = own();
    let mut work = pin!(work);
    let mut known: Option<(Waker, Waker)> = None;
    poll_fn(move |cx| {
        let (_, through_queue) = match &mut known {
            Some(known) if known.0.will_wake(cx.waker()) => known,
            stale => {
                let task = cx.waker().clone();
                let through_queue = Waker::from(Arc::new(Queued { queue: Arc::clone(&queue), task: task.clone() }));
                stale.insert((task, through_queue))
            }
        };
        work.as_mut().poll(&mut Context::from_waker(through_queue))
    })
    .await
}

/// Does `work`, and wakes the tasks that it wakes through queues at its end: each thread once.
pub fn at_once<T>(work: impl FnOnce() -> T) -> T {
    let outer = DEFERRED.replace(Some(Vec::new()));
    let end = End(outer);
    let done = work();
    drop(end);
    done
}

/// Wakes what waits, also where the work has panicked.
struct End(Option<Deferred>);

impl Drop for End {
    fn drop(&mut self) {
        let deferred = DEFERRED.replace(self.0.take());
        for (queue, tasks) in deferred.into_iter().flatten() {
            queue.push(tasks);
        }
    }
}

/// The queue of this thread.
fn own() -> Arc<WakeQueue> {
    if let Some(queue) = OWN.with_borrow(Clone::clone) {
        return queue;
    }
    let queue = Arc::<WakeQueue>::default();
    actix_web::rt::spawn(pump(Pump(Arc::clone(&queue))));
    OWN.set(Some(Arc::clone(&queue)));
    queue
}

/// The end of the queue that wakes tasks. When it is dropped, its runtime ends.
struct Pump(Arc<WakeQueue>);

impl Drop for Pump {
    fn drop(&mut self) {
        let mut rest = {
            let mut state = self.0.lock();
            state.is_closed = true;
            mem::take(&mut state.waiting)
        };
        rest.drain(..).for_each(Waker::wake);
        // Another runtime on this thread begins anew. The thread may be ending.
        let _ = OWN.try_with(|own| own.borrow_mut().take_if(|own| Arc::ptr_eq(own, &self.0)));
    }
}

async fn pump(end: Pump) {
    let mut woken = Vec::new();
    poll_fn(|cx| -> Poll<()> {
        end.0.pump.register(cx.waker());
        mem::swap(&mut woken, &mut end.0.lock().waiting);
        woken.drain(..).for_each(Waker::wake);
        Poll::Pending
    })
    .await;
}

impl WakeQueue {
    /// Has `tasks` woken, of which there is at least one.
    fn push(&self, tasks: impl IntoIterator<Item = Waker>) {
        let mut state = self.lock();
        if state.is_closed {
            drop(state);
            return tasks.into_iter().for_each(Waker::wake);
        }
        let is_first = state.waiting.is_empty();
        state.waiting.extend(tasks);
        drop(state);
        if is_first {
            self.pump.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner) // never half changed
    }
}

/// Wakes a task through the queue of its thread.
struct Queued {
    queue: Arc<WakeQueue>,
    task: Waker,
}

impl Wake for Queued {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let task = self.task.clone();
        let own = OWN.try_with(|own| own.borrow().as_ref().is_some_and(|own| Arc::ptr_eq(own, &self.queue)));
        if own.unwrap_or(false) {
            return task.wake(); // it is of this thread
        }
        let deferred = DEFERRED.try_with(|deferred| match &mut *deferred.borrow_mut() {
            Some(deferred) => {
                self.defer(task, deferred);
                None
            }
            None => Some(task),
        });
        if let Ok(Some(task)) = deferred {
            self.queue.push([task]);
        }
    }
}

impl Queued {
    fn defer(&self, task: Waker, deferred: &mut Deferred) {
        // A process has a few threads with queues.
        match deferred.iter_mut().find(|(queue, _)| Arc::ptr_eq(queue, &self.queue)) {
            Some((_, tasks)) => tasks.push(task),
            None => deferred.push((Arc::clone(&self.queue), vec![task])),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            atomic::{AtomicUsize, Ordering},
            mpsc,
        },
        thread,
        time::Duration,
    };

    use tokio::sync::oneshot;

    use super::*;

    /// Tasks of this thread, and what each of them waits for.
    fn waiting(count: usize) -> (Vec<oneshot::Sender<usize>>, Vec<actix_web::rt::task::JoinHandle<usize>>) {
        let one = |_| {
            let (give, take) = oneshot::channel();
            (give, actix_web::rt::spawn(queued(async { take.await.expect("given") })))
        };
        (0..count).map(one).unzip()
    }

    async fn all_wait() {
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
    }

    fn gathered() -> usize {
        OWN.with_borrow(|own| own.as_ref().map_or(0, |queue| queue.lock().waiting.len()))
    }

    #[actix_web::test]
    async fn tasks_that_another_thread_wakes_gather_and_all_of_them_go_on() {
        let (give, tasks) = waiting(50);
        all_wait().await;
        // This thread waits for the other one, so no task runs in between.
        thread::spawn(move || {
            give.into_iter().enumerate().for_each(|(number, give)| give.send(number).expect("taken"))
        })
        .join()
        .expect("no panic");
        assert_eq!(gathered(), 50);
        for (number, task) in tasks.into_iter().enumerate() {
            assert_eq!(task.await.expect("no panic"), number);
        }
        assert_eq!(gathered(), 0);
    }

    #[actix_web::test]
    async fn what_is_woken_at_once_is_woken_at_the_end_and_also_after_a_panic() {
        for panics in [false, true] {
            let (give, tasks) = waiting(5);
            all_wait().await;
            let queue = own();
            let in_between = thread::spawn(move || {
                let mut in_between = None;
                let answer = || {
                    give.into_iter().enumerate().for_each(|(number, give)| give.send(number).expect("taken"));
                    in_between = Some(queue.lock().waiting.len());
                    assert!(!panics, "on purpose");
                };
                let end = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| at_once(answer)));
                assert_eq!(end.is_err(), panics);
                in_between
            });
            assert_eq!(in_between.join().expect("no panic"), Some(0), "none before the end");
            assert_eq!(gathered(), 5);
            for (number, task) in tasks.into_iter().enumerate() {
                assert_eq!(task.await.expect("no panic"), number);
            }
        }
    }

    #[actix_web::test]
    async fn a_wake_up_from_the_own_thread_takes_no_detour() {
        let (give, tasks) = waiting(1);
        all_wait().await;
        give.into_iter().for_each(|give| give.send(7).expect("taken"));
        assert_eq!(gathered(), 0);
        for task in tasks {
            assert_eq!(task.await.expect("no panic"), 7);
        }
    }

    #[test]
    fn a_thread_whose_runtime_has_ended_leaves_nobody_waiting() {
        struct Count(AtomicUsize);
        impl Wake for Count {
            fn wake(self: Arc<Self>) {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
        }
        let system = actix_web::rt::System::new();
        let queue = system.block_on(async { own() });
        let count = Arc::new(Count(AtomicUsize::new(0)));
        queue.push([Waker::from(Arc::clone(&count))]);
        drop(system);
        queue.push([Waker::from(Arc::clone(&count))]);
        assert_eq!(count.0.load(Ordering::Relaxed), 2);
        let again = actix_web::rt::System::new().block_on(async { Arc::ptr_eq(&own(), &queue) });
        assert!(!again, "another runtime of the thread has a queue of its own");
    }

    #[test]
    fn threads_that_wake_one_another_all_the_time_lose_nothing() {
        const ROUNDS: usize = 20_000;
        let (give, take) = mpsc::channel::<oneshot::Sender<()>>();
        let waker = thread::spawn(move || {
            while let Ok(first) = take.recv() {
                at_once(|| std::iter::once(first).chain(take.try_iter()).for_each(|give| give.send(()).unwrap_or(())));
            }
        });
        actix_web::rt::System::new().block_on(async {
            let ask = |give: mpsc::Sender<oneshot::Sender<()>>| async move {
                for _ in 0..ROUNDS / 8 {
                    let (answer, answered) = oneshot::channel();
                    give.send(answer).expect("it is there");
                    answered.await.expect("answered");
                }
            };
            let asking: Vec<_> = (0..8).map(|_| actix_web::rt::spawn(queued(ask(give.clone())))).collect();
            let all = futures::future::join_all(asking);
            tokio::time::timeout(Duration::from_secs(60), all).await.expect("in time");
        });
        drop(give);
        waker.join().expect("no panic");
    }
}
