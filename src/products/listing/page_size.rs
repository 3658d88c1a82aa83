//! The number of users requested at once: fewer if the product does not answer in time, and more again when it does.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tracing::info;

use crate::products::Error;

/// The least number, however slow the product is.
const LEAST: usize = 50;
/// The number of good pages before more are requested again.
const GOOD_PAGES: u32 = 4;
/// Each time that the product does not answer in time, twice as many; but never more than this.
const MOST_GOOD_PAGES: u32 = 64;

/// The size of the pages of one list.
#[derive(Debug)]
pub(in crate::products) struct PageSize {
    most: usize,
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy)]
struct State {
    now: usize,
    /// The number of consecutive good pages of this size.
    good: u32,
    /// The number of good pages that are needed before it grows.
    needed: u32,
}

impl PageSize {
    /// A page size of at most `most`, and that at first.
    pub const fn new(most: usize) -> Self {
        Self { most, state: Mutex::new(State { now: most, good: 0, needed: GOOD_PAGES }) }
    }

    /// The result of `ask` for a page of the present size, with that size. If the product does not answer in time, it
    /// is asked for a smaller page: for half, then for the least. A product that does not answer at all is reported
    /// after three time-outs.
    ///
    /// # Errors
    ///
    /// What `ask` gives, where a smaller page would not help, or none is allowed.
    pub async fn ask<T, F>(&self, ask: impl Fn(usize) -> F) -> Result<(T, usize), Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let mut late = 0;
        loop {
            let size = self.state().now;
            match ask(size).await {
                Ok(page) => {
                    self.went_well(size);
                    return Ok((page, size));
                }
                Err(error) if is_too_much(&error) && self.shrink(size, late > 0) => {
                    late += 1;
                    info!(%error, size, "a page of a list does not come in time, a smaller one is asked for");
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Reduces the size below `size`: to half, or to the least. Returns whether that was possible.
    fn shrink(&self, size: usize, to_least: bool) -> bool {
        let least = LEAST.min(self.most);
        let mut state = self.state();
        if state.now < size {
            return true; // somebody else has made it smaller meanwhile
        }
        if size <= least {
            return false;
        }
        let needed = (state.needed * 2).min(MOST_GOOD_PAGES);
        *state = State { now: if to_least { least } else { (size / 2).max(least) }, good: 0, needed };
        true
    }

    fn went_well(&self, size: usize) {
        let mut state = self.state();
        if state.now != size || size == self.most {
            return;
        }
        state.good += 1;
        if state.good >= state.needed {
            *state = State { now: (size * 2).min(self.most), good: 0, ..*state };
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner) // never half changed
    }
}

/// Whether the product, or a gateway before it, ran out of time.
fn is_too_much(error: &Error) -> bool {
    match error {
        // 409 is how Jira Cloud says that a list took more than ten seconds.
        Error::Unavailable { status, .. } => matches!(status, 408 | 409 | 504),
        Error::Intercepted { status, .. } => matches!(status, 408 | 504),
        Error::Lost(_) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sizes that are asked for until a page comes, of a product that is in time for `in_time` users at most.
    async fn asked(size: &PageSize, in_time: usize) -> (Vec<usize>, bool) {
        let asked = Mutex::new(Vec::new());
        let ask = async |users: usize| {
            asked.lock().unwrap().push(users);
            if users > in_time { Err(Error::Lost("no answer in time".to_owned())) } else { Ok(()) }
        };
        let came = size.ask(ask).await.is_ok();
        (asked.into_inner().unwrap(), came)
    }

    #[tokio::test]
    async fn pages_shrink_to_fifty_when_the_product_is_slow_and_grow_again_when_it_is_not() {
        let size = PageSize::new(1_000);
        assert_eq!(asked(&size, 500).await, (vec![1_000, 500], true));
        assert_eq!(asked(&size, 130).await, (vec![500, 250, 50], true));
        assert_eq!(asked(&size, 10).await, (vec![50], false));
        assert_eq!(asked(&PageSize::new(1_000), 10).await, (vec![1_000, 500, 50], false), "three time-outs");
        let mut sizes = Vec::new();
        for _ in 0..400 {
            sizes.extend(asked(&size, 1_000).await.0);
        }
        sizes.dedup();
        assert_eq!(sizes, [50, 100, 200, 400, 800, 1_000]);
    }

    #[tokio::test]
    async fn a_list_with_small_pages_by_nature_does_not_grow_beyond_them() {
        let size = PageSize::new(40);
        assert_eq!(asked(&size, 10).await, (vec![40], false));
        assert_eq!(asked(&size, 40).await, (vec![40], true));
    }

    #[tokio::test]
    async fn a_refusal_does_not_make_pages_smaller() {
        let size = PageSize::new(1_000);
        for error in [
            Error::Refused { status: 400, message: String::new() },
            Error::Unavailable { status: 503, message: String::new(), retry_after: None },
            Error::Unreachable(String::new()),
            Error::RateLimited { retry_after: None },
        ] {
            assert_eq!(size.ask(async |_| Err::<(), _>(error.clone())).await, Err(error.clone()));
        }
        assert_eq!(asked(&size, 1_000).await.0, [1_000]);
    }
}
