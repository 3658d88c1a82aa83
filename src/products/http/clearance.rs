//! The last check before a change leaves this process. A change waits for its turn, and its caller may have lost the
//! right to make it meanwhile: the partition now belongs to another process, or this process stood still.
//!
//! A clearance belongs to the task and is not passed through each method that makes a call. So no method can forget to
//! pass it on.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use async_trait::async_trait;
use tokio::time::{Instant, sleep_until};

use crate::products::Error;

/// The shortest time between two looks while a call is under way.
const AGAIN: Duration = Duration::from_millis(50);

/// Clears the changes of one task.
#[async_trait]
pub trait Clearance: Send + Sync + 'static {
    /// Prepares a change whose turn has come: records what must be recorded before it.
    ///
    /// # Errors
    /// [`Withheld`] where the change must not be made, or not now.
    async fn clear(&self) -> Result<(), Withheld>;

    /// Waits until it is known that the change may be made now. Gives until when that holds; none: for good.
    ///
    /// # Errors
    /// [`Withheld`] where the change must not be made any more.
    async fn hold(&self) -> Result<Option<Instant>, Withheld>;

    /// Takes note of a change that was sent: the purpose of the call, and the status of its answer, if there was one.
    fn sent(&self, _operation: &'static str, _status: Option<u16>) {}
}

/// The change is not to be sent, for this reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Withheld(pub &'static str);

tokio::task_local! {
    static CLEARANCE: Arc<dyn Clearance>;
}

/// Does `work`; each change that it asks a product for is cleared by `clearance` first.
pub async fn cleared_by<T>(clearance: Arc<dyn Clearance>, work: impl Future<Output = T>) -> T {
    CLEARANCE.scope(clearance, work).await
}

/// Tells the clearance of this task of a change that was sent.
pub(in crate::products) fn sent(operation: &'static str, status: Option<u16>) {
    let _without_one = CLEARANCE.try_with(|clearance| clearance.sent(operation, status));
}

/// Makes the `call` of a change, whose turn has come, under the clearance of this task. Without a clearance the call is
/// made directly.
///
/// Each step of the call in this process (connecting, sending) is made only while the clearance holds: it is checked
/// before each. If it ends during a call, the call is dropped, and nothing more of it leaves this process.
///
/// # Errors
/// [`Error::Withheld`] where nothing was sent; [`Error::Lost`] where something may have been.
pub(in crate::products) async fn cleared<T>(call: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let Ok(clearance) = CLEARANCE.try_with(Arc::clone) else { return call.await };
    let withheld = |Withheld(why)| Error::Withheld(why);
    clearance.clear().await.map_err(withheld)?;
    let mut holds = clearance.hold().await.map_err(withheld)?;
    let mut call = pin!(call);
    loop {
        let is_over = |holds: Option<Instant>| holds.is_some_and(|until| Instant::now() >= until);
        let made = poll_fn(|context| match is_over(holds) {
            true => Poll::Ready(None),
            false => call.as_mut().poll(context).map(Some),
        });
        tokio::select! {
            biased;
            () = look_again(holds) => {}
            made = made => if let Some(made) = made { return made },
        }
        let lost = |Withheld(why)| Error::Lost(format!("the call was given up: {why}"));
        holds = clearance.hold().await.map_err(lost)?;
    }
}

/// Waits until half of the time is over.
async fn look_again(holds: Option<Instant>) {
    match holds {
        Some(until) => {
            let now = Instant::now();
            sleep_until(now + (until.saturating_duration_since(now) / 2).max(AGAIN)).await;
        }
        None => std::future::pending().await,
    }
}

/// The same for test products without HTTP.
///
/// # Errors
/// As [`cleared`].
#[cfg(test)]
pub(crate) async fn cleared_in_test() -> Result<(), Error> {
    cleared(async { Ok(()) }).await
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    };

    use tokio::time::{advance, sleep};

    use super::*;

    /// Clears everything, for so long at a time, until it is told not to.
    #[derive(Default)]
    struct Clear {
        refusal: Mutex<Option<Withheld>>,
        looks: AtomicUsize,
    }

    impl Clear {
        fn refuse(&self) {
            *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = Some(Withheld("it is over"));
        }

        fn answer<T>(&self, answer: T) -> Result<T, Withheld> {
            self.refusal.lock().unwrap_or_else(PoisonError::into_inner).map_or(Ok(answer), Err)
        }
    }

    #[async_trait]
    impl Clearance for Clear {
        async fn clear(&self) -> Result<(), Withheld> {
            self.answer(())
        }

        async fn hold(&self) -> Result<Option<Instant>, Withheld> {
            self.looks.fetch_add(1, Ordering::Relaxed);
            self.answer(Some(Instant::now() + Duration::from_secs(4)))
        }
    }

    async fn call(takes: Duration) -> Result<&'static str, Error> {
        sleep(takes).await;
        Ok("made")
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_that_is_not_cleared_is_not_begun() {
        let clearance = Arc::<Clear>::default();
        clearance.refuse();
        let mut begun = false;
        let call = async {
            begun = true;
            Ok(())
        };
        assert_eq!(cleared_by(clearance, cleared(call)).await, Err(Error::Withheld("it is over")));
        assert!(!begun);
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_call_goes_on_while_the_clearance_is_renewed_and_ends_with_it() {
        let clearance = Arc::<Clear>::default();
        assert_eq!(cleared_by(clearance.clone(), cleared(call(Duration::from_secs(60)))).await, Ok("made"));
        assert!(clearance.looks.load(Ordering::Relaxed) > 20);
        let refused = async {
            sleep(Duration::from_secs(9)).await;
            clearance.refuse();
        };
        let long = cleared_by(clearance.clone(), cleared(call(Duration::from_secs(60))));
        let (made, ()) = tokio::join!(long, refused);
        assert!(matches!(made, Err(Error::Lost(_))), "{made:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_stood_still_for_longer_than_the_clearance_holds_makes_no_step_more() {
        let clearance = Arc::<Clear>::default();
        let (steps, stood) = (AtomicUsize::new(0), tokio::sync::Notify::new());
        let call = async {
            steps.fetch_add(1, Ordering::Relaxed);
            stood.notified().await;
            steps.fetch_add(1, Ordering::Relaxed);
            Ok(())
        };
        let stands_still = async {
            tokio::task::yield_now().await;
            clearance.refuse();
            advance(Duration::from_secs(75)).await;
            stood.notify_one();
        };
        let (made, ()) = tokio::join!(cleared_by(clearance.clone(), cleared(call)), stands_still);
        assert!(matches!(made, Err(Error::Lost(_))), "{made:?}");
        assert_eq!(steps.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn without_a_clearance_a_call_is_made_as_it_is() {
        assert_eq!(cleared(call(Duration::ZERO)).await, Ok("made"));
    }
}
